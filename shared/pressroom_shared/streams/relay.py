"""The relay: of several replicas one, by lease, puts committed outbox rows into Redis in the order of their commits.

It is woken by the commit. A crash between sending and marking sends a row twice, with the same event id; consumers
meet the second as a repeat. While Redis is away rows wait in SQL, and are read from there a batch at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared import outbox
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.database import Database
from pressroom_shared.ids import new_id
from pressroom_shared.keys import FIELD
from pressroom_shared.leases import Lease
from pressroom_shared.outbox import OutboxRow
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.epochs import Epoch, current_epoch, lost_since
from pressroom_shared.streams.trim import trim
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

LEASE_S = 1.5
"""A dead relay is replaced within this time and one turn."""

TURN_S = 0.5
"""The longest pause between two looks: at the lease, at Redis, and for rows that another replica committed."""

BATCH_ROWS_MAX = 200
BATCH_BYTES_MAX = 8 * 1024 * 1024
TRIM_EVERY_S = 5
KEPT = timedelta(hours=24)
"""How long relayed rows are kept, in case Redis loses them."""

Encode = Callable[[AsyncConnection, OutboxRow], Awaitable[bytes]]


async def stored_payload(_connection: AsyncConnection, row: OutboxRow) -> bytes:
    """For outboxes whose rows carry their event."""
    assert row.payload is not None, "the row has no payload: the relay needs an `encode` of its own"
    return row.payload


class Relay:
    """Publishes one service's outbox. `trims` names the streams that it trims, where it is their main writer."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        source: str,
        encode: Encode = stored_payload,
        trims: tuple[str, ...] = (),
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._source = source
        self._encode = encode
        self._trims = trims
        self._clock = clock or SystemClock()
        self._wakeup = Wakeup()
        self._epoch: Epoch | None = None
        self._last_answer = self._clock.now()
        self._tended_at = self._clock.now() - timedelta(days=1)
        self._leads = False
        owner = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._lease = Lease(f"relay:{source}", owner, ttl_s=LEASE_S, clock=self._clock)
        database.on_commit(self._wakeup)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; then give the lease back."""
        redis = connect(self._settings.redis_url)
        try:
            while not stop.is_set():
                try:
                    more = await self._turn(redis)
                except (RedisError, OSError) as error:
                    log.warning("relay %s: Redis does not answer (%s); what is committed waits", self._source, error)
                    await pause(stop, TURN_S)
                    continue
                if not more:
                    await self._rest(stop)
        finally:
            async with self._database.begin(wake=False) as connection:
                await self._lease.release(connection)
            await redis.aclose()

    async def _rest(self, stop: asyncio.Event) -> None:
        waiting = asyncio.create_task(self._wakeup.wait(TURN_S))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, stopping):
            task.cancel()
        await asyncio.gather(waiting, stopping, return_exceptions=True)

    async def _turn(self, redis: Redis) -> bool:
        """Send one batch. Says whether there may be more at once."""
        async with self._database.read() as connection:
            rows = await outbox.waiting(connection, BATCH_ROWS_MAX)
        now = self._clock.now()
        if not self._leads or not rows or now - self._tended_at > timedelta(seconds=TURN_S):
            if not await self._tend(redis, now):
                return False
            if not rows:
                return False
        if await self._full(redis, rows):
            return False
        return await self._send(redis, rows)

    async def _tend(self, redis: Redis, now: datetime) -> bool:
        """Hold the lease, see that Redis still has what it was given, trim. Says whether we lead."""
        if self._leads and now - self._tended_at < timedelta(seconds=TURN_S * 0.9):
            return True
        async with self._database.begin(wake=False) as connection:
            took = await self._lease.take(connection)
            if took and not self._leads:
                self._epoch = Epoch.parse(await self._lease.note(connection))
        self._leads = took
        self._tended_at = now
        if not took:
            return False
        epoch = await current_epoch(redis)
        if epoch != self._epoch:
            await self._recover(epoch, now)
        self._last_answer = now
        await self._keep_house(redis, now)
        return True

    async def _recover(self, epoch: Epoch, now: datetime) -> None:
        since = lost_since(self._epoch, epoch, last_answer=self._last_answer, now=now)
        async with self._database.begin() as connection:
            again = await outbox.send_again(connection, relayed_after=since) if since else 0
            await self._lease.write_note(connection, str(epoch))
        self._epoch = epoch
        if again:
            metrics.RESENT.labels(self._source).inc(again)
            log.warning("relay %s: Redis lost entries; %d events are sent again", self._source, again)

    async def _keep_house(self, redis: Redis, now: datetime) -> None:
        if now < self._next_house:
            return
        self._next_house = now + timedelta(seconds=TRIM_EVERY_S)
        for stream in self._trims:
            await trim(redis, stream)
        async with self._database.begin(wake=False) as connection:
            await outbox.forget(connection, relayed_before=now - KEPT)

    async def _full(self, redis: Redis, rows: list[OutboxRow]) -> bool:
        """Whether a stream is at its bound: then the rest waits in SQL, and a dead group cannot fill Redis."""
        full = False
        for stream in {row.stream for row in rows}:
            used = await redis.memory_usage(stream, samples=5) or 0
            full |= used > self._settings.stream_bytes_max
        if full:
            for stream in self._trims:
                await trim(redis, stream)
        metrics.RELAY_BLOCKED.labels(self._source).set(full)
        return full

    async def _send(self, redis: Redis, rows: list[OutboxRow]) -> bool:
        async with self._database.read() as connection:
            payloads: list[bytes] = []
            size = 0
            for row in rows:
                payloads.append(await self._encode(connection, row))
                size += len(payloads[-1])
                if size > BATCH_BYTES_MAX:
                    break
        async with redis.pipeline(transaction=False) as pipe:
            for row, payload in zip(rows, payloads, strict=False):
                pipe.xadd(row.stream, {FIELD: payload})
            stream_ids = [each.decode() for each in await pipe.execute()]
        sent = [(row.id, stream_id) for row, stream_id in zip(rows, stream_ids, strict=False)]
        async with self._database.begin(wake=False) as connection:
            if not await self._lease.take(connection):
                self._leads = False  # another relay has taken over and will send these again: repeats are no-ops
                return False
            await outbox.mark_relayed(connection, sent, self._clock.now())
        metrics.RELAYED.labels(self._source).inc(len(sent))
        return True

    _next_house = datetime.min.replace(tzinfo=SystemClock().now().tzinfo)
