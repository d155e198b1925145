"""Who owns an entry: a busy consumer, a dead one, a frozen one, one that leaves. On a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pressroom_shared.clock import SystemClock
from pressroom_shared.courtesy import Courtesy
from pressroom_shared.events import ArticlePublished, decode
from pressroom_shared.events.operations import ReplayRequested
from pressroom_shared.keys import ARTICLES, FIELD, OPERATIONS, alive, bulk, dead_letters
from pressroom_shared.streams import Poison, Transient, scripts
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.groups import ensure_group
from pressroom_shared.streams.heart import Heart
from pressroom_shared.streams.sweeper import Sweeper
from tests.examples import published
from tests.servers import LocalRedis
from tests.streams import Log, consumer_of, keep, nothing_pending, pending, publish, running, settings
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def test_a_consumer_whose_workers_are_all_busy_still_lives(
    redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_shared.streams.heart.BEAT_S", 0.05)
    started, release = asyncio.Event(), asyncio.Event()

    async def hang(event: ArticlePublished, log: Log) -> None:
        started.set()
        await release.wait()

    for number in range(3):
        await publish(redis, published(id=f"a{number}"))
    consumer = consumer_of(Log(), settings(redis_url, tmp_path, streams_workers=1), hang)
    async with running(consumer):
        await started.wait()
        for _ in range(3):
            await redis.delete(alive("search", consumer.name))
            await until(lambda: redis.exists(alive("search", consumer.name)))
        release.set()


async def test_an_entry_that_another_took_over_gets_its_fate_from_that_one_alone(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def fail_late(event: ArticlePublished, log: Log) -> None:
        started.set()
        await release.wait()
        raise Poison("No such language.") if event.data.id == "poison" else Transient("The disk is full.")

    ids = [await publish(redis, published(id=name)) for name in ("poison", "transient")]
    async with running(consumer_of(Log(), settings(redis_url, tmp_path), fail_late)):
        await started.wait()
        await until(lambda: _pending_is(redis, 2))
        await redis.set(alive("search", "other"), b"1")
        await redis.xclaim(ARTICLES, "search", "other", 0, ids)
        release.set()
    owners = {each["consumer"] for each in await redis.xpending_range(ARTICLES, "search", "-", "+", 10)}
    assert owners == {b"other"}
    assert await redis.xlen(dead_letters("search")) == 0


async def _pending_is(redis: Any, count: int) -> bool:
    return await pending(redis) == count


async def test_of_two_sweepers_one_wins_each_entry_of_a_dead_consumer(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await ensure_group(redis, ARTICLES, "search", SystemClock())
    for number in range(20):
        await publish(redis, published(id=f"a{number}"))
    await redis.xreadgroup("search", "killed", {ARTICLES: ">"}, count=100)
    one, other = (
        Sweeper(redis, settings(redis_url, tmp_path), ARTICLES, "search", name, held=()) for name in ("one", "other")
    )
    due = await until(lambda: one._due("killed", 100))
    same = await other._due("killed", 100)
    assert len(due) == len(same) == 20
    won = [*await one._take("killed", due), *await other._take("killed", same)]
    assert len({each.id for each in won}) == len(won) == 20


async def test_nobody_is_believed_dead_before_all_had_time_to_beat(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heart = Heart(redis, group="search", consumer="one", handled=lambda: 0)
    assert await heart.dead(["other"]) == set()
    await heart.beat()
    assert await heart.dead(["other"]) == set()
    monkeypatch.setattr("pressroom_shared.streams.heart.GRACE_S", 0)
    assert await heart.dead(["one", "other"]) == {"other"}


async def test_a_poisoned_event_that_is_sent_again_is_one_dead_letter(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    async def refuse(event: ArticlePublished, log: Log) -> None:
        raise Poison("No such language.")

    event = published()
    async with running(consumer_of(Log(), settings(redis_url, tmp_path), refuse)):
        for _ in range(3):
            await publish(redis, event)
        await publish(redis, published(2))
        await until(lambda: _all_read(redis, 4))
        await until(lambda: nothing_pending(redis))
    assert await redis.xlen(dead_letters("search")) == 2


async def _all_read(redis: Any, count: int) -> bool:
    return any(each["entries-read"] == count for each in await redis.xinfo_groups(ARTICLES))


async def test_a_consumer_with_something_pending_is_never_removed(redis: Any) -> None:
    await ensure_group(redis, ARTICLES, "search", SystemClock())
    entry = await publish(redis, published())
    await redis.xreadgroup("search", "leaving", {ARTICLES: ">"})
    assert not await scripts.remove_consumer(redis, ARTICLES, group="search", consumer="leaving")
    assert await pending(redis) == 1
    await redis.xack(ARTICLES, "search", entry)
    assert await scripts.remove_consumer(redis, ARTICLES, group="search", consumer="leaving")


async def test_a_consumer_that_leaves_says_so_and_its_rest_is_anybodys_at_once(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    consumer = consumer_of(Log(), settings(redis_url, tmp_path), keep)
    async with running(consumer):
        await until(lambda: redis.exists(alive("search", consumer.name)))
    assert not await redis.exists(alive("search", consumer.name))


async def test_stopping_while_redis_is_away_ends(own_redis: LocalRedis, tmp_path: Path) -> None:
    client = connect(own_redis.url)
    started, release = asyncio.Event(), asyncio.Event()
    log = Log()

    async def slow(event: ArticlePublished, log: Log) -> None:
        started.set()
        await release.wait()
        log.seen.append(event.data.id)

    await publish(client, published(id="unacked"))
    async with running(consumer_of(log, settings(own_redis.url, tmp_path), slow)):
        await started.wait()
        own_redis.kill()
        release.set()
        await until(lambda: log.seen)
    own_redis.start()
    assert await pending(client) == 1
    await client.aclose()


async def test_a_group_that_was_made_asks_for_a_replay_once(redis: Any) -> None:
    clock = SystemClock()
    assert await ensure_group(redis, ARTICLES, "search", clock)
    assert not await ensure_group(redis, ARTICLES, "search", clock)
    (entry,) = await redis.xrange(OPERATIONS)
    asked = decode(entry[1][FIELD.encode()])
    assert isinstance(asked, ReplayRequested)
    assert asked.data.group == "search"


async def test_bulk_waits_while_anything_live_is_in_hand_and_then_comes(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log = Log()
    started, release = asyncio.Event(), asyncio.Event()

    async def handle(event: ArticlePublished, log: Log) -> None:
        if event.data.id == "live":
            started.set()
            await release.wait()
        log.seen.append(event.data.id)

    await publish(redis, published(id="live"))
    async with running(consumer_of(log, settings(redis_url, tmp_path), handle)):
        await started.wait()
        for number in range(10):
            await publish(redis, published(id=f"bulk{number}"), bulk("search"))
        await publish(redis, published(id="live too"))
        await until(lambda: log.seen == ["live too"])
        release.set()
        await until(lambda: len(log.seen) == 12)
        await until(lambda: nothing_pending(redis, stream=bulk("search")))
    assert log.seen[1] == "live"
    assert sorted(log.seen[2:]) == sorted(f"bulk{number}" for number in range(10))


async def test_only_bulk_rests_and_only_once_news_has_come(redis: Any, redis_url: str, tmp_path: Path) -> None:
    told: list[str] = []

    class Told(Courtesy):
        @contextmanager
        def news(self) -> Iterator[None]:
            told.append("news")
            yield

        async def rest(self, worked_s: float) -> None:
            told.append("rest" if worked_s >= 0 else "?")

    consumer = consumer_of(Log(), settings(redis_url, tmp_path), keep, courtesy=Told(1))
    await publish(redis, published(id="live"))
    await publish(redis, published(id="bulk"), bulk("search"))
    async with running(consumer):
        await until(lambda: len(told) == 2)
        await until(lambda: nothing_pending(redis, stream=bulk("search")))
    assert told == ["news", "rest"]


async def test_in_a_batch_one_bad_entry_has_its_own_fate(redis: Any, redis_url: str, tmp_path: Path) -> None:
    log = Log()
    tries: list[str] = []

    async def handle(event: ArticlePublished, log: Log) -> None:
        tries.append(event.data.id)
        log.seen.append(event.data.id)
        if event.data.id == "poison":
            raise Poison("It has no language.")
        if event.data.id == "unlucky" and tries.count("unlucky") < 3:
            raise Transient("The disk is full.")

    names = [f"a{number}" for number in range(30)]
    for name in (*names[:15], "poison", "unlucky", *names[15:]):
        await publish(redis, published(id=name))
    await redis.xadd(ARTICLES, {FIELD: b"not json"})
    async with running(consumer_of(log, settings(redis_url, tmp_path), handle, batch_max=100)):
        await until(lambda: len(log.seen) == 31)
        await until(lambda: nothing_pending(redis))
    assert sorted(log.seen) == sorted([*names, "unlucky"])
    assert await redis.xlen(dead_letters("search")) == 2
