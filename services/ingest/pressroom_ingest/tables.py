"""Ingest's tables. Migrations make them; a test holds that both agree."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from pressroom_shared.database import UtcTime, new_metadata, row_id
from pressroom_shared.outbox import lease_table, outbox_table
from pressroom_shared.owed import owed_table

metadata = new_metadata()
outbox = outbox_table(metadata)
sa.Index("ix_outbox_article", outbox.c.article_id)
owed_table(metadata, outbox)
lease = lease_table(metadata)

# What an editor has now: the newest revision's head, for lists, and where the live one stands.
article = sa.Table(
    "article",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("live_revision", sa.Integer),
    sa.Column("version", sa.BigInteger),
    sa.Column("headline", sa.Text, nullable=False),
    sa.Column("section", sa.Text, nullable=False),
    sa.Column("slug", sa.Text),
    sa.Column("path", sa.Text, unique=True),
    sa.Column("first_published_at", UtcTime),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("embargo_until", UtcTime),
    sa.Column("review_state", sa.Text, nullable=False, server_default="draft"),
    sa.Index("ix_article_updated", "updated_at", "id"),
    sa.Index("ix_article_state", "state", "updated_at"),
)

# Every save, whole. Never changed.
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("changed", sa.JSON, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# Tags and authors of the newest revision, to list by.
label = sa.Table(
    "label",
    metadata,
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Index("ix_label_slug", "kind", "slug"),
)

# Every version that went out. The events are built from these rows, so each re-send says the same.
publication = sa.Table(
    "publication",
    metadata,
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("notify", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("redirect_to", sa.Text),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("scheduled_for", UtcTime),
)

# How much later than scheduled a version went out, in microseconds. More than a second, the least that may be called
# late, were few: a small index finds them for a statement that asks for `by_a_second`.
late_by = sa.type_coerce(publication.c.at, sa.BigInteger) - sa.type_coerce(publication.c.scheduled_for, sa.BigInteger)
by_a_second = late_by >= sa.literal_column("1000000")
sa.Index("ix_publication_late", publication.c.at, sqlite_where=by_a_second, postgresql_where=by_a_second)


def later_than(by: timedelta) -> sa.ColumnElement[bool]:
    """Publications that were later than scheduled, by more than that: a second at least."""
    return sa.and_(by_a_second, late_by > by // timedelta(microseconds=1))


# What is to be published later. `held` says why one waits for an editor though its time is over.
schedule = sa.Table(
    "schedule",
    metadata,
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("change", sa.Text),
    sa.Column("notify", sa.Boolean),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("override_embargo", sa.Boolean, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("held", sa.Text),
    sa.Index("ix_schedule_at", "at"),
)

former_path = sa.Table(
    "former_path",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("title", sa.Text),
    sa.Column("bio", sa.Text),
    sa.Column("media_id", sa.Text),
    sa.Column("links", sa.JSON),
    sa.Column("version", sa.BigInteger),
)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger),
)

# Slugs that lead to an author or a tag: former ones, and a tag's other words.
alias = sa.Table(
    "alias",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, nullable=False),
    sa.Index("ix_alias_target", "kind", "target"),
)

# What an editor has put where.
front = sa.Table(
    "front",
    metadata,
    sa.Column("front", sa.Text, primary_key=True),
    sa.Column("slots", sa.JSON, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# Publications that no reader waits for: versions to send, articles to send again.
bulk = sa.Table(
    "bulk",
    metadata,
    sa.Column("id", row_id(), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    sa.Column("version", sa.BigInteger),
    sa.Index("ix_bulk_article", "article_id"),
)

media = sa.Table(
    "media",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("alt", sa.Text, nullable=False),
    sa.Column("caption", sa.Text, nullable=False),
    sa.Column("credit", sa.Text, nullable=False),
    sa.Column("decorative", sa.Boolean, nullable=False),
    sa.Column("focal_point", sa.JSON),
    sa.Column("created_at", UtcTime, nullable=False),
)

# What each service said of each version.
receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at", UtcTime),
    sa.Column("took_ms", sa.BigInteger),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("counts", sa.JSON),
)

# API keys: the secret itself is nowhere.
api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("secret_sha256", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
    sa.Column("sections", sa.JSON),
    sa.Column("expires_at", UtcTime),
    sa.Column("last_used_at", UtcTime),
    sa.Column("previous_sha256", sa.Text, index=True),
    sa.Column("previous_until", UtcTime),
)

# What the newsroom writes to itself.
note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_note_article", "article_id", "id"),
)

# Answers to POSTs that carried an Idempotency-Key.
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("actor_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("body_sha256", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.JSON, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False, index=True),
)

# Who did what, when, from where. Rows are only added; no foreign key, for it outlives what it tells of.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", row_id(), primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("article_id", sa.Text),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("address", sa.Text),
    sa.Index("ix_audit_article", "article_id", "id"),
    sa.Index("ix_audit_actor", "actor_id", "id"),
    sa.Index("ix_audit_at", "at"),
)

# Which article has ever named which picture, in any revision.
media_use = sa.Table(
    "media_use",
    metadata,
    sa.Column("media_id", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, sa.ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    sa.Index("ix_media_use_article", "article_id"),
)

# What is left of a purged article.
tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# What of a purged article is still to be erased outside the database.
erasure = sa.Table(
    "erasure",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
)
