"""An archive is replayed to pages and search while an editor publishes: what the editor feels, what Redis holds."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx

from pressroom_shared.streams.client import connect
from tests.bench.report import Table, percentile
from tests.newsroom import Newsroom
from tests.system import System
from tests.waiting import until

WORDS = "The wind had dropped by noon and the harbor lay still. " * 40
SINKS = ("pages", "search")
EVERY_S = 0.5
"""How often the editor publishes."""

WARM = 140
"""Publishing has sweeps of its own, a minute later: only then it is what it is alone."""

SAMPLES_MIN = 120
LIVE_MAX = 5
DIRTY_MAX = 200
"""What one publication leaves to be written for a moment: lists, feeds, its neighbours."""

LINES_A_WRITE = 1000
PATIENCE_S = 4 * 3600


async def replay_beside_live(count: int) -> Table:
    """`count` articles imported, handled and then replayed; an editor publishes before and meanwhile."""
    with (
        tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder,
        System(Path(folder), without="render-cards") as system,
    ):
        newsroom, archive = Newsroom(system.url, system.key), Archive(system)
        try:
            await _import(newsroom, count)
            await until(lambda: archive.is_done(newsroom), timeout_s=PATIENCE_S, every_s=1)
            await _live_ms(newsroom, "warm", lambda number: number < WARM)
            alone = await _live_ms(newsroom, "alone", lambda number: number < SAMPLES_MIN)
            began = time.perf_counter()
            asked = await newsroom.editor.post("/api/v1/operations/replays", json={"all": True, "to": list(SINKS)})
            asked.raise_for_status()
            done = asyncio.create_task(until(lambda: archive.is_done(newsroom), timeout_s=PATIENCE_S, every_s=0.5))
            beside = await _live_ms(newsroom, "beside", lambda _: not done.done())
            await done
            took_s = time.perf_counter() - began
            peak_mb = await archive.redis_peak_mb()
        finally:
            await newsroom.close()
    rows: list[list[str | int | float]] = [
        ["alone", len(alone), percentile(alone, 0.5), percentile(alone, 0.95), 1.0],
        ["beside the replay", len(beside), percentile(beside, 0.5), percentile(beside, 0.95), _grown(alone, beside)],
    ]
    title = (
        f"Publishing until live, ms, while {count:,} articles are replayed to pages and search "
        f"({count / took_s:,.0f} a second; Redis held {peak_mb:,.0f} MB at most)"
    )
    return Table(title, ["", "published", "p50", "p95", "ratio of p95"], rows)


def _grown(alone: list[float], beside: list[float]) -> float:
    return percentile(beside, 0.95) / percentile(alone, 0.95)


async def _live_ms(newsroom: Newsroom, name: str, goes_on: Callable[[int], bool]) -> list[float]:
    """From the editor's call to the answer that says the page is live, at a steady pace."""
    times: list[float] = []
    started = time.perf_counter()
    while goes_on(len(times)):
        created = await newsroom.create(headline=f"The harbor at noon {name} {len(times)}", body=WORDS)
        began = time.perf_counter()
        await newsroom.publish(created["id"])
        times.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(max(0.0, started + len(times) * EVERY_S - time.perf_counter()))
    return times


async def _import(newsroom: Newsroom, count: int) -> None:
    """An archive of many days."""

    async def lines() -> AsyncIterator[bytes]:
        for start in range(0, count, LINES_A_WRITE):
            numbers = range(start, min(start + LINES_A_WRITE, count))
            yield b"".join(json.dumps(_line(number)).encode() + b"\n" for number in numbers)

    headers = {"Content-Type": "application/x-ndjson"}
    timeout = httpx.Timeout(PATIENCE_S)
    async with newsroom.editor.stream(
        "POST", "/api/v1/articles:import", content=lines(), headers=headers, timeout=timeout
    ) as answer:
        told = [json.loads(line) async for line in answer.aiter_lines()]
    failed = [each for each in told if each["status"] != "created"]
    assert len(told) == count, f"{len(told)} of {count} were answered"
    assert not failed, f"{len(failed)} were not imported: {failed[0]}"


def _line(number: int) -> dict[str, Any]:
    day = f"{2000 + number // 336 % 25}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
    return {
        "external_id": f"archive-{number}",
        "headline": f"The ferry number {number} was late",
        "section": "world" if number % 2 else "business/economy",
        "body": WORDS,
        "published_at": f"{day}T{number % 24:02}:{number % 60:02}:00Z",
        "authors": [f"Author {number % 40}"],
        "tags": [f"Topic {number % 100}"],
    }


class Archive:
    """What is still to be done about it."""

    def __init__(self, system: System) -> None:
        ports = json.loads((system.data / "ports.json").read_text())
        self._redis_url = f"redis://127.0.0.1:{ports['redis']}/0"
        self._pages = system.data / "render.db"

    async def is_done(self, newsroom: Newsroom) -> bool:
        """No replay is open, the sinks have read all, and the pages are written but for what an editor just did."""
        with suppress(httpx.HTTPError):
            status = (await newsroom.editor.get("/api/v1/operations/status")).raise_for_status().json()
            waits = sum(
                each["lag"] + each["bulk_lag"] + each["pending"] for each in status["groups"] if each["group"] in SINKS
            )
            if waits > LIVE_MAX or status["replays"] or status["outbox_waiting"] > LIVE_MAX:
                return False
            return await asyncio.to_thread(self._dirty_pages) < DIRTY_MAX
        return False

    async def redis_peak_mb(self) -> float:
        redis: Any = connect(self._redis_url)
        memory = await redis.info("memory")
        await redis.aclose()
        return float(memory["used_memory_peak"]) / 1e6

    def _dirty_pages(self) -> int:
        with closing(sqlite3.connect(f"file:{self._pages}?mode=ro", uri=True)) as database:
            now_us = time.time_ns() // 1000  # what is only due later is swept then, and not waited for
            question = "SELECT count(*) FROM page WHERE generation > written AND due_at <= ?"
            (count,) = database.execute(question, (now_us,)).fetchone()
        return int(count)
