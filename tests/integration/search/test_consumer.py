"""The search group on a real Redis: every event ends in the index, whatever happens to the processes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from pressroom_search.app import SOURCE, make_keeper
from pressroom_search.engine import Held, Search
from pressroom_search.folder import Folder
from pressroom_search.keeper import Keeper
from pressroom_search.query import parse
from pressroom_search.reader import Reader
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import Event, Outcome, OutcomeReported, decode
from pressroom_shared.keys import ARTICLES, FIELD, OUTCOMES, dead_letters
from pressroom_shared.site import load_site
from pressroom_shared.streams import OutcomePublisher
from pressroom_shared.streams.client import FOREVER, connect
from tests.examples import published, unpublished, version
from tests.integration.search.conftest import settings_in, site_file
from tests.servers import LocalRedis, free_port
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def publish(redis: Any, *events: Event) -> None:
    for event in events:
        await redis.xadd(ARTICLES, {FIELD: event.encode()})


async def outcomes(redis: Any) -> list[Outcome]:
    found = []
    for _, fields in await redis.xrange(OUTCOMES):
        event = decode(fields[FIELD.encode()])
        assert isinstance(event, OutcomeReported)
        found.append(event.data)
    return found


async def all_acked(redis: Any) -> bool:
    groups = [each for each in await redis.xinfo_groups(ARTICLES) if each["name"] == b"search"]
    return bool(groups) and groups[0]["pending"] == 0 and groups[0]["lag"] == 0


@asynccontextmanager
async def keeping(folder: Path, redis_url: str, **more: Any) -> AsyncIterator[tuple[Keeper, Reader]]:
    settings = settings_in(folder, redis_url=redis_url, **more)
    site, place, clock = load_site(settings.site), Folder(settings.index_dir), SystemClock()
    place.prepare()
    publisher = OutcomePublisher(redis_url, SOURCE)
    keeper = make_keeper(place, site, settings, publisher, clock)
    stop = asyncio.Event()
    task = asyncio.create_task(keeper.run(stop))
    try:
        yield keeper, Reader(place, site, settings, clock)
    finally:
        stop.set()
        await asyncio.wait_for(task, timeout=15)
        await publisher.close()


async def test_shuffled_and_repeated_deliveries_end_in_the_newest_version(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    events: list[Event] = []
    for number in range(20):
        article_id = f"a{number:02}"
        events += [published(1, id=article_id), published(2, id=article_id, headline="Second")]
        events.append(unpublished(3, id=article_id) if number % 2 else published(3, id=article_id, headline="Third"))
    deliveries = events + random.Random(7).sample(events, 30)
    random.Random(8).shuffle(deliveries)
    await publish(redis, *deliveries)
    async with keeping(tmp_path, redis_url) as (_, reader):
        await until(lambda: all_acked(redis))
        for number in range(20):
            assert reader.held(f"a{number:02}") == Held(version(3), live=number % 2 == 0)
    told = await outcomes(redis)
    assert {(each.article_id, each.version) for each in told if each.status == "done"} >= {
        (f"a{number:02}", version(3)) for number in range(20)
    }
    assert {each.status for each in told} <= {"done", "stale"}
    assert all(each.service == "search" and each.detail.endswith(".") for each in told)
    assert len(told) == len(deliveries)


async def test_poison_is_dead_lettered_alone_and_the_editor_is_told(redis: Any, redis_url: str, tmp_path: Path) -> None:
    await publish(redis, published(id="before"), published(id="bad", version=2**70), published(id="after"))
    await redis.xadd(ARTICLES, {FIELD: b"{no json"})
    async with keeping(tmp_path, redis_url) as (_, reader):
        await until(lambda: all_acked(redis))
        assert reader.held("before") == reader.held("after") == Held(version(1), live=True)
        assert reader.held("bad") is None
    assert await redis.xlen(dead_letters("search")) == 2
    failed = [each for each in await outcomes(redis) if each.status == "failed"]
    assert [each.article_id for each in failed] == ["bad"]
    assert "cannot be indexed" in failed[0].detail


async def test_of_two_keepers_one_writes_and_the_other_takes_over(redis: Any, redis_url: str, tmp_path: Path) -> None:
    async with keeping(tmp_path, redis_url) as (second, reader):
        await until(lambda: second.writes)
        async with keeping(tmp_path, redis_url) as (first, _):
            await publish(redis, published(id="one"))
            await until(lambda: reader.held("one"))
            assert not first.writes
            assert first.not_ready() is None
    async with keeping(tmp_path, redis_url) as (third, _):
        await until(lambda: third.writes)


class Process:
    """A real `python -m pressroom_search`."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.port = free_port()
        environ = os.environ | {
            "PRESSROOM_REDIS_URL": redis_url,
            "PRESSROOM_DATA_DIR": str(folder),
            "PRESSROOM_SITE": str(site_file(folder)),
            "PRESSROOM_SEARCH_HTTP_PORT": str(self.port),
            "PRESSROOM_SEARCH_HEAP_BYTES": "15000000",
        }
        self.process = subprocess.Popen([sys.executable, "-m", "pressroom_search"], env=environ)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)

    async def answers(self, client: httpx.AsyncClient, path: str) -> httpx.Response | None:
        try:
            return await client.get(f"{self.url}{path}")
        except httpx.TransportError:
            return None

    async def is_ready(self, client: httpx.AsyncClient) -> bool:
        answer = await self.answers(client, "/health/ready")
        return answer is not None and answer.status_code == 200

    async def writes(self, client: httpx.AsyncClient) -> bool:
        answer = await self.answers(client, "/metrics")
        return answer is not None and "pressroom_search_writer 1.0" in answer.text


@pytest.fixture
def processes(tmp_path: Path, redis_url: str) -> Iterator[list[Process]]:
    started = [Process(tmp_path, redis_url) for _ in range(2)]
    yield started
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


async def test_a_killed_writer_is_replaced_and_nothing_is_lost(redis: Any, processes: list[Process]) -> None:
    """Replicas share one index; the one that writes is killed while articles stream in."""
    async with httpx.AsyncClient(timeout=10) as client:
        for each in processes:
            await until(partial(each.is_ready, client), timeout_s=30)
        writers = [each for each in processes if await each.writes(client)]
        assert len(writers) == 1
        await publish(redis, *(published(id=f"a{n:03}") for n in range(200)))
        await until(lambda: redis.xlen(OUTCOMES), every_s=0.005)
        assert writers[0].end(signal.SIGKILL) == -signal.SIGKILL
        left = next(each for each in processes if each is not writers[0])

        async def all_found() -> bool:
            answer = await left.answers(client, "/api/v1/search?q=cranes")
            return answer is not None and answer.json()["total"] == 200

        await until(all_found, timeout_s=40)
        await until(lambda: all_acked(redis), timeout_s=40)
        assert await left.writes(client)
        assert left.end(signal.SIGTERM) == 0
    told = {each.article_id for each in await outcomes(redis) if each.status == "done"}
    assert told == {f"a{n:03}" for n in range(200)}
    assert await redis.xlen(dead_letters("search")) == 0


async def test_readers_are_answered_while_redis_is_away(own_redis: LocalRedis, tmp_path: Path) -> None:
    client = connect(own_redis.url, tries=FOREVER)
    await publish(client, published(id="before"))
    async with keeping(tmp_path, own_redis.url) as (_, reader):
        await until(lambda: reader.held("before"))
        own_redis.kill()
        assert [hit.id for hit in reader.search(Search(query=parse("cranes"))).hits] == ["before"]
        own_redis.start()
        await publish(client, published(id="after"))
        await until(lambda: reader.held("after"), timeout_s=20)
    await client.aclose()


def files_with(folder: Path, word: str) -> list[str]:
    return [each.name for each in folder.rglob("*") if each.is_file() and word.encode() in each.read_bytes()]


async def test_what_is_purged_is_in_no_file_of_the_index_and_stays_out(
    redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what an update and a withdrawal before it have left behind, and though this process is stopped meanwhile."""
    word = "9f3c1b7e2a64d805"
    body = f"The crane {word}."
    first = published(1, id="gone", body_text=body)
    others = [published(1, id=f"a{number}", version=version(1) + number // 3) for number in range(12)]
    await publish(redis, *others[:6], first, published(2, id="gone", body_text=body), *others[6:])
    index = settings_in(tmp_path).index_dir
    monkeypatch.setattr("pressroom_search.keeper.PURGED_LOOK_S", 600)
    async with keeping(tmp_path, redis_url):
        await until(lambda: all_acked(redis))
        await publish(redis, unpublished(3, id="gone"))
        await until(lambda: all_acked(redis))
        assert files_with(index, word), "the engine keeps what it deletes"
        await publish(redis, unpublished(4, id="gone", purged=True))
        await until(lambda: all_acked(redis))
        assert Folder(index).purge_noted()
    monkeypatch.setattr("pressroom_search.keeper.PURGED_LOOK_S", 0.05)
    async with keeping(tmp_path, redis_url, commit_batch=2) as (_, reader):
        await until(lambda: not files_with(index, word), timeout_s=20)
        await until(lambda: Folder(index).purge_noted() is None, timeout_s=20)
        await publish(redis, first, first.model_copy(update={"replay": True}))
        await until(lambda: all_acked(redis))
        assert reader.held("gone") == Held(version(4), live=False)
        assert not files_with(index, word)
        assert sorted(hit.id for hit in reader.search(Search(query=parse("crane"), limit=50)).hits) == sorted(
            each.data.id for each in others
        )
