"""One reader of a stream, alone in its process: reads so many entries, then says what that cost.

`python -m tests.bench.stream_reader KIND REDIS_URL COUNT`; kinds: raw, raw-each, faststream, faststream-batch, the last
two with `-watched` (which needs opentelemetry-sdk), and ours with `1`, `10` or `batch` at once. COUNT 0 reads nothing,
for `IDLE_S` seconds: the cost of being idle.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from pressroom_shared.events import Outcome, OutcomeReported
from pressroom_shared.keys import FIELD, OUTCOMES
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer
from pressroom_shared.streams.client import connect

GROUP = "receipts"
COUNT_A_READ = 100
IDLE_S = 10


class Tally:
    """Counts, and knows when it is enough."""

    def __init__(self, wanted: int) -> None:
        self.seen = 0
        self.done = asyncio.Event()
        self._wanted = wanted

    def add(self, count: int = 1) -> None:
        self.seen += count
        if self.seen >= self._wanted:
            self.done.set()


async def raw(url: str, tally: Tally, *, ack_each: bool = False) -> None:
    """redis-py alone: COUNT 100, and one XACK a batch or an entry."""
    redis: Any = connect(url)
    while not tally.done.is_set():
        for _, entries in await redis.xreadgroup(GROUP, "raw", {OUTCOMES: ">"}, count=COUNT_A_READ, block=1000) or ():
            for entry_id, fields in entries:
                OutcomeReported.model_validate_json(fields[FIELD.encode()])
                if ack_each:
                    await redis.xack(OUTCOMES, GROUP, entry_id)
            if not ack_each:
                await redis.xack(OUTCOMES, GROUP, *[entry_id for entry_id, _ in entries])
            tally.add(len(entries))
    await redis.aclose()


async def faststream(url: str, tally: Tally, *, batch: bool, watched: bool = False) -> None:
    """FastStream as it comes; `watched`, with the metrics and traces that it brings for them."""
    from faststream.redis import RedisBroker, StreamSub

    broker = RedisBroker(url, log_level=logging.WARNING, middlewares=middlewares() if watched else ())
    stream = StreamSub(OUTCOMES, group=GROUP, consumer="faststream", batch=batch, max_records=COUNT_A_READ)

    async def take(event: OutcomeReported) -> None:
        tally.add()

    async def take_all(events: list[OutcomeReported]) -> None:
        tally.add(len(events))

    broker.subscriber(stream=stream)(take_all if batch else take)
    await broker.start()
    await tally.done.wait()
    await broker.stop()


def middlewares() -> tuple[Any, ...]:
    """FastStream's own for Prometheus and OpenTelemetry, with a real tracer and no exporter."""
    from faststream.redis.opentelemetry import RedisTelemetryMiddleware
    from faststream.redis.prometheus import RedisPrometheusMiddleware
    from opentelemetry.sdk.trace import TracerProvider  # type: ignore[import-not-found,unused-ignore]
    from prometheus_client import CollectorRegistry

    return (
        RedisPrometheusMiddleware(registry=CollectorRegistry()),
        RedisTelemetryMiddleware(tracer_provider=TracerProvider()),
    )


class Nothing:
    """Work that touches nothing."""

    @property
    def outcomes(self) -> Nothing:
        return self

    async def add(self, outcome: Outcome) -> None:
        raise AssertionError(f"nothing is said of an outcome: {outcome}")


@asynccontextmanager
async def nothing() -> AsyncIterator[Nothing]:
    yield Nothing()


async def ours(url: str, tally: Tally, *, workers: int, batch: int) -> None:
    settings = Settings(redis_url=url, data_dir=Path(), streams_workers=workers)
    consumer: Consumer[Nothing] = Consumer(
        settings, group=GROUP, stream=OUTCOMES, unit_of_work=nothing, batch_max=batch
    )

    async def take(_event: OutcomeReported, _work: Nothing) -> None:
        tally.add()

    consumer.on(OutcomeReported, take)
    await consumer.run(tally.done)


KINDS: dict[str, Callable[[str, Tally], Any]] = {
    "raw": raw,
    "raw-each": lambda url, tally: raw(url, tally, ack_each=True),
    "faststream": lambda url, tally: faststream(url, tally, batch=False),
    "faststream-batch": lambda url, tally: faststream(url, tally, batch=True),
    "faststream-watched": lambda url, tally: faststream(url, tally, batch=False, watched=True),
    "faststream-batch-watched": lambda url, tally: faststream(url, tally, batch=True, watched=True),
    "1": lambda url, tally: ours(url, tally, workers=1, batch=1),
    "10": lambda url, tally: ours(url, tally, workers=10, batch=1),
    "batch": lambda url, tally: ours(url, tally, workers=1, batch=COUNT_A_READ),
}


def spent_s() -> float:
    used = os.times()
    return used.user + used.system


async def measure(kind: str, url: str, count: int) -> dict[str, float]:
    """What reading `count` entries cost this process."""
    tally = Tally(count or sys.maxsize)
    if not count:
        reading = asyncio.create_task(KINDS[kind](url, tally))
        await asyncio.sleep(2)  # until it has begun; what is measured is a time of idleness
        before = spent_s()
        await asyncio.sleep(IDLE_S)
        idle = (spent_s() - before) / IDLE_S
        tally.done.set()
        await reading
        return {"idle_core": idle, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    before, started = spent_s(), time.perf_counter()
    await KINDS[kind](url, tally)
    took, spent = time.perf_counter() - started, spent_s() - before
    return {"a_second": count / took, "cpu_us": spent / count * 1e6}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(measure(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
