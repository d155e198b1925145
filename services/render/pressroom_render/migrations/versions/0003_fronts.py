"""Fronts as editors have curated them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "front",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_front")),
    )
    op.create_table(
        "curated",
        sa.Column("front", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("front", "slot", "position", name=op.f("pk_curated")),
    )
    op.create_index(op.f("ix_curated_article_id"), "curated", ["article_id"])


def downgrade() -> None:
    op.drop_table("curated")
    op.drop_table("front")
