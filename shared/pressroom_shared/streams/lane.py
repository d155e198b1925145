"""One stream as one group's consumer reads it: entries come in, are worked on in bounded numbers, get their fate.

A lane may be told to work several entries in one unit of work. When one of them fails, nothing of the unit is kept,
and each is worked on alone, so that each has its own fate.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

from pressroom_shared.clock import Clock
from pressroom_shared.courtesy import Courtesy
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.acks import Acks
from pressroom_shared.streams.client import RedisError
from pressroom_shared.streams.entries import Entry, Raw, read_entry
from pressroom_shared.streams.failures import Busy, Poison, Transient
from pressroom_shared.streams.fates import Fates
from pressroom_shared.streams.groups import ensure_group, unread
from pressroom_shared.streams.heart import Heart
from pressroom_shared.streams.reader import Reader
from pressroom_shared.streams.retries import park
from pressroom_shared.streams.scripts import remove_consumer
from pressroom_shared.streams.sweeper import Sweeper
from pressroom_shared.tasks import end

log = logging.getLogger(__name__)

LOOK_S = 0.05
"""How often a lane that must wait for another looks again."""

DoWork = Callable[[Sequence[Entry]], Awaitable[None]]
"""One unit of work for these entries: the effects of all are committed, or it raises and none is."""


_BULK: ContextVar[bool] = ContextVar("bulk", default=False)


def is_bulk() -> bool:
    """Whether what is being handled came by a bulk stream: nobody waits for it."""
    return _BULK.get()


@dataclass(frozen=True, slots=True)
class Place:
    """Who reads what."""

    stream: str
    group: str
    consumer: str


class Lane:
    """Reads one stream with `workers` units of work at once, each of up to `batch` entries."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        place: Place,
        work: DoWork,
        *,
        workers: int,
        batch: int,
        clock: Clock,
        courtesy: Courtesy,
        may_read: Callable[[], Awaitable[bool]] | None = None,
        shares: bool = False,
    ) -> None:
        """`may_read` makes it a bulk lane: it waits for another to be idle, and rests while news comes. If it `shares`,
        it takes less at once then."""
        self.place = place
        self.handled = 0
        self._redis = redis
        self._settings = settings
        self._work = work
        self._workers = workers
        self._batch = batch
        self._clock = clock
        self._may_read = may_read
        self._shares = shares
        self._courtesy = courtesy
        self._slots = asyncio.Semaphore(workers)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()  # ids that were read and whose fate is not written yet
        self._leaving = False
        self._fates = Fates(redis, settings, place.stream, place.group, place.consumer, clock=clock)
        self._acks = Acks(redis, place.stream, place.group, self._held)
        self._sweeper = Sweeper(redis, settings, place.stream, place.group, place.consumer, held=self._held)
        self._reader = Reader(
            settings,
            stream=place.stream,
            group=place.group,
            consumer=place.consumer,
            entries_max=max(workers, batch),
            deliver=self._deliver,
        )

    @property
    def reading(self) -> bool:
        return self._reader.running

    async def watch(self, heart: Heart) -> None:
        """One turn: the group is there, the reader runs, nobody's work is taken up. Raises what Redis raises."""
        place = self.place
        if await ensure_group(self._redis, place.stream, place.group, self._clock) and self._reader.started_once:
            log.warning("%s: the group was gone from %s and has been made again", place.group, place.stream)
        if not self._reader.running:
            await self._reader.restart()
        free = self._workers - len(self._tasks)
        if free > 0 and await self._may_go_on():
            for claimed in await self._sweeper.claim(heart, free):
                metrics.RECLAIMED.labels(place.group).inc()
                await self._start(
                    [read_entry(claimed.id, claimed.fields, read_at=self._clock.now(), deliveries=claimed.deliveries)]
                )
        await self._sweeper.remove_forgotten(heart)

    async def is_idle(self) -> bool:
        """Whether there is nothing in hand here and nothing that the group has not read."""
        return not self._held and await unread(self._redis, self.place.stream, self.place.group) == 0

    async def _may_go_on(self) -> bool:
        """Whether nothing else comes first. While Redis does not answer, nobody can tell."""
        try:
            return self._may_read is None or await self._may_read()
        except (RedisError, ConnectionError, TimeoutError):
            return False

    async def _deliver(self, raw: Raw) -> None:
        """Take what was read. Returns only when each entry has a worker, so that no more is read meanwhile."""
        now = self._clock.now()
        waiting = [read_entry(entry_id, fields, read_at=now) for entry_id, fields in raw]
        self._held.update(entry.id for entry in waiting)
        try:
            while waiting:
                while not await self._may_go_on():  # noqa: ASYNC110  # Redis tells nobody that it is idle
                    await asyncio.sleep(LOOK_S)
                count = self._courtesy.at_once(self._batch) if self._shares else self._batch
                await self._start(waiting[:count])
                del waiting[:count]
        finally:
            self._held.difference_update(entry.id for entry in waiting)

    async def _start(self, entries: list[Entry]) -> None:
        self._held.update(entry.id for entry in entries)
        await self._slots.acquire()
        task = asyncio.create_task(self._handle(entries))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _handle(self, entries: list[Entry]) -> None:
        """Handle entries and write the fate of each."""
        started = time.perf_counter()
        if self._may_read is None:
            with self._courtesy.news():
                await self._handle_all(entries)
        else:
            _BULK.set(True)
            await self._handle_all(entries)
            await self._courtesy.rest(time.perf_counter() - started)

    async def _handle_all(self, entries: list[Entry]) -> None:
        started = time.perf_counter()
        if len(entries) == 1 or not await self._together(entries):
            for entry in entries:
                await self._alone(entry)
        metrics.HANDLING_SECONDS.labels(self.place.group).observe(time.perf_counter() - started)

    async def _together(self, entries: list[Entry]) -> bool:
        """All in one unit of work. False when that failed, for whatever reason: then each is tried alone."""
        if any(entry.poison for entry in entries):
            return False
        try:
            async with asyncio.timeout(self._settings.streams_handler_timeout_s):
                await self._work(entries)
        except asyncio.CancelledError:
            if self._leaving:
                raise
            return False
        except Exception as error:  # noqa: BLE001  # each entry's own error is met when it is tried alone
            log.debug("%s: %d entries are handled one by one: %s", self.place.group, len(entries), error)
            return False
        for entry in entries:
            self._done(entry)
        return True

    async def _alone(self, entry: Entry) -> None:
        try:
            await self._decide(entry)
        except Exception as error:  # noqa: BLE001  # the fate could not be written: it is pending, and is taken up again
            log.warning("%s: entry %s stays pending: %s", self.place.group, entry.id, error)
            self._held.discard(entry.id)

    async def _decide(self, entry: Entry) -> None:
        """Work on one entry, and write its fate. Raises what Redis raises when the fate cannot be written."""
        limit_s = self._settings.streams_handler_timeout_s
        failure: BaseException
        counted = True
        limit = asyncio.timeout(limit_s)
        try:
            async with limit:
                await self._work([entry])
        except Poison as error:
            await self._fates.bury(entry, error)
            self._held.discard(entry.id)
            return
        except Busy as error:
            failure, counted = error, False
        except asyncio.CancelledError:
            if self._leaving:
                raise
            failure = Transient("The handler was cancelled from inside.")
        except Exception as error:  # noqa: BLE001  # whatever else a handler raises has the fate of `Transient`
            failure = Transient(f"It was not finished after {limit_s:g} s.") if limit.expired() else error
        else:
            self._done(entry)
            return
        await self._fates.retry(entry, failure, counted=counted)
        self._held.discard(entry.id)

    def _done(self, entry: Entry) -> None:
        self.handled += 1
        self._acks.add(entry.id)
        metrics.HANDLED.labels(self.place.group, "done").inc()

    async def finish(self, timeout_s: float) -> None:
        """Read no more, and finish what is in hand. What is not finished in time is given up; it is still pending."""
        await self._reader.stop()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=timeout_s)
        self._leaving = True
        await end(*self._tasks)

    async def hand_back(self) -> None:
        """Send the acks; leave nothing pending under a name that nobody will use again. Raises what Redis raises."""
        place = self.place
        await self._acks.flush()
        while pending := await self._redis.xpending_range(place.stream, place.group, "-", "+", 100, place.consumer):
            for each in cast("list[dict[str, Any]]", pending):
                await park(
                    self._redis,
                    place.stream,
                    place.group,
                    place.consumer,
                    each["message_id"].decode(),
                    deliveries=each["times_delivered"],
                    counted=False,
                )
        await remove_consumer(self._redis, place.stream, group=place.group, consumer=place.consumer)
