"""`make bench ONLY=streams`: what the stream layer costs, against redis-py alone and plain FastStream, in one run."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from pressroom_shared.clock import SystemClock
from pressroom_shared.events import Outcome, OutcomeReported
from pressroom_shared.http import create_http
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, FIELD, OUTCOMES
from pressroom_shared.outbox import outcome_event
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.status import all_statuses, expose
from tests.bench.replaying import replay_beside_live
from tests.bench.report import Report, Table, percentile
from tests.bench.stream_reader import GROUP, KINDS, Nothing, nothing
from tests.servers import LocalRedis

UV_WITH_PEERS = ("uv", "run", "--frozen", "--no-sync", "--quiet", "--with", "opentelemetry-sdk>=1.45")
NAMES = {
    "raw": "redis-py, COUNT 100, an XACK a batch",
    "raw-each": "redis-py, COUNT 100, an XACK an entry",
    "faststream": "FastStream",
    "faststream-batch": "FastStream, batch=True",
    "faststream-watched": "FastStream, Prometheus and OpenTelemetry",
    "faststream-batch-watched": "FastStream, batch=True, both too",
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
    """Raises `CalledProcessError`, or `OSError` without uv, which brings what only a peer needs."""
    python = [*UV_WITH_PEERS, "python"] if kind.endswith("-watched") else [sys.executable]
    words = [*python, "-m", "tests.bench.stream_reader", kind, url, str(count)]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


async def throughput(redis: Any, url: str, count: int, notes: list[str]) -> Table:
    rows: list[list[str | int | float]] = []
    base: dict[str, float] = {}
    for kind in KINDS:
        wanted = count if "batch" in kind or kind == "raw" else count // 4
        await fill(redis, wanted)
        try:
            found = await read_by(kind, url, wanted)
        except (OSError, subprocess.CalledProcessError) as error:
            if not kind.endswith("-watched"):
                raise
            notes.append(f"{NAMES[kind]} was not measured: {error}")
            continue
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


async def fill_long(redis: Any, count: int) -> None:
    """A stream of so many entries, half of them pending."""
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


async def looking(redis: Any, count: int) -> Table:
    """How long `pressroom status` asks Redis, and `/metrics` answers, while a stream is long."""
    await fill_long(redis, count)

    async def ask() -> None:
        for each in await all_statuses(redis):
            expose(each)

    async def ready() -> str | None:
        return None

    app = httpx.ASGITransport(app=create_http(title="bench", ready=ready))
    async with httpx.AsyncClient(transport=app, base_url="http://bench") as client:

        async def scrape() -> None:
            assert 'pressroom_stream_pending{group="search"}' in (await client.get("/metrics")).text

        rows: list[list[str | int | float]] = []
        for name, what in (("status of all groups", ask), ("/metrics", scrape)):
            took = [await _ms(what) for _ in range(20)]
            rows.append([name, percentile(took, 0.5), max(took)])
    return Table(f"Looking at a stream of {count:,} entries, in ms", ["", "p50", "max"], rows)


async def _ms(what: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await what()
    return (time.perf_counter() - started) * 1000


async def bench(*, full: bool) -> Report:
    """Measure on a Redis of its own, one reader at a time; the replay, in a whole Pressroom.

    `full`: 100,000 events, a million entries, 100,000 articles replayed; else a fifth, a tenth, and 2,000.
    """
    notes: list[str] = []
    with TemporaryDirectory() as folder:
        server = LocalRedis(Path(folder))
        await asyncio.to_thread(server.start)
        redis = connect(server.url)
        try:
            tables = [
                await throughput(redis, server.url, 100_000 if full else 20_000, notes),
                await latency(redis, server.url, 2000 if full else 300),
                await idle(server.url),
                await looking(redis, 1_000_000 if full else 100_000),
            ]
        finally:
            await redis.aclose()
            await asyncio.to_thread(server.stop)
    tables.append(await replay_beside_live(100_000 if full else 2_000))
    return Report("streams", tables, notes)
