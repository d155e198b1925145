"""Tables of operations, a branch of their own: nothing here refers to the articles' tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import pressroom_shared.database

revision = "operations_0001"
down_revision = None
branch_labels = ("operations",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replay",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=True),
        sa.Column("created_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("finished_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay")),
    )
    op.create_index("ix_replay_state", "replay", ["state", "id"])
    op.create_table(
        "inventory",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "group", "article_id", name=op.f("pk_inventory")),
    )
    op.create_table(
        "inventory_page",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", "group", "page", name=op.f("pk_inventory_page")),
    )
    op.create_table(
        "alert",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", pressroom_shared.database.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert")),
    )
