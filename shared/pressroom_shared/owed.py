"""What a group's bulk stream had no room for: it is owed to the group, and sent when there is room again.

So a slow or dead group holds up no other group in an import, and cannot fill Redis either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.database import on_both, row_id
from pressroom_shared.outbox import OUTBOX, OutboxRow, outbox_row


def owed_table(metadata: sa.MetaData, outbox: sa.Table) -> sa.Table:
    """Add the table `owed` to the metadata of a service whose outbox has rows for the bulk streams."""
    return sa.Table(
        "owed",
        metadata,
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("outbox_id", row_id(), sa.ForeignKey(outbox.c.id, ondelete="CASCADE"), primary_key=True),
        sa.Index("ix_owed_outbox_id", "outbox_id"),
    )


OWED = owed_table(sa.MetaData(), OUTBOX)

OWE = on_both(OWED, lambda put: put.on_conflict_do_nothing())
PAY = sa.delete(OWED).where(
    OWED.c.stream == sa.bindparam("to"), OWED.c.outbox_id.in_(sa.bindparam("rows", expanding=True))
)
# What Redis loses from now on is sent again by this time; a row that waits for all groups goes on waiting.
TOUCH = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id.in_(sa.bindparam("rows", expanding=True)), OUTBOX.c.relayed_at.is_not(None))
    .values(relayed_at=sa.bindparam("now"))
)
NEXT = (
    outbox_row()
    .join(OWED, OWED.c.outbox_id == OUTBOX.c.id)
    .where(OWED.c.stream == sa.bindparam("stream"))
    .order_by(OWED.c.outbox_id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


async def owe(connection: AsyncConnection, streams: Iterable[str], rows: Sequence[int]) -> None:
    """Outbox rows that these streams have no room for."""
    values = [{"stream": stream, "outbox_id": row} for stream, row in product(streams, rows)]
    if values:
        await connection.execute(OWE[connection.dialect.name], values)


async def next_owed(
    connection: AsyncConnection, stream: str, limit: int, *, but: Sequence[int] = ()
) -> list[OutboxRow]:
    """The oldest rows that a stream is owed, without those in `but`."""
    statement = NEXT.where(OUTBOX.c.id.not_in(but)) if but else NEXT
    return [OutboxRow(*row) for row in await connection.execute(statement, {"stream": stream, "limit": limit})]


async def pay(connection: AsyncConnection, stream: str, rows: Sequence[int], now: datetime) -> None:
    """These are in the stream now."""
    await connection.execute(TOUCH, {"rows": rows, "now": now})
    await connection.execute(PAY, {"to": stream, "rows": rows})


async def count_owed(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each stream is owed, of those that are owed any."""
    counted = sa.select(OWED.c.stream, sa.func.count()).group_by(OWED.c.stream)
    return dict((await connection.execute(counted)).all())
