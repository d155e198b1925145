"""Bulk: publications that no reader waits for. They go by the bulk streams, which sinks read when live is idle."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import article, bulk, label, outbox
from pressroom_shared.clock import Clock
from pressroom_shared.ids import new_id
from pressroom_shared.keys import BULK
from pressroom_shared.wakeups import pause

if TYPE_CHECKING:
    from pressroom_ingest.desk import Desk

log = logging.getLogger(__name__)

LOOK_S = 0.5
BREATH_S = 0.02
BATCH_MAX = 20
"""Articles of one transaction: an editor's waits for it."""

ANY = sa.select(bulk.c.id).limit(1)


class Bulk:
    """The waiting ones, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def send(self, versions: list[tuple[str, int]]) -> None:
        """Versions that are committed with this transaction go out when there is time."""
        now = self._clock.now()
        rows = [
            {"stream": BULK, "event_id": new_id(), "article_id": each, "version": version, "created_at": now}
            for each, version in versions
        ]
        if rows:
            await self._connection.execute(sa.insert(outbox), rows)

    async def reissue_labelled(self, kinds: tuple[str, ...], slug: str) -> int:
        """What is live of an author or a tag goes out again. Says how many articles.

        Labels are of the newest revision; a live article whose live revision is an older one may have lost the label
        since, so each of those goes out too.
        """
        labelled = sa.select(label.c.article_id).where(label.c.kind.in_(kinds), label.c.slug == slug)
        wanted = sa.select(sa.literal("reissue"), article.c.id).where(
            article.c.state == "live",
            sa.or_(article.c.id.in_(labelled), article.c.live_revision != article.c.revision),
        )
        done = await self._connection.execute(sa.insert(bulk).from_select(["kind", "article_id"], wanted))
        return int(done.rowcount)

    async def waiting(self) -> int:
        return int(await self._connection.scalar(sa.select(sa.func.count()).select_from(bulk)) or 0)

    async def take(self, limit: int) -> list[str]:
        """The oldest that are to be sent again, each taken by one replica; they are gone with this transaction."""
        chosen = sa.select(bulk).order_by(bulk.c.id).limit(limit).with_for_update(skip_locked=True)
        rows = (await self._connection.execute(chosen)).all()
        await self._connection.execute(sa.delete(bulk).where(bulk.c.id.in_([row.id for row in rows])))
        return list(dict.fromkeys(row.article_id for row in rows))


class Feeder:
    """Sends again what a renamed author or tag stands in, a batch a transaction, so that editors get between."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                fed = await self.turn()
            except (DBAPIError, OSError) as error:
                log.warning("bulk waits, the database does not answer: %s", error)
                fed = 0
            await pause(stop, BREATH_S if fed else LOOK_S)

    async def turn(self) -> int:
        """Send one batch when there is one. Says how many articles."""
        async with self._desk.database.read() as connection:
            if await connection.scalar(ANY) is None:
                return 0
        async with self._desk.begin() as work:
            taken = await work.bulk.take(BATCH_MAX)
            for article_id in taken:
                await work.publications.reissue(article_id)
        return len(taken)
