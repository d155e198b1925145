"""Which letters the editors were told of. Those that are there already are left to the command that prints them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letter", sa.Column("mail", sa.Text(), nullable=True))
    op.add_column("letter", sa.Column("told_at", UtcTime(), nullable=True))
    op.create_index(op.f("ix_letter_mail"), "letter", ["mail"])
    op.create_index(op.f("ix_letter_told_at"), "letter", ["told_at"])
    op.execute("UPDATE letter SET told_at = received_at")


def downgrade() -> None:
    op.drop_index(op.f("ix_letter_told_at"), "letter")
    op.drop_index(op.f("ix_letter_mail"), "letter")
    op.drop_column("letter", "told_at")
    op.drop_column("letter", "mail")
