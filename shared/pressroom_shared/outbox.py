"""The outbox: what a transaction wants to be published is stored beside its effect, and relayed from there.

Ingest's rows refer to a revision and carry no payload: the event is built when it is relayed. Outcomes carry theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.among import among
from pressroom_shared.clock import Clock
from pressroom_shared.database import UtcTime, row_id
from pressroom_shared.events import Outcome, OutcomeReported
from pressroom_shared.ids import new_id
from pressroom_shared.keys import BULK, OUTCOMES


def outbox_table(metadata: sa.MetaData) -> sa.Table:
    """Add the table `outbox` to a service's metadata."""
    return sa.Table(
        "outbox",
        metadata,
        sa.Column("id", row_id(), primary_key=True, autoincrement=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("article_id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("relayed_at", UtcTime),
        sa.Column("stream_id", sa.Text),
        sa.Column("sequence", sa.BigInteger),
        sa.Index(
            "ix_outbox_waiting",
            "id",
            sqlite_where=sa.text("relayed_at IS NULL"),
            postgresql_where=sa.text("relayed_at IS NULL"),
        ),
        sa.Index("ix_outbox_relayed_at", "relayed_at"),
        sa.Index("ix_outbox_sequence", "sequence", unique=True),
    )


def lease_table(metadata: sa.MetaData) -> sa.Table:
    """Add the table `lease` to a service's metadata: who of several replicas does a thing that only one may do."""
    return sa.Table(
        "lease",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("note", sa.Text),
    )


# The same tables for statements, whichever metadata they were added to.
OUTBOX = outbox_table(sa.MetaData())
LEASE = lease_table(sa.MetaData())

# The statements of every event are built once.
ADD = sa.insert(OUTBOX)
NEWEST = sa.select(sa.func.max(OUTBOX.c.id))
NEWEST_ROW = sa.select(OUTBOX.c.stream, OUTBOX.c.created_at).order_by(OUTBOX.c.id.desc()).limit(1)
NEWEST_SEQUENCE = sa.select(sa.func.max(OUTBOX.c.sequence))
SEQUENCES = sa.select(OUTBOX.c.id, OUTBOX.c.sequence).where(among(OUTBOX.c.id, "rows"))
MARK_RELAYED = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("row"))
    .values(
        relayed_at=sa.bindparam("now"), stream_id=sa.bindparam("the_stream_id"), sequence=sa.bindparam("the_sequence")
    )
)


def outbox_row() -> sa.Select[Any]:
    """Select what an `OutboxRow` holds, in its order."""
    return sa.select(
        OUTBOX.c.id,
        OUTBOX.c.stream,
        OUTBOX.c.event_id,
        OUTBOX.c.article_id,
        OUTBOX.c.version,
        OUTBOX.c.payload,
        OUTBOX.c.created_at,
    )


_WAITING = (
    outbox_row()
    .where(OUTBOX.c.relayed_at.is_(None), OUTBOX.c.id > sa.bindparam("after"))
    .order_by(OUTBOX.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
WAITING = _WAITING.where(OUTBOX.c.stream != BULK)
WAITING_BULK = _WAITING.where(OUTBOX.c.stream == BULK)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event that waits for the relay. `payload` is None where the event is built on relaying."""

    id: int
    stream: str
    event_id: str
    article_id: str
    version: int
    payload: bytes | None
    created_at: datetime


async def add(
    connection: AsyncConnection,
    *,
    stream: str,
    event_id: str,
    article_id: str,
    version: int,
    created_at: datetime,
    payload: bytes | None = None,
) -> None:
    """Store one event for the relay, in the caller's transaction."""
    await connection.execute(
        ADD,
        {
            "stream": stream,
            "event_id": event_id,
            "article_id": article_id,
            "version": version,
            "payload": payload,
            "created_at": created_at,
        },
    )


async def waiting(
    connection: AsyncConnection, limit: int, *, bulk: bool = False, after: int = 0, but: Sequence[int] = ()
) -> list[OutboxRow]:
    """The oldest rows that were not relayed yet, in the order in which they were committed.

    Those for the bulk streams, or the others; above the row `after`, and without those in `but`.
    """
    statement = WAITING_BULK if bulk else WAITING
    if but:
        statement = statement.where(OUTBOX.c.id.not_in(but))
    rows = await connection.execute(statement, {"after": after, "limit": limit})
    return [OutboxRow(*row) for row in rows]


async def count_waiting(connection: AsyncConnection) -> int:
    """How many rows were not relayed yet."""
    found: int | None = await connection.scalar(sa.select(sa.func.count()).where(OUTBOX.c.relayed_at.is_(None)))
    return found or 0


async def newest(connection: AsyncConnection) -> int:
    """The number of the newest row; 0 without any."""
    found: int | None = await connection.scalar(NEWEST)
    return found or 0


async def newest_news(connection: AsyncConnection) -> datetime | None:
    """When the newest row was stored, unless it is for the bulk streams: then news is not what is going on."""
    row = (await connection.execute(NEWEST_ROW)).one_or_none()
    return None if row is None or row.stream == BULK else row.created_at


async def mark_relayed(connection: AsyncConnection, relayed: list[tuple[int, str | None]], now: datetime) -> None:
    """Record the stream ids of rows that are in Redis, and number those that have no sequence yet.

    Only the holder of the relay's lease calls this, so the numbers are without gaps or doubles.
    """
    newest: int | None = await connection.scalar(NEWEST_SEQUENCE)
    held = dict((await connection.execute(SEQUENCES, {"rows": [row for row, _ in relayed]})).all())
    sequence = newest or 0
    values: list[dict[str, Any]] = []
    for row, stream_id in relayed:
        if held.get(row) is None:
            sequence += 1
            held[row] = sequence
        values.append({"row": row, "the_stream_id": stream_id, "the_sequence": held[row], "now": now})
    await connection.execute(MARK_RELAYED, values)


async def send_again(connection: AsyncConnection, *, relayed_after: datetime) -> int:
    """Make every row that was relayed after a moment wait again. Says how many."""
    result = await connection.execute(
        sa.update(OUTBOX).where(OUTBOX.c.relayed_at > relayed_after).values(relayed_at=None, stream_id=None)
    )
    return int(result.rowcount)


async def forget(connection: AsyncConnection, *, relayed_before: datetime) -> int:
    """Delete payload rows that were relayed before a moment. Rows without a payload are ingest's log and stay.

    So does the newest row: else SQLite would give its number to the next one.
    """
    result = await connection.execute(
        sa.delete(OUTBOX).where(
            OUTBOX.c.relayed_at < relayed_before,
            OUTBOX.c.payload.is_not(None),
            OUTBOX.c.id < NEWEST.scalar_subquery(),
        )
    )
    return int(result.rowcount)


class OutcomeOutbox:
    """Where a handler's outcome is stored with its effect."""

    def __init__(self, connection: AsyncConnection, clock: Clock, source: str) -> None:
        self._connection = connection
        self._clock = clock
        self._source = source

    async def add(self, outcome: Outcome) -> None:
        event = outcome_event(outcome, self._source)
        await add(
            self._connection,
            stream=OUTCOMES,
            event_id=event.id,
            article_id=outcome.article_id,
            version=outcome.version,
            payload=event.encode(),
            created_at=self._clock.now(),
        )


def outcome_event(outcome: Outcome, source: str) -> OutcomeReported:
    """The event that says it."""
    return OutcomeReported(id=new_id(), source=source, subject=outcome.article_id, time=outcome.at, data=outcome)
