"""Authors' pictures on the cards of what they think."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portrait",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("picture", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_portrait")),
    )
    op.add_column("card", sa.Column("author", sa.Text(), nullable=True))
    op.add_column("card", sa.Column("drawn", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_card_author"), "card", ["author"])


def downgrade() -> None:
    op.drop_index(op.f("ix_card_author"), "card")
    op.drop_column("card", "drawn")
    op.drop_column("card", "author")
    op.drop_table("portrait")
