"""`make bench ONLY=streams`: what the stream layer costs, against redis-py alone and plain FastStream, in one run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pressroom_shared.clock import SystemClock
from pressroom_shared.events import Outcome, OutcomeReported
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, FIELD, OUTCOMES
from pressroom_shared.outbox import outcome_event
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.status import all_statuses
from tests.bench.report import Report, Table, percentile
from tests.bench.stream_reader import GROUP, KINDS, Nothing, nothing
from tests.servers import LocalRedis

NAMES = {
    "raw": "redis-py, COUNT 100, an XACK a batch",
    "raw-each": "redis-py, COUNT 100, an XACK an entry",
    "faststream": "FastStream",
    "faststream-batch": "FastStream, batch=True",
    "1": "Pressroom, 1 at once",
    "10": "Pressroom, 10 at once",
    "batch": "Pressroom, 100 a unit of work",
}


def event() -> OutcomeReported:
    outcome = Outcome(
        service="pages",
        article_id=new_id(),
        version=1795435200000000,
        status="done",
        at=SystemClock().now(),
        took_ms=42,
    )
    return outcome_event(outcome, "/pages")


async def fill(redis: Any, count: int) -> None:
    """So many events that nobody has read, for a group that is at the beginning."""
    await redis.flushall()
    await redis.xgroup_create(OUTCOMES, GROUP, id="0", mkstream=True)
    payload = event().encode()
    for start in range(0, count, 1000):
        async with redis.pipeline(transaction=False) as pipe:
            for _ in range(min(1000, count - start)):
                pipe.xadd(OUTCOMES, {FIELD: payload})
            await pipe.execute()


async def read_by(kind: str, url: str, count: int) -> dict[str, float]:
    words = [sys.executable, "-m", "tests.bench.stream_reader", kind, url, str(count)]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


async def throughput(redis: Any, url: str, count: int) -> Table:
    rows: list[list[str | int | float]] = []
    base: dict[str, float] = {}
    for kind in KINDS:
        wanted = count if kind in {"raw", "batch", "faststream-batch"} else count // 4
        await fill(redis, wanted)
        found = await read_by(kind, url, wanted)
        base = base or found
        ratio = found["a_second"] / base["a_second"], base["cpu_us"] / found["cpu_us"]
        rows.append([NAMES[kind], int(found["a_second"]), found["cpu_us"], *ratio])
    columns = ["reader", "a second", "CPU µs an event", "speed to raw", "CPU to raw"]
    return Table("Consuming: higher ratios are better, raw redis-py is 1", columns, rows)


async def latency(redis: Any, url: str, count: int) -> Table:
    """From XADD to the handler, one event at a time."""
    await redis.flushall()
    arrived: dict[str, float] = {}
    heard = asyncio.Event()
    consumer: Consumer[Nothing] = Consumer(
        Settings(redis_url=url, data_dir=Path()), group=GROUP, stream=OUTCOMES, unit_of_work=nothing
    )

    async def take(taken: OutcomeReported, _work: Nothing) -> None:
        arrived[taken.id] = time.perf_counter()
        heard.set()

    consumer.on(OutcomeReported, take)
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    took: list[float] = []
    for number in range(count + 20):
        sent, each = time.perf_counter(), event()
        await redis.xadd(OUTCOMES, {FIELD: each.encode()})
        await heard.wait()
        heard.clear()
        if number >= 20:  # the first ones start connections
            took.append((arrived[each.id] - sent) * 1000)
        await asyncio.sleep(0.005)
    stop.set()
    await running
    row: list[str | int | float] = ["publish → handled", percentile(took, 0.5), percentile(took, 0.99), max(took)]
    return Table("Latency when idle, in ms", ["", "p50", "p99", "max"], [row])


async def idle(url: str) -> Table:
    found = await read_by("10", url, 0)
    rows: list[list[str | int | float]] = [["a worker", found["idle_core"] * 100, found["memory_mb"]]]
    return Table("A worker with nothing to do", ["", "% of a core", "memory, MB"], rows)


async def status(redis: Any, count: int) -> Table:
    """How long `pressroom streams` asks Redis while a stream is long, half of it pending."""
    await redis.flushall()
    payload = event().encode()
    for _ in range(count // 10_000):
        async with redis.pipeline(transaction=False) as pipe:
            for _ in range(10_000):
                pipe.xadd(ARTICLES, {FIELD: payload})
            await pipe.execute()
    for group in ("pages", "cards", "search", "notify"):
        await redis.xgroup_create(ARTICLES, group, id="0")
    for _ in range(count // 20_000):
        await redis.xreadgroup("search", "one", {ARTICLES: ">"}, count=10_000)
    took: list[float] = []
    for _ in range(20):
        started = time.perf_counter()
        await all_statuses(redis)
        took.append((time.perf_counter() - started) * 1000)
    row: list[str | int | float] = [f"{count:,} entries", percentile(took, 0.5), max(took)]
    return Table("Status of all groups, in ms", ["", "p50", "max"], [row])


async def bench(*, full: bool) -> Report:
    """Measure on a Redis of its own, one reader at a time."""
    with TemporaryDirectory() as folder:
        server = LocalRedis(Path(folder))
        await asyncio.to_thread(server.start)
        redis = connect(server.url)
        try:
            tables = [
                await throughput(redis, server.url, 100_000 if full else 20_000),
                await latency(redis, server.url, 2000 if full else 300),
                await idle(server.url),
                await status(redis, 1_000_000 if full else 100_000),
            ]
        finally:
            await redis.aclose()
            await asyncio.to_thread(server.stop)
    return Report("streams", tables)
