"""Tables of operations: replays, inventories, alerts. Their migrations are a branch of their own."""

from __future__ import annotations

import sqlalchemy as sa

from pressroom_ingest.tables import metadata
from pressroom_shared.database import UtcTime

# A replay that was asked for: what, to which groups, and how far it has come.
replay = sa.Table(
    "replay",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("selection", sa.JSON, nullable=False),
    sa.Column("groups", sa.JSON, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("sent", sa.Integer, nullable=False),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("epoch", sa.Text),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Index("ix_replay_state", "state", "id"),
)

# What each sink said that it holds, when ingest last asked.
inventory = sa.Table(
    "inventory",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("group", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

# Pages of it that have come; `last` is on the last one.
inventory_page = sa.Table(
    "inventory_page",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("group", sa.Text, primary_key=True),
    sa.Column("page", sa.Integer, primary_key=True),
    sa.Column("last", sa.Boolean, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# What was asked back from the sink that keeps it: asked, taken or refused.
adoption = sa.Table(
    "adoption",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("article_id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("actor_name", sa.Text, nullable=False),
)

# What the operator was told of, and not yet that it is over.
alert = sa.Table(
    "alert",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("since", UtcTime, nullable=False),
)
