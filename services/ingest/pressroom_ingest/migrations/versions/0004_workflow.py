"""The way of a draft, notes; keys with a role by section, an end, and a secret that rotates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pressroom_shared.database import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY_COLUMNS = {
    "sections": sa.JSON,
    "expires_at": UtcTime,
    "last_used_at": UtcTime,
    "previous_sha256": sa.Text,
    "previous_until": UtcTime,
}


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_note_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index("ix_note_article", "note", ["article_id", "id"])
    op.add_column("article", sa.Column("review_state", sa.Text(), nullable=False, server_default="draft"))
    for name, kind in KEY_COLUMNS.items():
        op.add_column("api_key", sa.Column(name, kind(), nullable=True))
    op.create_index("ix_api_key_previous_sha256", "api_key", ["previous_sha256"])


def downgrade() -> None:
    op.drop_index("ix_api_key_previous_sha256", "api_key")
    for name in KEY_COLUMNS:
        op.drop_column("api_key", name)
    op.drop_column("article", "review_state")
    op.drop_table("note")
