"""Drafts that are shown for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preview",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_preview")),
    )
    op.create_index(op.f("ix_preview_article_id"), "preview", ["article_id"])
    op.create_index(op.f("ix_preview_expires_at"), "preview", ["expires_at"])


def downgrade() -> None:
    op.drop_table("preview")
