"""What tests of the stream layer share: a sink that keeps what it was given, a consumer that runs for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pressroom_shared.events import ArticlePublished, Event, Outcome
from pressroom_shared.keys import ARTICLES, FIELD
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer


@dataclass
class Log:
    """A sink that keeps what it was given."""

    seen: list[str] = field(default_factory=list)
    outcomes_added: list[Outcome] = field(default_factory=list)

    @property
    def outcomes(self) -> Log:
        return self

    async def add(self, outcome: Outcome) -> None:
        self.outcomes_added.append(outcome)

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Log]:
        """All or nothing, as a transaction is."""
        before = list(self.seen)
        try:
            yield self
        except BaseException:
            self.seen[:] = before
            raise


def settings(redis_url: str, tmp_path: Path, **more: Any) -> Settings:
    quick = {"streams_sweep_s": 0.05, "streams_backoff_base_s": 0.02, "streams_stop_s": 2, "streams_deliveries_max": 3}
    return Settings(redis_url=redis_url, data_dir=tmp_path, **(quick | more))


async def publish(redis: Any, event: Event, stream: str = ARTICLES) -> str:
    return str((await redis.xadd(stream, {FIELD: event.encode()})).decode())


async def pending(redis: Any, group: str = "search", stream: str = ARTICLES) -> int:
    return int((await redis.xpending(stream, group))["pending"])


async def nothing_pending(redis: Any, group: str = "search", stream: str = ARTICLES) -> bool:
    return await pending(redis, group, stream) == 0


@asynccontextmanager
async def running(consumer: Consumer[Any]) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, timeout=10)


def consumer_of(
    log: Log, settings: Settings, handle: Callable[[ArticlePublished, Log], Any], **more: Any
) -> Consumer[Log]:
    consumer: Consumer[Log] = Consumer(settings, group="search", unit_of_work=log.unit, **more)
    consumer.on(ArticlePublished, handle)
    return consumer


async def keep(event: ArticlePublished, log: Log) -> None:
    log.seen.append(event.data.id)
