"""A consumer of one group: FastStream reads and dispatches; here is what it does not do.

An entry is acked only after its effect is committed. One that fails waits and comes again; one that will never work
is dead-lettered at once; neither holds up the next. What a dead process left is taken over by whoever lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Protocol, TypeVar, cast

from redis.asyncio import Redis

from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.events import Event, Outcome
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.acks import Acks
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.entries import Entry, Raw, read_entry
from pressroom_shared.streams.failures import Busy, Poison, Transient
from pressroom_shared.streams.fates import Fates
from pressroom_shared.streams.groups import ensure_group
from pressroom_shared.streams.reader import Reader
from pressroom_shared.streams.retries import park
from pressroom_shared.streams.sweeper import Sweeper
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

QUIET_S_MAX = 5
"""How long Redis may be silent before the process says that it is not ready."""


class OutcomeSink(Protocol):
    async def add(self, outcome: Outcome) -> None: ...


class Work(Protocol):
    """What a handler may touch, bound to one transaction. Services extend it."""

    @property
    def outcomes(self) -> OutcomeSink: ...


WorkT = TypeVar("WorkT", bound=Work)
EventT = TypeVar("EventT", bound=Event)
Handler = Callable[[EventT, WorkT], Awaitable[Outcome | None]]
UnitOfWork = Callable[[], AbstractAsyncContextManager[WorkT]]


class Consumer(Generic[WorkT]):
    """Reads one stream for one group and hands each event to its handler, up to `streams_workers` at once."""

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        unit_of_work: UnitOfWork[WorkT],
        stream: str = ARTICLES,
        clock: Clock | None = None,
    ) -> None:
        self.group = group
        self.stream = stream
        self.name = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._settings = settings
        self._unit_of_work = unit_of_work
        self._clock = clock or SystemClock()
        self._handlers: dict[type[Event], Handler[Any, WorkT]] = {}
        self._slots = asyncio.Semaphore(settings.streams_workers)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: set[str] = set()  # ids that were read and whose fate is not written yet
        self._leaving = False
        self._answered_at: float | None = None

    def on(self, event_type: type[EventT], handler: Handler[EventT, WorkT]) -> None:
        """Handle one type of event. Types without a handler are acked: they are for other groups."""
        self._handlers[event_type] = handler

    def not_ready(self) -> str | None:
        """None while the group is being read; else a sentence why not."""
        if self._answered_at is None:
            return f"The group {self.group} is not being read yet: Redis has not answered."
        quiet_s = time.monotonic() - self._answered_at
        if quiet_s > self._settings.streams_sweep_s + QUIET_S_MAX:
            return f"The group {self.group} is not being read: Redis has not answered for {quiet_s:.0f} s."
        return None

    async def run(self, stop: asyncio.Event) -> None:
        """Read and handle until `stop`; then finish what is in hand, give back the rest, and leave."""
        settings = self._settings
        self._redis = connect(settings.redis_url)
        self._fates = Fates(self._redis, settings, stream=self.stream, group=self.group, clock=self._clock)
        self._acks = Acks(self._redis, self.stream, self.group, self._held)
        sweeper = Sweeper(self._redis, settings, self.stream, self.group, self.name, held=self._held)
        reader = Reader(settings, stream=self.stream, group=self.group, consumer=self.name, deliver=self._deliver)
        try:
            while not stop.is_set():
                try:
                    await self._watch(reader, sweeper)
                except (RedisError, OSError) as error:
                    log.warning("%s: Redis does not answer (%s); trying again", self.group, error)
                await pause(stop, settings.streams_sweep_s)
        finally:
            await self._leave(reader)
            await self._redis.aclose()

    async def _watch(self, reader: Reader, sweeper: Sweeper) -> None:
        """One turn: the group is there, the reader runs, nobody's work is taken up, the numbers are fresh."""
        await sweeper.beat()
        if await ensure_group(self._redis, self.stream, self.group) and reader.started_once:
            log.warning("%s: the group was gone from Redis and has been made again at entry 0", self.group)
        if not reader.running:
            await reader.restart()
        async for claimed in sweeper.claim(limit=self._settings.streams_workers):
            metrics.RECLAIMED.labels(self.group).inc()
            await self._start(
                read_entry(claimed.id, claimed.fields, read_at=self._clock.now(), deliveries=claimed.deliveries)
            )
        await sweeper.remove_forgotten()
        await sweeper.count()
        self._answered_at = time.monotonic()

    async def _deliver(self, raw: Raw) -> None:
        """Take what was read. Returns only when each entry has a worker, so that no more is read meanwhile."""
        now = self._clock.now()
        self._held.update(entry_id.decode() for entry_id, _ in raw)
        for entry_id, fields in raw:
            await self._start(read_entry(entry_id, fields, read_at=now))

    async def _start(self, entry: Entry) -> None:
        self._held.add(entry.id)
        await self._slots.acquire()
        task = asyncio.create_task(self._handle(entry))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _handle(self, entry: Entry) -> None:
        """Handle one entry and write its fate."""
        started = time.perf_counter()
        try:
            await self._decide(entry)
        except (RedisError, OSError) as error:
            # The fate could not be written. The entry stays pending with us, and the sweeper takes it up again.
            log.warning("%s: entry %s waits, Redis does not answer: %s", self.group, entry.id, error)
            self._held.discard(entry.id)
        metrics.HANDLING_SECONDS.labels(self.group).observe(time.perf_counter() - started)

    async def _decide(self, entry: Entry) -> None:
        limit_s = self._settings.streams_handler_timeout_s
        failure: BaseException
        counted = True
        try:
            async with asyncio.timeout(limit_s):
                await self._work(entry)
        except Poison as error:
            await self._fates.bury(entry, error)
            self._held.discard(entry.id)
            return
        except Busy as error:
            failure, counted = error, False
        except TimeoutError:
            failure = Transient(f"It was not finished after {limit_s:g} s.")
        except asyncio.CancelledError:
            if self._leaving:
                raise
            failure = Transient("The handler was cancelled from inside.")
        except Exception as error:  # noqa: BLE001  # whatever else a handler raises has the fate of `Transient`
            failure = error
        else:
            self._acks.add(entry.id)
            metrics.HANDLED.labels(self.group, "done").inc()
            return
        await self._fates.retry(entry, failure, counted=counted)
        self._held.discard(entry.id)

    async def _work(self, entry: Entry) -> None:
        """One unit of work: the effect and its outcome are committed together, or neither is."""
        if entry.poison is not None:
            raise entry.poison
        assert entry.event is not None
        handler = self._handlers.get(type(entry.event))
        if handler is None:
            return
        async with self._unit_of_work() as work:
            outcome = await handler(entry.event, work)
            if outcome is not None:
                if outcome.status == "stale":
                    metrics.STALE.labels(self.group).inc()
                await work.outcomes.add(outcome)

    async def _leave(self, reader: Reader) -> None:
        """Stop reading and finish what is in hand; what cannot be finished goes to a sibling at once."""
        await reader.stop()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self._settings.streams_stop_s)
        self._leaving = True
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self._acks.flush()
            await self._hand_back()

    async def _hand_back(self) -> None:
        """Leave nothing pending under a name that nobody will use again."""
        while pending := await self._redis.xpending_range(self.stream, self.group, "-", "+", 100, self.name):
            for each in cast("list[dict[str, Any]]", pending):
                entry_id, deliveries = each["message_id"].decode(), each["times_delivered"]
                await park(self._redis, self.stream, self.group, entry_id, deliveries=deliveries, counted=False)
        await self._redis.xgroup_delconsumer(self.stream, self.group, self.name)

    _redis: Redis
    _acks: Acks
    _fates: Fates
