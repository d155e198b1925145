"""The replayer: of several replicas one, by lease, sends what was asked for into the sinks' bulk streams.

It fills a bulk stream no further than its bound, so a replay of any size takes no more of Redis than that. When Redis
lost its data meanwhile, or was restarted, the replay begins again: a repeat of a repeat changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from datetime import timedelta

from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError

from pressroom_ingest.desk import Desk
from pressroom_ingest.editorial import editorial_events
from pressroom_ingest.events import build
from pressroom_ingest.keyring import announce_keys
from pressroom_ingest.replays import Replay, Replays, Selection
from pressroom_shared import outbox
from pressroom_shared.clock import SystemClock
from pressroom_shared.courtesy import NEWS_S, REST_S_MAX
from pressroom_shared.ids import new_id
from pressroom_shared.keys import FIELD, bulk
from pressroom_shared.leases import Lease
from pressroom_shared.streams.bounds import Bounds
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.epochs import current_epoch
from pressroom_shared.streams.groups import unread
from pressroom_shared.streams.trim import trim
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

LEASE_S = 10
LOOK_S = 1.0
FULL_PAUSE_S = 0.2
BATCH_ARTICLES = 10
AT_ONCE_MAX = 8


class Replayer:
    """Sends replays, oldest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        owner = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._lease = Lease("replays", owner, ttl_s=LEASE_S, clock=SystemClock())

    async def run(self, stop: asyncio.Event) -> None:
        redis = connect(self._desk.settings.redis_url)
        self._bounds = Bounds(redis, self._desk.settings)
        try:
            while not stop.is_set():
                began = time.perf_counter()
                try:
                    rest_s = await self._turn(redis) or await self.rest_s(time.perf_counter() - began)
                except (RedisError, ConnectionError, TimeoutError, SQLAlchemyError) as error:
                    log.info("replays wait: %s", error)
                    rest_s = LOOK_S
                await pause(stop, rest_s)
        finally:
            await redis.aclose()

    async def rest_s(self, worked_s: float) -> float:
        """How long to rest after so much work: none, unless an editor has just published, at whichever replica."""
        async with self._desk.read() as work:
            news_at = await outbox.newest_news(work.connection)
        if news_at is None or self._desk.clock.now() - news_at > timedelta(seconds=NEWS_S):
            return 0
        return min(worked_s * self._desk.settings.bulk_rests, REST_S_MAX)

    async def _turn(self, redis: Redis) -> float:
        """Send one batch of each replay, so that one whose sink is down holds up no other. Says how long to rest."""
        async with self._desk.read() as work:
            waiting = await Replays(work.connection, self._desk.clock).open()
        if not waiting:
            return LOOK_S
        async with self._desk.database.begin(wake=False) as connection:
            if not await self._lease.take(connection):
                return LOOK_S
        epoch = str(await current_epoch(redis))
        return min([await self._step(redis, current, epoch) for current in waiting[:AT_ONCE_MAX]])

    async def _step(self, redis: Redis, current: Replay, epoch: str) -> float:
        if current.epoch != epoch:
            async with self._desk.database.begin(wake=False) as connection:
                await Replays(connection, self._desk.clock).begin(current.id, epoch)
            if current.epoch is not None:
                log.warning("Redis lost entries or was restarted; the replay %s begins again", current.id)
            return 0
        return await (self._drained(redis, current) if current.state == "draining" else self._send(redis, current))

    async def _send(self, redis: Redis, current: Replay) -> float:
        streams = [bulk(group) for group in current.groups]
        full = await self._bounds.full(streams)
        if full:
            for stream in full:
                await trim(redis, stream)
            return FULL_PAUSE_S
        async with self._desk.read() as work:
            articles = await Replays(work.connection, self._desk.clock).next(current, BATCH_ARTICLES)
            payloads = []
            for article_id, version in articles:
                event = await build(work, article_id, version, event_id=new_id())
                payloads.append(event.model_copy(update={"replay": True}).encode())
            if not articles and current.selection == Selection():
                payloads = [each.encode() for each in await editorial_events(work)]
        async with redis.pipeline(transaction=False) as pipe:
            for payload in payloads:
                for stream in streams:
                    pipe.xadd(stream, {FIELD: payload})
                    self._bounds.took(stream, len(payload))
            await pipe.execute()
        async with self._desk.database.begin(wake=False) as connection:
            replays = Replays(connection, self._desk.clock)
            if articles:
                await replays.advance(current, to=articles[-1][0], by=len(articles))
            else:
                await announce_keys(connection, self._desk.clock)
                await replays.drain(current.id)
        return 0

    async def _drained(self, redis: Redis, current: Replay) -> float:
        """Whether every sink has done all of it; then it is finished."""
        for group in current.groups:
            stream = bulk(group)
            if not await redis.exists(stream):
                continue
            groups = {each["name"].decode(): each for each in await redis.xinfo_groups(stream)}
            if group not in groups or groups[group]["pending"] or await unread(redis, stream, group):
                return FULL_PAUSE_S
        async with self._desk.database.begin(wake=False) as connection:
            await Replays(connection, self._desk.clock).finish(current.id)
        log.info("the replay %s is done: %d articles to %s", current.id, current.sent, ", ".join(current.groups))
        return 0

    _bounds: Bounds
