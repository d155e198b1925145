"""Purging: an article as if it had never been, but for its tombstone. For what the law says must go.

The tombstone goes out to every sink as a withdrawal with `purged`. What lies outside the database (entries in Redis,
picture files) is erased after the commit by `Eraser`, which begins again where it was stopped.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from redis.asyncio import Redis
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles
from pressroom_ingest.keys import Actor
from pressroom_ingest.publications import Publications
from pressroom_ingest.tables import article, erasure, idempotency, media, media_use, outbox, tombstone
from pressroom_shared import outbox as outboxes
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.database import Database
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, Withdrawal
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, FIELD, SINKS, bulk, dead_letters
from pressroom_shared.sitestore import SiteStore
from pressroom_shared.streams.client import RedisError
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

SOURCE = "/ingest"
LOOK_S = 2
Entries = list[tuple[bytes, dict[bytes, bytes]]]
ENTRIES_A_TURN = 200


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a purged article."""

    article_id: str
    version: int
    at: datetime


class Purging:
    """Purges, in one transaction."""

    def __init__(
        self, connection: AsyncConnection, clock: Clock, articles: Articles, publications: Publications
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._articles = articles
        self._publications = publications

    async def purge(self, article_id: str, *, actor: Actor) -> Tombstone:
        """Erase an article, whatever its state. Raises 403 but for admins, 404 when it is not there."""
        if not actor.may("admin"):
            raise Problem(403, f"Your key's role is {actor.role}; only an admin may purge.")
        head = await self._articles.head(article_id, lock=True)
        former = await self._publications.former_paths(article_id)
        now = self._clock.now()
        left = Tombstone(article_id, max((head.version or 0) + 1, microseconds(now)), now)
        files = await self._pictures_of_its_own(article_id)
        await self._connection.execute(sa.delete(media).where(media.c.id.in_(list(files))))
        await self._connection.execute(sa.delete(article).where(article.c.id == article_id))
        await self._connection.execute(
            sa.delete(idempotency).where(idempotency.c.body.contains(article_id, autoescape=True))
        )
        event_id = new_id()
        gone = Withdrawal(
            id=article_id,
            version=left.version,
            path=head.path or f"/purged/{article_id}/",
            former_paths=former,
            at=now,
            purged=True,
            erased_media=list(files.values()),
        )
        event = ArticleUnpublished(id=event_id, source=SOURCE, subject=article_id, time=now, data=gone)
        payload = event.encode()
        # A row that is about to be relayed may not be built from what is gone: it says the same as the tombstone.
        await self._connection.execute(
            sa.update(outbox)
            .where(outbox.c.article_id == article_id, outbox.c.relayed_at.is_(None))
            .values(payload=payload)
        )
        await outboxes.add(
            self._connection,
            stream=ARTICLES,
            event_id=event_id,
            article_id=article_id,
            version=left.version,
            created_at=now,
            payload=payload,
        )
        await self._connection.execute(sa.insert(tombstone).values(article_id=article_id, version=left.version, at=now))
        await self._connection.execute(
            sa.insert(erasure).values(article_id=article_id, event_id=event_id, files=list(files.values()))
        )
        return left

    async def find(self, article_id: str) -> Tombstone | None:
        row = (
            await self._connection.execute(sa.select(tombstone).where(tombstone.c.article_id == article_id))
        ).one_or_none()
        return None if row is None else Tombstone(*row)

    async def raise_version(self, article_id: str, version: int) -> None:
        """Its tombstone goes out once more, above what some sink holds."""
        await self._connection.execute(
            sa.update(tombstone).where(tombstone.c.article_id == article_id).values(version=version)
        )

    async def _pictures_of_its_own(self, article_id: str) -> dict[str, str]:
        """Id → key of the pictures that no other article has ever named."""
        other = media_use.alias()
        elsewhere = (
            sa.select(other.c.media_id)
            .where(other.c.media_id == media_use.c.media_id, other.c.article_id != article_id)
            .exists()
        )
        statement = (
            sa.select(media.c.id, media.c.key)
            .join(media_use, media_use.c.media_id == media.c.id)
            .where(media_use.c.article_id == article_id, sa.not_(elsewhere))
        )
        return {row.id: row.key for row in await self._connection.execute(statement)}


class Eraser:
    """Erases what purges have left outside the database."""

    def __init__(self, database: Database, store: SiteStore, redis: Redis) -> None:
        self._database = database
        self._store = store
        self._redis = redis

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.turn()
            except (RedisError, DBAPIError, OSError) as error:
                log.warning("what was purged is not erased everywhere yet, trying again: %s", error)
            await pause(stop, LOOK_S)

    async def turn(self) -> None:
        """Go on with every purge whose tombstone has gone out."""
        async with self._database.read() as connection:
            open_ones = (await connection.execute(sa.select(erasure))).all()
        for each in open_ones:
            await self._erase(each.article_id, each.event_id, each.files)

    async def _erase(self, article_id: str, event_id: str, files: list[str]) -> None:
        mine = sa.and_(outbox.c.article_id == article_id, outbox.c.event_id != event_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(outbox).where(mine))).all()
            told = await connection.scalar(sa.select(outbox.c.relayed_at).where(outbox.c.event_id == event_id))
        sent = [row for row in rows if row.relayed_at is not None]
        ids = [row.stream_id for row in sent if row.stream_id and row.stream == ARTICLES]
        if ids:
            await self._redis.xdel(ARTICLES, *ids)
        for group in SINKS:
            await self._erase_entries(dead_letters(group), article_id)
            await self._erase_entries(bulk(group), article_id)
        for key in files:
            await self._store.delete(key)
        async with self._database.begin(wake=False) as connection:
            await connection.execute(sa.delete(outbox).where(outbox.c.id.in_([row.id for row in sent])))
            if told is not None and len(sent) == len(rows):
                await connection.execute(sa.delete(erasure).where(erasure.c.article_id == article_id))

    async def _erase_entries(self, stream: str, article_id: str) -> None:
        """From where entries are known by what is in them alone. The tombstone itself may stay."""
        subject = f'"subject":"{article_id}"'.encode()
        start = "-"
        while entries := cast("Entries", await self._redis.xrange(stream, start, "+", count=ENTRIES_A_TURN)):
            for entry_id, fields in entries:
                payload = fields.get(FIELD.encode(), b"")
                dead = fields.get(b"subject") == article_id.encode()
                if dead or (subject in payload and ArticlePublished.event_type.encode() in payload):
                    await self._redis.xdel(stream, entry_id)
            start = f"({entries[-1][0].decode()}"
