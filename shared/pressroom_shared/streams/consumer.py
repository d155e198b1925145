"""A consumer of one group: FastStream reads and dispatches; here is what it does not do.

An entry is acked only after its effect is committed. One that fails waits and comes again; one that will never work
is dead-lettered at once; neither holds up the next. What a dead process left is taken over by whoever lives. What is
in the group's bulk stream is read only while the live one has nothing for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Protocol, TypeVar

from redis.asyncio import Redis

from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.courtesy import Courtesy
from pressroom_shared.events import Event, Outcome
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, bulk
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.entries import Entry
from pressroom_shared.streams.heart import Heart
from pressroom_shared.streams.lane import Lane, Place
from pressroom_shared.streams.status import expose, status_of
from pressroom_shared.tasks import end
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

QUIET_S_MAX = 5
"""How long Redis may be silent before the process says that it is not ready."""

SHOWN_EVERY_S = 5
"""How old the gauges may be."""

HAND_BACK_S = 2
"""How long a stopping consumer tries to give its entries back; a sibling takes them over anyway, a little later."""


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
    """Reads one stream for one group and hands each event to its handler, up to `streams_workers` at once.

    `batch_max` above 1 lets one unit of work take that many events, for sinks whose commit costs more than the work:
    all of the unit must be undone when it fails, for then each event is handled alone. `bulk_batch_max` is the same
    for what came in bulk, where it shall be less: what is live waits for such a unit to end. `bulk_shares` makes it
    still less while news comes (`Courtesy.at_once`), for sinks whose units wait for each other.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        unit_of_work: UnitOfWork[WorkT],
        stream: str = ARTICLES,
        clock: Clock | None = None,
        batch_max: int = 1,
        bulk_batch_max: int | None = None,
        bulk_shares: bool = False,
        courtesy: Courtesy | None = None,
    ) -> None:
        self.group = group
        self.stream = stream
        self.name = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._settings = settings
        self._unit_of_work = unit_of_work
        self._clock = clock or SystemClock()
        self._batch_max = batch_max
        self._bulk_batch_max = bulk_batch_max or batch_max
        self._bulk_shares = bulk_shares
        self._handlers: dict[type[Event], Handler[Any, WorkT]] = {}
        self._courtesy = courtesy or Courtesy(settings.bulk_rests)
        self._heart: Heart | None = None
        self._live: Lane | None = None
        self._away = False
        self._redis: Redis | None = None
        self._shown_next = float("-inf")

    def on(self, event_type: type[EventT], handler: Handler[EventT, WorkT]) -> None:
        """Handle one type of event. Types without a handler are acked: they are for other groups."""
        self._handlers[event_type] = handler

    def not_ready(self) -> str | None:
        """None while the group is being read; else a sentence why not."""
        if self._heart is None or self._heart.beaten_at is None or self._live is None:
            return f"The group {self.group} is not being read yet: Redis has not answered."
        quiet_s = time.monotonic() - self._heart.beaten_at
        if quiet_s > QUIET_S_MAX:
            return f"The group {self.group} is not being read: Redis has not answered for {quiet_s:.0f} s."
        return None if self._live.reading else f"The group {self.group} is not being read at this moment."

    async def run(self, stop: asyncio.Event) -> None:
        """Read and handle until `stop`; then finish what is in hand, give back the rest, and leave."""
        redis = self._redis = connect(self._settings.redis_url)
        lanes = self._lanes(redis)
        self._live = lanes[0]
        heart = Heart(redis, group=self.group, consumer=self.name, handled=lambda: sum(lane.handled for lane in lanes))
        self._heart = heart
        ending = asyncio.Event()
        stopping = asyncio.create_task(stop.wait())
        keeping = [asyncio.create_task(self._keep(lane, heart, ending)) for lane in lanes]
        beating = asyncio.create_task(heart.run())
        try:
            await asyncio.wait({stopping, beating, *keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.set()
            ended = await end(stopping, *keeping)
            await self._leave(lanes, heart, beating)
            await redis.aclose()
        for error in ended:
            raise error

    def _lanes(self, redis: Redis) -> list[Lane]:
        settings, name = self._settings, self.name
        live = Lane(
            redis,
            settings,
            Place(self.stream, self.group, name),
            self._work,
            workers=settings.streams_workers if self._batch_max == 1 else 1,
            batch=self._batch_max,
            clock=self._clock,
            courtesy=self._courtesy,
        )
        bulky = Lane(
            redis,
            settings,
            Place(bulk(self.group), self.group, name),
            self._work,
            workers=settings.streams_bulk_workers if self._batch_max == 1 else 1,
            batch=self._bulk_batch_max,
            clock=self._clock,
            courtesy=self._courtesy,
            may_read=live.is_idle,
            shares=self._bulk_shares,
        )
        return [live, bulky]

    async def _keep(self, lane: Lane, heart: Heart, ending: asyncio.Event) -> None:
        """Watch over one lane. An outage of Redis is said once, and its end.

        It is cancelled at the end, for it may be waiting for Redis; FastStream's start may swallow that.
        """
        while not ending.is_set():
            try:
                if heart.beaten_at is None:
                    await heart.beat()
                await lane.watch(heart)
                await self._show()
            except (RedisError, ConnectionError, TimeoutError) as error:
                if not self._away:
                    log.warning("%s: Redis does not answer (%s); trying until it does", self.group, error)
                self._away = True
            else:
                if self._away:
                    log.warning("%s: Redis answers again", self.group)
                self._away = False
            await pause(ending, self._settings.streams_sweep_s)

    async def _show(self) -> None:
        """Refresh the group's gauges, now and then."""
        if time.monotonic() >= self._shown_next and self._redis is not None:
            self._shown_next = time.monotonic() + SHOWN_EVERY_S
            expose(await status_of(self._redis, self.stream, self.group))

    async def _work(self, entries: Sequence[Entry]) -> None:
        """One unit of work: the effects and their outcomes are committed together, or none is."""
        for entry in entries:
            if entry.poison is not None:
                raise entry.poison
        known = [
            (handler, entry.event)
            for entry in entries
            if entry.event is not None and (handler := self._handlers.get(type(entry.event))) is not None
        ]
        if not known:
            return
        async with self._unit_of_work() as work:
            for handler, event in known:
                outcome = await handler(event, work)
                if outcome is not None:
                    if outcome.status == "stale":
                        metrics.STALE.labels(self.group).inc()
                    await work.outcomes.add(outcome)

    async def _leave(self, lanes: list[Lane], heart: Heart, beating: asyncio.Task[None]) -> None:
        """Stop reading and finish what is in hand; what cannot be finished goes to a sibling at once.

        The heart beats meanwhile, for what is in hand is nobody else's yet.
        """
        await asyncio.gather(*(lane.finish(self._settings.streams_stop_s) for lane in lanes))
        await end(beating)
        with contextlib.suppress(RedisError, ConnectionError, TimeoutError):
            async with asyncio.timeout(HAND_BACK_S):
                for lane in lanes:
                    await lane.hand_back()
                await heart.stop()
