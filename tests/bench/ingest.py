"""The editors' API, measured from outside: ingest, its relay and Redis run; the other services do not."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.bench.report import Report, Table, percentile
from tests.servers import LocalRedis, free_port

ROOT = Path(__file__).parents[2]
KEY = "prk_bench_key_0123456789abcdefghijklmnop"
SITE = ROOT / "deploy" / "local" / "pressroom_local" / "sample" / "site.toml"
WORDS = "The wind had dropped by noon and the harbor lay still. " * 60
CLIENTS = 8
SCHEDULED = 500
AHEAD_S = 45
"""For so long the schedules are made ahead, while the second replica starts."""

BLOCK = 2_000
"""Lines that are written to the import at once."""


async def bench(*, full: bool) -> Report:
    """`full`: 100,000 articles imported for the memory, then 1,000,000 in the store; else 10,000."""
    seconds, archive = (60, 100_000) if full else (10, 10_000)
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        async with service(Path(folder)) as (api, process, redis_url):
            await one_after_another(api, 20)
            alone = await one_after_another(api, 300)
            idle = rss_mb(process.pid)
            rate, together = await at_once(api, seconds)
            import_rate, import_rss = await importing(api, process.pid, 0, archive)
            await bulk_is_out(api)
            later = await one_after_another(api, 300)
            first_s, last_s = await scheduled(api, Path(folder), redis_url)
            rows = [("1,000 and less", alone), (f"{archive + 1000:,} and more", later)]
            if full:
                await importing(api, process.pid, archive, 1_000_000)
                await bulk_is_out(api)
                rows.append(("1,000,000 and more", await one_after_another(api, 300)))
    return Report(
        "ingest",
        [
            Table(
                "Publishing at one client, ms until the answer, by articles in the store",
                ["in the store", "p50", "p95", "p99", "ratio of p50"],
                [
                    [name, *(percentile(times, part) for part in (0.5, 0.95, 0.99)), _ratio(times, alone)]
                    for name, times in rows
                ],
            ),
            Table(
                f"Publishing at {CLIENTS} clients for {seconds} s",
                ["publications/s", "p50 ms", "p99 ms"],
                [[rate, percentile(together, 0.5), percentile(together, 0.99)]],
            ),
            Table(
                f"Importing {archive:,} articles",
                ["articles/s", "memory while importing, MB", "memory before, MB"],
                [[import_rate, import_rss, idle]],
            ),
            Table(
                f"{SCHEDULED} articles scheduled for one second, two replicas, one killed at that second",
                ["the first out after, s", "the last out after, s"],
                [[first_s, last_s]],
            ),
        ],
        notes=[
            "Bars: p50 12 ms and p99 60 ms at one client; 150 publications/s at 8 clients; 1,000 articles/s imported.",
            "With FULL=1: 180 MB while importing 100,000; a ratio of 1.3 at most with 1,000,000 in the store.",
        ],
    )


def _ratio(times: list[float], base: list[float]) -> float:
    return percentile(times, 0.5) / percentile(base, 0.5)


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, subprocess.Popen[bytes], str]]:
    """Ingest as a process of its own, on SQLite, with a Redis of its own."""
    (folder / "redis").mkdir()
    redis = LocalRedis(folder / "redis")
    redis.start()
    port = free_port()
    process = replica(folder, port, redis.url)
    headers = {"Authorization": f"Bearer {KEY}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=600) as api:
            await _ready(api)
            yield api, process, redis.url
    finally:
        process.terminate()
        process.wait(timeout=20)
        redis.stop()


def replica(folder: Path, port: int, redis_url: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PRESSROOM_SITE": str(SITE),
        "PRESSROOM_DATA_DIR": str(folder / "data"),
        "PRESSROOM_REDIS_URL": redis_url,
        "PRESSROOM_INGEST_HTTP_PORT": str(port),
        "PRESSROOM_INGEST_RATE_PER_S": "100000",
        "PRESSROOM_INGEST_RATE_BURST": "100000",
        "PRESSROOM_ADMIN_KEY": KEY,
        "PRESSROOM_LOG_LEVEL": "error",
    }
    return subprocess.Popen([sys.executable, "-m", "pressroom_ingest"], env=environment)


async def _ready(api: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if (await api.get("/health/ready")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("ingest did not get ready within 60 s")


async def _draft(api: httpx.AsyncClient, name: str) -> str:
    document = {"headline": f"Bench {name}", "section": "business", "body": WORDS, "authors": ["Ines Falk"]}
    answer = await api.post("/api/v1/articles", json=document | {"tags": ["Harbor", "Wind"]})
    answer.raise_for_status()
    return str(answer.json()["id"])


async def _publish(api: httpx.AsyncClient, article_id: str) -> float:
    """Milliseconds until the answer."""
    began = time.perf_counter()
    answer = await api.post(f"/api/v1/articles/{article_id}/publish")
    took_ms = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return took_ms


async def one_after_another(api: httpx.AsyncClient, count: int) -> list[float]:
    drafts = [await _draft(api, f"alone {time.time_ns()}") for _ in range(count)]
    return [await _publish(api, each) for each in drafts]


async def at_once(api: httpx.AsyncClient, seconds: float) -> tuple[float, list[float]]:
    """Drafts are there before; then as many clients as are asked for publish them, or what is live again."""
    drafts = [[await _draft(api, f"client {client} {n}") for n in range(20)] for client in range(CLIENTS)]
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def client(mine: list[str]) -> None:
        number = 0
        while time.perf_counter() < until:
            times.append(await _publish(api, mine[number % len(mine)]))
            number += 1

    began = time.perf_counter()
    await asyncio.gather(*map(client, drafts))
    return len(times) / (time.perf_counter() - began), times


async def scheduled(api: httpx.AsyncClient, folder: Path, redis_url: str) -> tuple[float, float]:
    """How long after its time the first and the last of many went out. Each must have gone out once."""
    drafts = [await _draft(api, f"scheduled {time.time_ns()}") for _ in range(SCHEDULED)]
    after = await _newest(api)
    other = replica(folder, free_port(), redis_url)
    try:
        at = datetime.now(UTC) + timedelta(seconds=AHEAD_S)
        for each in drafts:
            (await api.post(f"/api/v1/articles/{each}/publish", json={"at": at.isoformat()})).raise_for_status()
        assert datetime.now(UTC) < at, "the schedules took longer to make than they were ahead"
        await asyncio.sleep((at - datetime.now(UTC)).total_seconds())
    finally:
        other.kill()
        other.wait()
    out: list[dict[str, Any]] = []
    deadline = time.monotonic() + 120
    while len(out) < SCHEDULED and time.monotonic() < deadline:
        page = (await api.get("/api/v1/events", params={"after": after})).json()
        out, after = out + page["items"], page["next"]
        if not page["items"]:
            await asyncio.sleep(0.2)
    assert sorted(each["article_id"] for each in out) == sorted(drafts), "each once"
    late = [(datetime.fromisoformat(each["at"]) - at).total_seconds() for each in out]
    return min(late), max(late)


async def _newest(api: httpx.AsyncClient) -> int:
    """The sequence of the newest event."""
    after = 0
    while True:
        page = (await api.get("/api/v1/events", params={"after": after, "limit": 100})).json()
        if not page["items"]:
            return after
        after = page["next"]


async def importing(api: httpx.AsyncClient, pid: int, start: int, count: int) -> tuple[float, float]:
    """Articles a second, and the most memory that the process had, in MB."""
    most = 0.0

    async def lines() -> AsyncIterator[bytes]:
        nonlocal most
        for first in range(start, start + count, BLOCK):
            yield b"".join(_line(number) for number in range(first, min(first + BLOCK, start + count)))
            most = max(most, rss_mb(pid))

    began = time.perf_counter()
    created = 0
    async with api.stream("POST", "/api/v1/articles:import", content=lines()) as answer:
        async for text in answer.aiter_lines():
            created += '"created"' in text
            if created % BLOCK == 0:
                most = max(most, rss_mb(pid))
    took_s = time.perf_counter() - began
    assert created == count, f"only {created} of {count} came in"
    return count / took_s, most


def _line(number: int) -> bytes:
    day = f"20{number // 336 % 26:02}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"
    document: dict[str, Any] = {
        "external_id": f"bench-{number}",
        "published_at": f"{day}T09:00:00Z",
        "headline": f"Old news of the harbor {number}",
        "section": "world",
        "body": WORDS,
        "authors": [f"Reporter {number % 50}"],
        "tags": [f"Topic {number % 500}"],
    }
    return json.dumps(document).encode() + b"\n"


async def bulk_is_out(api: httpx.AsyncClient) -> None:
    """Until the relay stands still: it has sent what was imported, or its bulk streams are full and the rest waits."""
    before = -1
    while True:
        waiting = int((await api.get("/api/v1/operations/status")).json()["outbox_waiting"])
        if waiting == before or waiting == 0:
            return
        before = waiting
        await asyncio.sleep(5)


def rss_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
