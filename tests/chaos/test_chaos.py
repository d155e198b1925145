"""Everything fails at once: workers are killed, Redis is killed, handlers fail; in the end every effect is there once.

`make chaos` runs it large (`PRESSROOM_CHAOS_FULL=1`); without, the same in small. The seed of each run is in the
test's name, and decides what fails and who is killed.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from pressroom_shared import outbox
from pressroom_shared.clock import SystemClock
from pressroom_shared.database import Database, open_database
from pressroom_shared.events import OutcomeReported, decode
from pressroom_shared.keys import ARTICLES, FIELD, GROUPS, OUTCOMES, bulk, dead_letters
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer, Relay
from pressroom_shared.streams.client import RedisError, connect
from tests.chaos.tables import effect, held, metadata
from tests.chaos.worker import is_poison
from tests.examples import published, version
from tests.servers import LocalRedis
from tests.waiting import until

FULL = os.environ.get("PRESSROOM_CHAOS_FULL") == "1"
EVENTS = 5000 if FULL else 400
VERSIONS = 4
REPLICAS = 3
SINKS = ("pages", "search")
STRIKES = 40 if FULL else 8
TIMEOUT_S = 1800 if FULL else 400
SEEDS = (1, 2, 3, secrets.randbelow(10**6)) if FULL else (1, secrets.randbelow(10**6))

pytestmark = [
    pytest.mark.timeout(TIMEOUT_S + 60),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass
class Receipts:
    """What each sink said of each version; `done` stays."""

    said: dict[tuple[str, str, int], str] = field(default_factory=dict)

    @property
    def outcomes(self) -> Receipts:
        return self

    async def add(self, outcome: Any) -> None:
        raise AssertionError("receipts say nothing")

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Receipts]:
        yield self

    async def take(self, event: OutcomeReported, _work: Receipts) -> None:
        key = (event.data.service, event.data.article_id, event.data.version)
        if self.said.get(key) != "done":
            self.said[key] = event.data.status


class Workers:
    """Processes that are killed and started again."""

    def __init__(self, redis_url: str, folder: Path, luck: random.Random) -> None:
        self._redis_url = redis_url
        self._folder = folder
        self._luck = luck
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.kills = Counter[str]()
        self._striking = threading.Lock()

    def database_url(self, group: str) -> str:
        return f"sqlite+aiosqlite:///{self._folder / group}.db"

    def start(self) -> None:
        for group in SINKS:
            for _ in range(REPLICAS):
                self._start(group)

    def _start(self, group: str) -> None:
        words = [group, self._redis_url, self.database_url(group), str(self._luck.randrange(10**6))]
        with (self._folder / f"{group}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "tests.chaos.worker", *words], stderr=log)
        self._running.append((group, process))

    def strike(self) -> None:
        """End one of them, rudely or politely, and start another in its place."""
        with self._striking:
            group, process = self._running.pop(self._luck.randrange(len(self._running)))
            how = self._luck.choice((signal.SIGKILL, signal.SIGTERM))
            process.send_signal(how)
            self._wait(group, process)
            self.kills[how.name] += 1
            self._start(group)

    def stop(self) -> list[int]:
        with self._striking:  # or one that is just being started would be told nothing
            for _, process in self._running:
                process.send_signal(signal.SIGTERM)
            return [self._wait(group, process) for group, process in self._running]

    def _wait(self, group: str, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            for how in (signal.SIGUSR1, signal.SIGUSR2):
                process.send_signal(how)
                time.sleep(0.5)
            process.kill()
            said = (self._folder / f"{group}.log").read_text(errors="replace")
            raise AssertionError(f"A worker did not stop within 20 s; where it stood:\n{said[-20_000:]}") from None


def article_id(number: int) -> str:
    return f"0193a0f0-0000-7000-8000-{number:012d}"


async def store_events(database: Database, luck: random.Random) -> list[tuple[str, int]]:
    """Every version of every article, in any order, in the outbox."""
    wanted = [(article_id(number), n) for number in range(EVENTS // VERSIONS) for n in range(1, VERSIONS + 1)]
    luck.shuffle(wanted)
    now = SystemClock().now()
    async with database.begin() as connection:
        for each, n in wanted:
            event = published(n, id=each)
            await outbox.add(
                connection,
                stream=ARTICLES,
                event_id=event.id,
                article_id=each,
                version=event.data.version,
                created_at=now,
                payload=event.encode(),
            )
    return [(each, version(n)) for each, n in wanted]


async def strike_until_done(
    workers: Workers, redis: LocalRedis, luck: random.Random, progress: Callable[[], Awaitable[float]]
) -> None:
    """Kill somebody at many points of the work, and Redis at two; each is drawn before."""
    points = [(luck.uniform(0.02, 0.9), workers.strike) for _ in range(STRIKES)]
    points += [(luck.uniform(at, at + 0.2), lambda: _restart(redis)) for at in (0.2, 0.6)]
    for point, strike in sorted(points, key=lambda each: each[0]):
        await until(lambda point=point: _reached(progress, point), timeout_s=TIMEOUT_S)  # type: ignore[misc]
        await asyncio.to_thread(strike)
    await until(lambda: _reached(progress, 1), timeout_s=TIMEOUT_S)


async def _reached(progress: Callable[[], Awaitable[float]], point: float) -> bool:
    return await progress() >= point


def _restart(redis: LocalRedis) -> None:
    redis.kill()
    redis.start()


async def rows(database: Database, table: sa.Table) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(sa.select(table))).all())


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_effect_is_there_once_whatever_is_killed(own_redis: LocalRedis, tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    settings = Settings(redis_url=own_redis.url, data_dir=tmp_path, streams_sweep_s=0.2)
    workers = Workers(own_redis.url, tmp_path, luck)
    receipts, stop = Receipts(), asyncio.Event()
    consumer: Consumer[Receipts] = Consumer(settings, group="receipts", stream=OUTCOMES, unit_of_work=receipts.unit)
    consumer.on(OutcomeReported, receipts.take)
    client = connect(own_redis.url, tries=100)
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'ingest.db'}", durable=False) as ingest:
        for group in SINKS:
            async with open_database(workers.database_url(group)) as database, database.begin() as connection:
                await connection.run_sync(metadata.create_all)
        async with ingest.begin() as connection:
            await connection.run_sync(metadata.create_all)
        events = await store_events(ingest, luck)
        sound = [each for each in events if not is_poison(each[0])]
        poison = [each for each in events if is_poison(each[0])]
        expected = {(group, *each) for group in SINKS for each in events}

        async def progress() -> float:
            return len(expected & receipts.said.keys()) / len(expected)

        relay = Relay(ingest, settings, source="/test", trims=(ARTICLES, OUTCOMES))
        tasks = [asyncio.create_task(part.run(stop)) for part in (relay, consumer)]
        workers.start()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await strike_until_done(workers, own_redis, luck, progress)
                for group in SINKS:
                    for stream in (ARTICLES, bulk(group)):
                        await until(lambda group=group, stream=stream: _quiet(client, stream, group), timeout_s=60)  # type: ignore[misc]
        finally:
            codes = await asyncio.to_thread(workers.stop)
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), timeout=30)
        print(f"seed {seed}: {len(events)} events, {dict(workers.kills)}, Redis killed twice")
        assert set(codes) <= {0, -signal.SIGTERM}, "a worker failed, and was not just starting"
    newest = {each: version(VERSIONS) for each, _ in sound}
    for group in SINKS:
        async with open_database(workers.database_url(group)) as database:
            assert {row.id: row.version for row in await rows(database, held)} == newest, "a stale version is visible"
            effects = await rows(database, effect)
        assert {row.id for row in effects if row.version == version(VERSIONS)} == set(newest), "an effect is missing"
        assert [row for row in effects if row.count != 1] == [], "an effect was doubled"
        entries = cast("Any", await client.xrange(dead_letters(group)))
        letters = [decode(fields[FIELD.encode()]) for _, fields in entries]
        found = sorted((each.data.id, each.data.version) for each in letters)  # type: ignore[attr-defined]
        assert found == sorted(poison), "the dead letters are not exactly the poison"
        said = {key[1:]: status for key, status in receipts.said.items() if key[0] == group}
        assert {key for key, status in said.items() if status == "failed"} == set(poison)
        assert {said[key] for key in sound} <= {"done", "stale"}
        assert all(said[each, version(VERSIONS)] == "done" for each in newest), "a receipt is not complete"
    await client.aclose()


async def _quiet(redis: Any, stream: str, group: str) -> bool:
    try:
        groups = {each["name"].decode(): each for each in await redis.xinfo_groups(stream)}
    except RedisError:
        return False
    return group in groups and groups[group]["pending"] == 0 and groups[group]["lag"] in {0, None}


def test_the_chaos_reads_real_groups() -> None:
    assert set(SINKS) <= set(GROUPS[ARTICLES])
