"""The relay: of several replicas one, by lease, puts committed outbox rows into Redis in the order of their commits.

It is woken by the commit: its own process's at once, another's by a word on a channel, which may be lost: then it
looks again after `TURN_S`. A crash between sending and marking sends a row twice, with the same event id; consumers
meet the second as a repeat. While Redis is away rows wait in SQL, and are read from there a batch at a time. Rows for
the bulk streams go while no other waits, each to the groups whose stream has room; the others are owed it. A row whose
event cannot be built is passed over, and holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared import outbox, owed
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.database import Database
from pressroom_shared.ids import new_id
from pressroom_shared.keys import FIELD, SINKS, bulk, wake
from pressroom_shared.leases import Lease
from pressroom_shared.outbox import OutboxRow
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.bounds import Bounds
from pressroom_shared.streams.client import READ_BLOCK_MS, RedisError, connect
from pressroom_shared.streams.epochs import Epoch, current_epoch, lost_since
from pressroom_shared.streams.trim import trim
from pressroom_shared.tasks import end
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

LEASE_S = 1.5
"""A dead relay is replaced within this time and one turn."""

TURN_S = 0.5
"""The longest pause between two looks: at the lease, at Redis, and for rows that another replica committed."""

BATCH_ROWS_MAX = 200
BATCH_BYTES_MAX = 8 * 1024 * 1024
BULK_ROWS_MAX = 50
TRIM_EVERY_S = 5
PASSED_OVER_S = 30
"""How long a row whose event cannot be built is left alone before it is tried again."""

PASSED_OVER_MAX = 1000
OVERLAP_ROWS = 1000
"""Rows below the newest that are looked through again on PostgreSQL: a lower number may be committed later there."""

KEPT = timedelta(hours=24)
"""How long relayed rows are kept, in case Redis loses them."""

BULK_OF_SINKS = tuple(map(bulk, SINKS))

Encode = Callable[[AsyncConnection, OutboxRow], Awaitable[bytes | None]]
"""Builds a row's event; None when there is nothing to say any more."""


async def stored_payload(_connection: AsyncConnection, row: OutboxRow) -> bytes:
    """For outboxes whose rows carry their event."""
    assert row.payload is not None, "the row has no payload: the relay needs an `encode` of its own"
    return row.payload


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row with its event; without one there is nothing to send."""

    row: OutboxRow
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class _Bulk:
    """Rows for the bulk streams, and those of them that they go to now."""

    rows: list[OutboxRow]
    streams: tuple[str, ...]
    owed: bool = False
    """Whether the stream was owed them before; else all streams that are not named here are owed them from now on."""


class Relay:
    """Publishes one service's outbox. `trims` names the streams that it trims, where it is their main writer.

    `has_bulk`: its outbox has rows for the bulk streams, and the table `owed` is beside it.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        source: str,
        encode: Encode = stored_payload,
        trims: tuple[str, ...] = (),
        has_bulk: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._source = source
        self._encode = encode
        self._trims = trims
        self._has_bulk = has_bulk
        self._clock = clock or SystemClock()
        self._wakeup = Wakeup()
        self._epoch: Epoch | None = None
        self._last_answer = self._clock.now()
        self._tended_at = float("-inf")
        self._next_house = float("-inf")
        self._leads = False
        self._blocked = False
        self._creditors: set[str] = set()  # the bulk streams that are owed something
        self._away = False
        self._settled = 0  # no row up to this one waits, but for bulk
        self._overlap_rows = OVERLAP_ROWS if database.dialect == "postgresql" else 0
        self._passed_over: dict[int, float] = {}  # row → when it is tried again
        owner = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._lease = Lease(f"relay:{source}", owner, ttl_s=LEASE_S, clock=self._clock)
        database.on_commit(self._wakeup)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; then give the lease back."""
        redis = connect(self._settings.redis_url)
        self._bounds = Bounds(redis, self._settings)
        listener = asyncio.create_task(self._listen())
        try:
            while not stop.is_set():
                try:
                    more = await self._turn(redis)
                except (RedisError, ConnectionError, TimeoutError, SQLAlchemyError) as error:
                    self._say_away(error)
                    await pause(stop, TURN_S)
                    continue
                if not more:
                    await self._rest(stop)
        finally:
            await self._give_up_lease()
            await end(listener)
            await redis.aclose()

    async def _listen(self) -> None:
        """Wake when another process has committed. Our own word is for whoever leads: it would wake us in a circle."""
        while True:
            redis = connect(self._settings.redis_url, tries=0)
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as words:
                    await words.subscribe(wake(self._source))
                    while True:
                        word = await words.get_message(timeout=READ_BLOCK_MS / 1000)
                        if word and word["data"] != self._lease.owner.encode():
                            self._wakeup.set()
            except (RedisError, ConnectionError, TimeoutError):
                await asyncio.sleep(TURN_S)
            finally:
                await redis.aclose()

    def _say_away(self, error: BaseException) -> None:
        """An outage is said once, whatever it is."""
        if not self._away:
            log.warning("relay %s: what is committed waits: %s", self._source, error)
        self._away = True

    async def _give_up_lease(self) -> None:
        try:
            async with self._database.begin(wake=False) as connection:
                await self._lease.release(connection)
        except (SQLAlchemyError, ConnectionError) as error:
            log.info("relay %s: the lease ends by itself: %s", self._source, error)

    async def _rest(self, stop: asyncio.Event) -> None:
        waiting = asyncio.create_task(self._wakeup.wait(TURN_S))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await end(waiting, stopping)

    async def _turn(self, redis: Redis) -> bool:
        """Send one batch. Says whether there may be more at once."""
        rows = await self._next_rows()
        may_lead = self._leads and rows and time.monotonic() - self._tended_at <= TURN_S
        if not may_lead and not await self._tend(redis):
            if rows:
                await redis.publish(wake(self._source), self._lease.owner)
            return False
        if rows:
            return not await self._full(redis, {each.stream for each in rows}) and await self._relay(redis, rows)
        found = await self._next_bulk(redis) if self._has_bulk else None
        return found is not None and await self._relay(redis, found.rows, found)

    async def _next_rows(self) -> list[OutboxRow]:
        """What waits for the live streams, oldest first."""
        now = time.monotonic()
        self._passed_over = {row: until for row, until in self._passed_over.items() if until > now}
        but = tuple(self._passed_over)
        async with self._database.read() as connection:
            newest = await outbox.newest(connection)
            rows = await outbox.waiting(connection, BATCH_ROWS_MAX, after=self._settled, but=but)
        if not rows and not but:
            self._settled = max(0, newest - self._overlap_rows)
        return rows

    async def _next_bulk(self, redis: Redis) -> _Bulk | None:
        """What a stream with room was owed before, else what waits for all of them."""
        but = tuple(self._passed_over)
        async with self._database.read() as connection:
            rows = await outbox.waiting(connection, BULK_ROWS_MAX, bulk=True, but=but)
        if not rows and not self._creditors:
            return None
        full = await self._bounds.full(BULK_OF_SINKS)
        for stream in set(full) & set(self._trims):
            await trim(redis, stream)
        room = tuple(each for each in BULK_OF_SINKS if each not in full)
        for stream in self._creditors.intersection(room):
            async with self._database.read() as connection:
                if older := await owed.next_owed(connection, stream, BULK_ROWS_MAX, but=but):
                    return _Bulk(older, (stream,), owed=True)
            if not but:
                self._creditors.discard(stream)
        return _Bulk(rows, room) if rows and room else None

    async def _relay(self, redis: Redis, rows: list[OutboxRow], bulk_rows: _Bulk | None = None) -> bool:
        ready = await self._build(rows)
        if not ready:
            return len(self._passed_over) < PASSED_OVER_MAX
        return await self._send(redis, ready, bulk_rows)

    async def _tend(self, redis: Redis) -> bool:
        """Hold the lease, see that Redis still has what it was given, trim. Says whether we lead."""
        if time.monotonic() - self._tended_at < TURN_S * 0.9:
            return self._leads
        async with self._database.begin(wake=False) as connection:
            took = await self._lease.take(connection)
            if took and not self._leads:
                self._epoch = Epoch.parse(await self._lease.note(connection))
                self._creditors = set(await owed.count_owed(connection) if self._has_bulk else ())
                self._settled = 0
        self._leads = took
        self._tended_at = time.monotonic()
        if not took:
            return False
        epoch, now = await current_epoch(redis), self._clock.now()
        if epoch != self._epoch:
            await self._recover(epoch, now)
        self._last_answer = now
        if self._away:
            log.warning("relay %s: goes on", self._source)
        self._away = False
        await self._keep_house(redis, now)
        return True

    async def _recover(self, epoch: Epoch, now: datetime) -> None:
        since = lost_since(self._epoch, epoch, last_answer=self._last_answer, now=now)
        async with self._database.begin() as connection:
            again = await outbox.send_again(connection, relayed_after=since) if since else 0
            await self._lease.write_note(connection, str(epoch))
        self._epoch = epoch
        self._settled = 0
        if again:
            metrics.RESENT.labels(self._source).inc(again)
            log.warning("relay %s: Redis lost entries; %d events are sent again", self._source, again)

    async def _keep_house(self, redis: Redis, now: datetime) -> None:
        if time.monotonic() < self._next_house:
            return
        self._next_house = time.monotonic() + TRIM_EVERY_S
        self._settled = 0
        for stream in self._trims:
            await trim(redis, stream)
        async with self._database.begin(wake=False) as connection:
            await outbox.forget(connection, relayed_before=now - KEPT)

    async def _full(self, redis: Redis, streams: set[str]) -> bool:
        """Whether a stream is at its bound: then the rest waits in SQL, and a dead group cannot fill Redis."""
        full = await self._bounds.full(streams)
        if full:
            for stream in set(full) & set(self._trims):
                await trim(redis, stream)
            if not self._blocked:
                log.warning("relay %s: %s at its bound; what is committed waits", self._source, ", ".join(full))
        self._blocked = bool(full)
        metrics.RELAY_BLOCKED.labels(self._source).set(self._blocked)
        return self._blocked

    async def _build(self, rows: list[OutboxRow]) -> list[_Ready]:
        """The events of the first of these rows, up to a batch's bytes. A row that cannot be built is passed over."""
        ready: list[_Ready] = []
        size = 0
        async with self._database.read() as connection:
            for row in rows:
                try:
                    payload = await self._encode(connection, row)
                except SQLAlchemyError:
                    raise
                except Exception:
                    log.exception("relay %s: the event of %s cannot be built", self._source, row.article_id)
                    self._passed_over[row.id] = time.monotonic() + PASSED_OVER_S
                    continue
                ready.append(_Ready(row, payload))
                size += len(payload or b"")
                if size > BATCH_BYTES_MAX:
                    break
        metrics.RELAY_PASSED_OVER.labels(self._source).set(len(self._passed_over))
        return ready

    async def _send(self, redis: Redis, ready: list[_Ready], bulk_rows: _Bulk | None) -> bool:
        into = {each.row.id: bulk_rows.streams if bulk_rows else (each.row.stream,) for each in ready if each.payload}
        async with redis.pipeline(transaction=False) as pipe:
            for each in ready:
                for stream in into.get(each.row.id, ()):
                    pipe.xadd(stream, {FIELD: each.payload or b""})
                    self._bounds.took(stream, len(each.payload or b""))
            answers = iter(await pipe.execute())
        stream_ids = {row: [next(answers).decode() for _ in streams] for row, streams in into.items()}
        rows = [each.row.id for each in ready]
        async with self._database.begin(wake=False) as connection:
            if not await self._lease.take(connection):
                self._leads = False  # another relay has taken over and will send these again: repeats are no-ops
                return False
            now = self._clock.now()
            if bulk_rows and bulk_rows.owed:
                await owed.pay(connection, bulk_rows.streams[0], rows, now)
            else:
                sent = [(row, stream_ids[row][0] if row in stream_ids else None) for row in rows]
                await outbox.mark_relayed(connection, sent, now)
            if bulk_rows and not bulk_rows.owed and (without := set(BULK_OF_SINKS).difference(bulk_rows.streams)):
                await owed.owe(connection, without, rows)
                self._owe(without)
        metrics.RELAYED.labels(self._source).inc(len(rows))
        return True

    def _owe(self, streams: set[str]) -> None:
        if new := sorted(streams - self._creditors):
            log.info("relay %s: %s at its bound; it is owed what comes", self._source, ", ".join(new))
        self._creditors |= streams

    _bounds: Bounds
