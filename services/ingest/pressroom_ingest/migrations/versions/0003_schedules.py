"""What is to be published later; embargoes in lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("change", sa.Text(), nullable=True),
        sa.Column("notify", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("override_embargo", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_schedule_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_schedule")),
    )
    op.create_index("ix_schedule_at", "schedule", ["at"])
    op.add_column("article", sa.Column("embargo_until", UtcTime(), nullable=True))
    op.add_column("publication", sa.Column("scheduled_for", UtcTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("publication", "scheduled_for")
    op.drop_column("article", "embargo_until")
    op.drop_table("schedule")
