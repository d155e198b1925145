"""What the bulk stream of a group had no room for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import row_id

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owed",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("outbox_id", row_id(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_owed_outbox_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("stream", "outbox_id", name=op.f("pk_owed")),
    )
    op.create_index("ix_owed_outbox_id", "owed", ["outbox_id"])


def downgrade() -> None:
    op.drop_table("owed")
