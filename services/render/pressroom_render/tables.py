"""Render's tables: the projection, the lists, the pages, what each page shows."""

from __future__ import annotations

import sqlalchemy as sa

from pressroom_shared.admins import key_ring_table
from pressroom_shared.database import UtcTime, new_metadata, row_id
from pressroom_shared.outbox import lease_table, outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
lease = lease_table(metadata)
key_ring = key_ring_table(metadata)

# The newest version of each article, tombstones among them.
article = sa.Table(
    "article",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("path", sa.Text, nullable=False, index=True),
    sa.Column("redirect_to", sa.Text),
    sa.Column("teaser", sa.Text, nullable=False),  # hash of what other pages show of it
    sa.Column("teaser_document", sa.JSON),  # what other pages show of it
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),  # when this version was published
    sa.Column("received_at", UtcTime, nullable=False),
    sa.Column("outcome", sa.JSON),  # what was said of this version, to be said again
)

# Addresses that an article had.
former = sa.Table(
    "former",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, nullable=False, index=True),
)

# Every list that holds an article, and how many. Who changes a list locks its row first.
listing = sa.Table(
    "list",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("total", sa.Integer, nullable=False),
)

# Lists, newest first: home, section:…, tag:…, author:…, kind:opinion, picks, corrections, day:…, month:…
entry = sa.Table(
    "entry",
    metadata,
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Index("ix_entry_order", "list", "at", "article_id"),
    sa.Index("ix_entry_article", "article_id"),
)

# Every page that there is or was. Dirty while `generation` is above `written`.
page = sa.Table(
    "page",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("written", sa.BigInteger, nullable=False),
    sa.Column("written_at", UtcTime),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("stale_at", UtcTime, index=True),  # when time alone will change it
    sa.Column("hash", sa.Text),
    sa.Column("leased_until", UtcTime),
    sa.Index(
        "ix_page_dirty",
        "priority",
        "due_at",
        sqlite_where=sa.text("generation > written"),
        postgresql_where=sa.text("generation > written"),
    ),
)

# Which pages show an article's teaser or name its address, recorded while they are rendered.
reference = sa.Table(
    "reference",
    metadata,
    sa.Column("page", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Index("ix_reference_article", "article_id"),
)

# Each front as an editor has curated it, and which articles stand in its slots.
front = sa.Table(
    "front",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)
curated = sa.Table(
    "curated",
    metadata,
    sa.Column("front", sa.Text, primary_key=True),
    sa.Column("slot", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("article_id", sa.Text, nullable=False, index=True),
)

# Authors (kind `author`) and tags as the newsroom describes them, and who claims which former address.
profile = sa.Table(
    "profile",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)
alias = sa.Table(
    "alias",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)

# The social card of each article.
card = sa.Table(
    "card",
    metadata,
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("former", sa.JSON, nullable=False),  # names of its earlier cards: they stay until it is withdrawn
    sa.Column("warning", sa.Text, nullable=False, server_default=""),  # what the editor should know about it
    sa.Column("outcome", sa.JSON, nullable=False),
    sa.Column("author", sa.Text, index=True),  # whose picture belongs on it
    sa.Column("drawn", sa.JSON),  # what such a card says, so that it can be drawn again with another picture
)

# Authors' pictures, as the `cards` group has taken them in: it keeps its own, and waits for no other group.
portrait = sa.Table(
    "portrait",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("picture", sa.JSON(none_as_null=True)),
)

# What came of each picture: the files that pages may name, or why there are none.
image = sa.Table(
    "image",
    metadata,
    sa.Column("media_key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),  # by which recipe, about which focal point
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("focal_point", sa.JSON, nullable=False),
    sa.Column("placeholder", sa.Text, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False),
)

# Drafts that are shown for a while, at addresses that nobody guesses.
preview = sa.Table(
    "preview",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, nullable=False, index=True),
    sa.Column("expires_at", UtcTime, nullable=False, index=True),
    sa.Column("written", sa.Boolean, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

# What the pages look like now: when it changes, every page is dirty.
design = sa.Table(
    "design",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
)

# What readers write to the newsroom: requests for a correction, tips.
letter = sa.Table(
    "letter",
    metadata,
    sa.Column("id", row_id(), primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("article_id", sa.Text),
    sa.Column("version", sa.BigInteger),  # of the article, as the reader saw it
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False, index=True),
    sa.Column("sender", sa.Text, nullable=False, index=True),  # a hash of the address it came from, for the limit
    sa.Column("mail", sa.Text, index=True),  # the id of the mail that tells the editors of it
    sa.Column("told_at", UtcTime, index=True),  # when the mail server took that mail
)
