"""Pictures that have been made in five widths."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card", sa.Column("warning", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "image",
        sa.Column("media_key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("focal_point", sa.JSON(), nullable=False),
        sa.Column("placeholder", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("media_key", "digest", name=op.f("pk_image")),
    )


def downgrade() -> None:
    op.drop_table("image")
    op.drop_column("card", "warning")
