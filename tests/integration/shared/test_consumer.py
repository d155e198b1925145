"""The stream layer on a real Redis: nothing lost, nothing stuck, each failure its own fate."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from pressroom_shared.events import ArticlePublished, OutcomeReported
from pressroom_shared.events.envelope import decode
from pressroom_shared.keys import ARTICLES, FIELD, OUTCOMES, dead_letters
from pressroom_shared.streams import Busy, Poison, Transient
from pressroom_shared.streams.client import connect
from tests.examples import published
from tests.servers import LocalRedis
from tests.streams import Log, consumer_of, keep, nothing_pending, pending, publish, running, settings
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


async def test_what_was_published_before_the_first_start_is_read(redis: Any, redis_url: str, tmp_path: Path) -> None:
    await publish(redis, published(id="before"))
    log = Log()
    async with running(consumer_of(log, settings(redis_url, tmp_path), keep)):
        await until(lambda: log.seen == ["before"])
        await until(lambda: nothing_pending(redis))


async def test_an_entry_that_fails_comes_again_and_no_other_waits_for_it(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log = Log()
    failures: list[str] = []

    async def handle(event: ArticlePublished, log: Log) -> None:
        if event.data.id == "unlucky" and len(failures) < 2:
            failures.append(event.id)
            raise Transient("The disk is full.")
        log.seen.append(event.data.id)

    await publish(redis, published(id="unlucky"))
    await publish(redis, published(id="other"))
    async with running(consumer_of(log, settings(redis_url, tmp_path), handle)):
        await until(lambda: sorted(log.seen) == ["other", "unlucky"])
        await until(lambda: nothing_pending(redis))
    assert log.seen[0] == "other"
    assert len(failures) == 2


async def test_after_the_last_try_it_is_dead_lettered_with_its_reason_and_the_editor_is_told(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    async def handle(event: ArticlePublished, log: Log) -> None:
        raise Transient("The index cannot be written.")

    event = published(id="doomed")
    await publish(redis, event)
    async with running(consumer_of(Log(), settings(redis_url, tmp_path), handle)):
        dead = await until(lambda: redis.xrange(dead_letters("search")))
        await until(lambda: nothing_pending(redis))
    fields = dead[0][1]
    assert fields[FIELD.encode()] == event.encode()
    assert fields[b"reason"] == b"The index cannot be written."
    assert fields[b"deliveries"] == b"3"
    assert b"Transient" in fields[b"traceback"]
    told = decode((await redis.xrange(OUTCOMES))[0][1][FIELD.encode()])
    assert isinstance(told, OutcomeReported)
    assert (told.data.status, told.data.service, told.data.article_id) == ("failed", "search", "doomed")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", "not JSON"),
        (b'{"hello": 1}', "no CloudEvent"),
        (b'{"specversion":"1.0","type":"pressroom.weather.v1"}', "unknown"),
        (b'{"specversion":"1.0","type":"pressroom.article.published.v2"}', "too old"),
        (b'{"specversion":"1.0","type":"pressroom.article.published.v1"}', "not a valid"),
        (b"[" * 100_000, "not JSON"),
    ],
)
async def test_what_is_no_event_is_dead_lettered_at_once_and_in_nobodys_way(
    redis: Any, redis_url: str, tmp_path: Path, payload: bytes, reason: str
) -> None:
    await redis.xadd(ARTICLES, {FIELD: payload})
    await redis.xadd(ARTICLES, {"other": "field"})
    await publish(redis, published(id="next"))
    log = Log()
    async with running(consumer_of(log, settings(redis_url, tmp_path), keep)):
        await until(lambda: log.seen == ["next"])
        dead = await until(lambda: _at_least(redis, dead_letters("search"), 2))
    reasons = sorted(each[1][b"reason"].decode() for each in dead)
    assert any(reason in each for each in reasons)
    assert any("no field" in each for each in reasons)


async def _at_least(redis: Any, stream: str, count: int) -> Any:
    entries = await redis.xrange(stream)
    return entries if len(entries) >= count else None


async def test_poison_from_a_handler_is_tried_once(redis: Any, redis_url: str, tmp_path: Path) -> None:
    tries: list[Any] = []

    async def handle(event: ArticlePublished, log: Log) -> None:
        tries.append(1)
        raise Poison("The article has no language.")

    await publish(redis, published())
    async with running(consumer_of(Log(), settings(redis_url, tmp_path), handle)):
        await until(lambda: redis.xlen(dead_letters("search")))
    assert tries == [1]


async def test_busy_waits_without_counting_a_try(
    redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_shared.streams.sweeper.BUSY_PAUSE_S", 0.02)
    log = Log()
    tries: list[Any] = []

    async def handle(event: ArticlePublished, log: Log) -> None:
        tries.append(1)
        if len(tries) < 8:
            raise Busy("Too many mails are waiting.")
        log.seen.append(event.data.id)

    await publish(redis, published(id="patient"))
    async with running(consumer_of(log, settings(redis_url, tmp_path), handle)):
        await until(lambda: log.seen == ["patient"])
    assert await redis.xlen(dead_letters("search")) == 0


async def test_a_handler_that_hangs_or_is_cancelled_from_inside_is_retried(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log = Log()
    tries: list[Any] = []

    async def handle(event: ArticlePublished, log: Log) -> None:
        tries.append(event.data.id)
        if len(tries) == 1:
            await asyncio.Event().wait()
        if len(tries) == 2:
            raise asyncio.CancelledError
        log.seen.append(event.data.id)

    await publish(redis, published(id="slow"))
    async with running(consumer_of(log, settings(redis_url, tmp_path, streams_handler_timeout_s=0.1), handle)):
        await until(lambda: log.seen == ["slow"])


async def test_what_a_dead_consumer_held_is_taken_over(redis: Any, redis_url: str, tmp_path: Path) -> None:
    await publish(redis, published(id="orphan"))
    await redis.xgroup_create(ARTICLES, "search", id="0")
    await redis.xreadgroup("search", "killed", {ARTICLES: ">"}, count=10)
    log = Log()
    async with running(consumer_of(log, settings(redis_url, tmp_path), keep)):
        await until(lambda: log.seen == ["orphan"])
        await until(lambda: nothing_pending(redis))


async def test_stopping_finishes_what_is_in_hand_and_leaves_nothing_pending_under_its_name(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log, started = Log(), asyncio.Event()
    release = asyncio.Event()

    async def handle(event: ArticlePublished, log: Log) -> None:
        started.set()
        await release.wait()
        log.seen.append(event.data.id)

    await publish(redis, published(id="in-hand"))
    consumer = consumer_of(log, settings(redis_url, tmp_path), handle)
    async with running(consumer) as stop:
        await started.wait()
        stop.set()
        asyncio.get_running_loop().call_later(0.1, release.set)
    assert log.seen == ["in-hand"]
    assert await pending(redis) == 0
    assert consumer.name.encode() not in [each["name"] for each in await redis.xinfo_consumers(ARTICLES, "search")]


async def test_stopping_while_all_workers_are_busy_prints_no_error(
    redis: Any, redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log, started, release = Log(), asyncio.Event(), asyncio.Event()

    async def handle(event: ArticlePublished, log: Log) -> None:
        started.set()
        await release.wait()
        log.seen.append(event.data.id)

    for number in range(3):
        await publish(redis, published(id=f"a{number}"))
    async with running(consumer_of(log, settings(redis_url, tmp_path, streams_workers=1), handle)) as stop:
        await started.wait()
        await until(lambda: _is_read(redis, 2))
        stop.set()
        asyncio.get_running_loop().call_later(0.1, release.set)
    assert log.seen == ["a0"]
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


async def _is_read(redis: Any, count: int) -> bool:
    return await pending(redis) >= count


async def test_stopping_hands_back_what_cannot_be_finished_without_counting_it(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    started = asyncio.Event()

    async def hang(event: ArticlePublished, log: Log) -> None:
        started.set()
        await asyncio.Event().wait()

    await publish(redis, published(id="stuck"))
    async with running(consumer_of(Log(), settings(redis_url, tmp_path, streams_stop_s=0.05), hang)) as stop:
        await started.wait()
        stop.set()
    parked = (await redis.xpending_range(ARTICLES, "search", "-", "+", 10))[0]
    assert parked["consumer"] == b"~busy"
    assert parked["times_delivered"] == 0


async def test_a_flushed_redis_gets_its_group_again_and_reading_goes_on(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log = Log()
    async with running(consumer_of(log, settings(redis_url, tmp_path), keep)):
        await publish(redis, published(id="first"))
        await until(lambda: log.seen == ["first"])
        await redis.flushall()
        await publish(redis, published(id="second"))
        await until(lambda: log.seen == ["first", "second"])


async def test_a_killed_redis_that_comes_back_is_read_on(own_redis: LocalRedis, tmp_path: Path) -> None:
    log = Log()
    client = connect(own_redis.url, tries=50)
    async with running(consumer_of(log, settings(own_redis.url, tmp_path), keep)):
        await publish(client, published(id="before"))
        await until(lambda: log.seen == ["before"])
        own_redis.kill()
        own_redis.start()
        await publish(client, published(id="after"))
        await until(lambda: "after" in log.seen, timeout_s=20)
        await until(lambda: nothing_pending(client), timeout_s=20)
    await client.aclose()


async def test_three_replicas_share_the_work_and_each_event_is_handled_once(
    redis: Any, redis_url: str, tmp_path: Path
) -> None:
    log = Log()
    consumers = [consumer_of(log, settings(redis_url, tmp_path, streams_workers=4), keep) for _ in range(3)]
    async with running(consumers[0]), running(consumers[1]), running(consumers[2]):
        for number in range(200):
            await publish(redis, published(id=f"a{number}"))
        await until(lambda: len(log.seen) >= 200)
        await until(lambda: nothing_pending(redis))
    assert sorted(log.seen) == sorted(f"a{number}" for number in range(200))
