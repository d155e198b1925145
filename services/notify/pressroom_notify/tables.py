"""Notify's tables: readers and what they follow, the articles, and the ledger of every mail."""

from __future__ import annotations

import sqlalchemy as sa

from pressroom_shared.admins import key_ring_table
from pressroom_shared.database import UtcTime, new_metadata, row_id
from pressroom_shared.outbox import lease_table, outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
lease = lease_table(metadata)
key_ring = key_ring_table(metadata)

# One row an address. `pending` has asked and not confirmed; it is forgotten with its last request.
reader = sa.Table(
    "reader",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("email_key", sa.Text, nullable=False, unique=True),  # how addresses are compared
    sa.Column("state", sa.Text, nullable=False),  # pending, confirmed, unsubscribed
    sa.Column("timezone", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("suppressed", sa.Text),  # why nothing may be sent: the mail server's own words
    sa.Column("daily_at", UtcTime),  # when the next digests are due
    sa.Column("weekly_at", UtcTime),
)

# What a confirmed reader follows, and how often it is told: 0 at once, 1 daily, 7 weekly.
topic = sa.Table(
    "topic",
    metadata,
    sa.Column("reader_id", sa.Text, sa.ForeignKey("reader.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("every_days", sa.Integer, nullable=False),
    sa.Index("ix_topic_value", "kind", "value", "reader_id"),
)

# Somebody asked for a mail with a link: to confirm `wishes`, or to change preferences. The token is made when the
# mail is sent, and only its hash is kept. `reader_id` is empty when the address is unknown: then nothing is sent.
request = sa.Table(
    "request",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # confirm, preferences
    sa.Column("reader_id", sa.Text, sa.ForeignKey("reader.id", ondelete="CASCADE"), index=True),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("wishes", sa.JSON, nullable=False),
    sa.Column("token_hash", sa.Text, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
    sa.Column("used_at", UtcTime),
    sa.Index("ix_request_client", "client", "created_at"),
)

# Keys that outlive restarts. Back them up: links in mails that were sent depend on them.
secret = sa.Table(
    "secret",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# The newest version of each article, tombstones among them. Nothing announced up to `silent_until` is told any more.
article = sa.Table(
    "article",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("silent_until", sa.BigInteger, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False),
)

# One announcement that readers are told of. `cursor` is the last reader planned; `dirty` while the receipt of
# `reported_version` does not say the counts as they are.
fanout = sa.Table(
    "fanout",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("occasion", sa.Text, nullable=False),  # news, correction:<version>
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("not_before", UtcTime, nullable=False),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("planned", sa.Boolean, nullable=False),
    sa.Column("reported_version", sa.BigInteger, nullable=False),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column("dirty", sa.Boolean, nullable=False),
    sa.Index("ix_fanout_open", "at", sqlite_where=sa.text("NOT planned"), postgresql_where=sa.text("NOT planned")),
    sa.Index("ix_fanout_dirty", "at", sqlite_where=sa.text("dirty"), postgresql_where=sa.text("dirty")),
)

# The ledger: one row for each mail to each reader. A reader is told once of each occasion of an article.
# queued → leased → sending → sent | deferred | failed | suppressed | uncertain; digest and cancelled beside them.
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", row_id(), primary_key=True, autoincrement=True),
    sa.Column("reader_id", sa.Text, nullable=False),
    sa.Column("article_id", sa.Text, nullable=False),  # empty: a mail about the subscription itself, or a digest
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("occasion", sa.Text, nullable=False),  # news, correction:…, confirm:…, preferences:…, digest:…
    sa.Column("announced", sa.BigInteger, nullable=False),  # the announcement that planned it
    sa.Column("every_days", sa.Integer, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger),  # of the article, as it was sent
    sa.Column("digest_id", sa.BigInteger),  # the ledger's row of the digest that carries it
    sa.Column("not_before", UtcTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("lease", sa.Integer, nullable=False),  # how often it was leased: fences an owner that was given up
    sa.Column("owner", sa.Text),
    sa.Column("leased_until", UtcTime),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.UniqueConstraint("reader_id", "article_id", "channel", "occasion", name="uq_delivery_once"),
    sa.Index(
        "ix_delivery_due",
        "priority",
        "not_before",
        "id",
        sqlite_where=sa.text("state IN ('queued', 'deferred')"),
        postgresql_where=sa.text("state IN ('queued', 'deferred')"),
    ),
    sa.Index(
        "ix_delivery_leased_until",
        "leased_until",
        sqlite_where=sa.text("leased_until IS NOT NULL"),
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    ),
    sa.Index(
        "ix_delivery_digest",
        "every_days",
        "reader_id",
        sqlite_where=sa.text("state = 'digest'"),
        postgresql_where=sa.text("state = 'digest'"),
    ),
    sa.Index("ix_delivery_article", "article_id", "announced", "state"),
    sa.Index("ix_delivery_digest_id", "digest_id"),
)


def in_state(*states: str) -> sa.ColumnElement[bool]:
    """Whether a mail is in one of these states, said in the statement's own text: with parameters a database cannot
    know that an index of those alone would do, and reads the whole ledger."""
    return sa.or_(*(delivery.c.state == sa.literal_column(f"'{each}'") for each in states))
