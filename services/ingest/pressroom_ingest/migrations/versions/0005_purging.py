"""Which article has ever named which picture; what is left of purged ones."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def upgrade() -> None:
    use = op.create_table(
        "media_use",
        sa.Column("media_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_media_use_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("media_id", "article_id", name=op.f("pk_media_use")),
    )
    op.create_index("ix_media_use_article", "media_use", ["article_id"])
    op.create_table(
        "tombstone",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "erasure",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_erasure")),
    )
    op.create_index("ix_outbox_article", "outbox", ["article_id"])
    fill(use)


def fill(use: Any) -> None:
    """What earlier revisions named: any of our ids in them that is a picture's."""
    connection = op.get_bind()
    known = set(connection.execute(sa.text("SELECT id FROM media")).scalars())
    if not known:
        return
    # Of the statement, for it would stay with the connection: then PostgreSQL says of no UPDATE how many rows it met.
    statement = sa.text("SELECT article_id, document FROM revision").execution_options(yield_per=500)
    rows = connection.execute(statement)
    pairs = {
        (found, article_id)
        for article_id, document in rows
        for found in IDS.findall(document if isinstance(document, str) else json.dumps(document))
        if found in known
    }
    if pairs:
        op.bulk_insert(use, [{"media_id": media_id, "article_id": article_id} for media_id, article_id in pairs])


def downgrade() -> None:
    op.drop_index("ix_outbox_article", "outbox")
    op.drop_table("erasure")
    op.drop_table("tombstone")
    op.drop_table("media_use")
