"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import pressroom_shared.database

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("redirect_to", sa.Text(), nullable=True),
        sa.Column("teaser", sa.Text(), nullable=False),
        sa.Column("teaser_document", sa.JSON(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("changed_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("received_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_index(op.f("ix_article_path"), "article", ["path"], unique=False)
    op.create_table(
        "card",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_card")),
    )
    op.create_table(
        "design",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_design")),
    )
    op.create_table(
        "entry",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("list", "article_id", name=op.f("pk_entry")),
    )
    op.create_index("ix_entry_article", "entry", ["article_id"], unique=False)
    op.create_index("ix_entry_order", "entry", ["list", "at", "article_id"], unique=False)
    op.create_table(
        "former",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_former")),
    )
    op.create_index(op.f("ix_former_article_id"), "former", ["article_id"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index(op.f("ix_letter_received_at"), "letter", ["received_at"], unique=False)
    op.create_index(op.f("ix_letter_sender"), "letter", ["sender"], unique=False)
    op.create_table(
        "list",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_list")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("relayed_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("stream_id", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_relayed_at", "outbox", ["relayed_at"], unique=False)
    op.create_index("ix_outbox_sequence", "outbox", ["sequence"], unique=True)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("relayed_at IS NULL"),
        postgresql_where=sa.text("relayed_at IS NULL"),
    )
    op.create_table(
        "page",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column("written_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("due_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("stale_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.Column("leased_until", pressroom_shared.database.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_page")),
    )
    op.create_index(
        "ix_page_dirty",
        "page",
        ["priority", "due_at"],
        unique=False,
        sqlite_where=sa.text("generation > written"),
        postgresql_where=sa.text("generation > written"),
    )
    op.create_index(op.f("ix_page_stale_at"), "page", ["stale_at"], unique=False)
    op.create_table(
        "reference",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("page", "article_id", name=op.f("pk_reference")),
    )
    op.create_index("ix_reference_article", "reference", ["article_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_reference_article", table_name="reference")
    op.drop_table("reference")
    op.drop_index(
        "ix_page_dirty",
        table_name="page",
        sqlite_where=sa.text("generation > written"),
        postgresql_where=sa.text("generation > written"),
    )
    op.drop_table("page")
    op.drop_index(
        "ix_outbox_waiting",
        table_name="outbox",
        sqlite_where=sa.text("relayed_at IS NULL"),
        postgresql_where=sa.text("relayed_at IS NULL"),
    )
    op.drop_index("ix_outbox_sequence", table_name="outbox")
    op.drop_index("ix_outbox_relayed_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("list")
    op.drop_table("letter")
    op.drop_table("lease")
    op.drop_index(op.f("ix_former_article_id"), table_name="former")
    op.drop_table("former")
    op.drop_index("ix_entry_order", table_name="entry")
    op.drop_index("ix_entry_article", table_name="entry")
    op.drop_table("entry")
    op.drop_table("design")
    op.drop_table("card")
    op.drop_index(op.f("ix_article_path"), table_name="article")
    op.drop_table("article")
