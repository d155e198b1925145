"""Digests: what readers want once a day or a week is gathered into one mail when their morning comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.ledger import queue_letter
from pressroom_notify.readers import next_digest
from pressroom_notify.settings import Settings
from pressroom_notify.tables import delivery, in_state, reader

READERS_MAX = 200
"""Readers whose digests are gathered in one transaction."""


class Digests:
    """The digests that are due, in one transaction."""

    def __init__(self, connection: AsyncConnection, settings: Settings, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._now = now

    async def gather(self) -> int:
        """Queue a mail for each reader whose digest is due. Says how many readers were looked at."""
        return await self._gather(1, reader.c.daily_at) + await self._gather(7, reader.c.weekly_at)

    async def _gather(self, every_days: int, due_at: sa.Column[Any]) -> int:
        waiting = sa.and_(
            delivery.c.reader_id == reader.c.id,
            delivery.c.every_days == every_days,
            in_state("digest"),
            delivery.c.digest_id.is_(None),
            delivery.c.not_before <= self._now,
        )
        readers = await self._connection.execute(
            sa.select(reader.c.id, reader.c.timezone, due_at.label("due_at"))
            .where(reader.c.state == "confirmed", due_at <= self._now, sa.exists().where(waiting))
            .order_by(due_at)
            .limit(READERS_MAX)
            .with_for_update(skip_locked=True)
        )
        rows = readers.all()
        for row in rows:
            await self._queue(row, every_days)
            due = next_digest(self._now, row.timezone, self._settings.digest_hour, every_days)
            await self._connection.execute(sa.update(reader).where(reader.c.id == row.id).values({due_at.name: due}))
        return len(rows)

    async def _queue(self, row: Any, every_days: int) -> None:
        """One ledger row for the mail, and the articles that were there by then bound to it.

        A morning that had nothing to tell has passed; what came after it waits for the next.
        """
        mine = sa.and_(
            delivery.c.reader_id == row.id,
            delivery.c.every_days == every_days,
            in_state("digest"),
            delivery.c.digest_id.is_(None),
            delivery.c.created_at <= row.due_at,
            delivery.c.not_before <= self._now,
        )
        if not await self._connection.scalar(sa.select(sa.func.count()).where(mine)):
            return
        occasion = f"digest:{every_days}:{row.due_at.isoformat()}"
        await queue_letter(self._connection, row.id, occasion, self._now)
        digest_id = await self._connection.scalar(
            sa.select(delivery.c.id).where(delivery.c.reader_id == row.id, delivery.c.occasion == occasion)
        )
        await self._connection.execute(sa.update(delivery).where(mine).values(digest_id=digest_id))
