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
        sa.Column("silent_until", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("received_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reader_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("announced", sa.BigInteger(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("digest_id", sa.BigInteger(), nullable=True),
        sa.Column("not_before", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("leased_until", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("changed_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("reader_id", "article_id", "channel", "occasion", name="uq_delivery_once"),
    )
    op.create_index("ix_delivery_article", "delivery", ["article_id", "announced", "state"], unique=False)
    op.create_index(
        "ix_delivery_digest",
        "delivery",
        ["every_days", "reader_id"],
        unique=False,
        sqlite_where=sa.text("state = 'digest'"),
        postgresql_where=sa.text("state = 'digest'"),
    )
    op.create_index("ix_delivery_digest_id", "delivery", ["digest_id"], unique=False)
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["priority", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    )
    op.create_index(
        "ix_delivery_leased_until",
        "delivery",
        ["leased_until"],
        unique=False,
        sqlite_where=sa.text("leased_until IS NOT NULL"),
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    )
    op.create_table(
        "fanout",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("not_before", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("reported_version", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "version", name=op.f("pk_fanout")),
    )
    op.create_index(
        "ix_fanout_dirty",
        "fanout",
        ["at"],
        unique=False,
        sqlite_where=sa.text("dirty"),
        postgresql_where=sa.text("dirty"),
    )
    op.create_index(
        "ix_fanout_open",
        "fanout",
        ["at"],
        unique=False,
        sqlite_where=sa.text("NOT planned"),
        postgresql_where=sa.text("NOT planned"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
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
        "reader",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("confirmed_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("suppressed", sa.Text(), nullable=True),
        sa.Column("daily_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.Column("weekly_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader")),
        sa.UniqueConstraint("email_key", name=op.f("uq_reader_email_key")),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secret")),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reader_id", sa.Text(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("created_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("expires_at", pressroom_shared.database.UtcTime(), nullable=False),
        sa.Column("used_at", pressroom_shared.database.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name=op.f("fk_request_reader_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_request_token_hash")),
    )
    op.create_index("ix_request_client", "request", ["client", "created_at"], unique=False)
    op.create_index(op.f("ix_request_expires_at"), "request", ["expires_at"], unique=False)
    op.create_index(op.f("ix_request_reader_id"), "request", ["reader_id"], unique=False)
    op.create_table(
        "topic",
        sa.Column("reader_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["reader.id"], name=op.f("fk_topic_reader_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reader_id", "kind", "value", name=op.f("pk_topic")),
    )
    op.create_index("ix_topic_value", "topic", ["kind", "value", "reader_id"], unique=False)
