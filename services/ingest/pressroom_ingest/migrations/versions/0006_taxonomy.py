"""Fronts; authors and tags that are described, renamed and merged; what goes out in bulk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime, row_id

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "front",
        sa.Column("front", sa.Text(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("front", name=op.f("pk_front")),
    )
    op.create_table(
        "alias",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "slug", name=op.f("pk_alias")),
    )
    op.create_index("ix_alias_target", "alias", ["kind", "target"])
    op.create_table(
        "bulk",
        sa.Column("id", row_id(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_bulk_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk")),
    )
    op.create_index("ix_bulk_article", "bulk", ["article_id"])
    op.add_column("person", sa.Column("bio", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("media_id", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("links", sa.JSON(), nullable=True))
    op.add_column("person", sa.Column("version", sa.BigInteger(), nullable=True))
    op.add_column("tag", sa.Column("version", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("tag", "version")
    for name in ("version", "links", "media_id", "bio"):
        op.drop_column("person", name)
    op.drop_table("bulk")
    op.drop_table("alias")
    op.drop_table("front")
