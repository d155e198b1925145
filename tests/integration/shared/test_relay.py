"""The outbox and its relay on a real Redis, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pressroom_shared import outbox, owed
from pressroom_shared.clock import SystemClock
from pressroom_shared.database import Database, new_metadata, open_database
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, BULK, FIELD, SINKS, bulk, wake
from pressroom_shared.leases import Lease
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Relay
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.groups import parse_id
from pressroom_shared.streams.trim import trim
from tests.servers import LocalRedis
from tests.waiting import until


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    metadata = new_metadata()
    owed.owed_table(metadata, outbox.outbox_table(metadata))
    outbox.lease_table(metadata)
    async with open_database(database_url) as database:
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


async def store(database: Database, *names: str) -> None:
    async with database.begin() as connection:
        for name in names:
            await outbox.add(
                connection,
                stream=ARTICLES,
                event_id=new_id(),
                article_id=name,
                version=1,
                created_at=SystemClock().now(),
                payload=name.encode(),
            )


async def names_in(redis: Any) -> list[str]:
    return [each[1][FIELD.encode()].decode() for each in await redis.xrange(ARTICLES)]


async def waiting_rows(database: Database) -> int:
    async with database.read() as connection:
        return len(await outbox.waiting(connection, 10_000))


def settings(url: str, tmp_path: Path, **more: Any) -> Settings:
    return Settings(redis_url=url, data_dir=tmp_path, **more)


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), timeout=15)


async def test_rows_are_relayed_in_the_order_of_their_commits_and_numbered(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    expected = [f"a{number}" for number in range(500)]
    await store(database, *expected[:300])
    async with running(Relay(database, settings(redis_url, tmp_path), source="/test")):
        await store(database, *expected[300:])
        await until(lambda: _all_in(redis, 500))
        await until(lambda: _none_waits(database))
    assert await names_in(redis) == expected
    async with database.read() as connection:
        numbers = (await connection.execute(sa.select(outbox.OUTBOX.c.sequence).order_by(outbox.OUTBOX.c.id))).scalars()
        assert list(numbers) == list(range(1, 501))


async def test_what_was_forgotten_takes_no_later_row_with_it(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    """SQLite numbers a row after the newest that is there: the relay has settled all up to the newest that it saw."""
    async with running(Relay(database, settings(redis_url, tmp_path), source="/test")):
        for round_ in range(3):
            await store(database, *(f"{round_}-{number}" for number in range(20)))
            await until(partial(_all_in, redis, 20 * (round_ + 1)))
            await until(lambda: _none_waits(database))
            async with database.begin() as connection:
                await outbox.forget(connection, relayed_before=SystemClock().now())
                assert await connection.scalar(sa.select(sa.func.count()).select_from(outbox.OUTBOX)) == 1
    assert len(set(await names_in(redis))) == 60


async def _all_in(redis: Any, count: int) -> bool:
    return int(await redis.xlen(ARTICLES)) >= count


async def _none_waits(database: Database) -> bool:
    return await waiting_rows(database) == 0


async def test_of_two_relays_one_sends_and_the_other_takes_over(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    first, second = (Relay(database, settings(redis_url, tmp_path), source="/test") for _ in range(2))
    async with running(second):
        async with running(first):
            await store(database, *[f"a{number}" for number in range(50)])
            await until(lambda: _all_in(redis, 50))
        await store(database, "after")
        await until(lambda: _all_in(redis, 51), timeout_s=4)
    assert len(set(await names_in(redis))) == await redis.xlen(ARTICLES) == 51


async def test_what_another_process_commits_wakes_the_one_that_relays(
    database: Database, database_url: str, redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_shared.streams.relay.TURN_S", 600)
    monkeypatch.setattr("pressroom_shared.streams.relay.LEASE_S", 600)
    async with (
        open_database(database_url) as others,
        running(Relay(database, settings(redis_url, tmp_path), source="/test")),
    ):
        await store(database, "own")
        await until(lambda: _all_in(redis, 1))
        async with running(Relay(others, settings(redis_url, tmp_path), source="/test")):
            await until(lambda: _listeners(redis, 2))
            await store(others, "another's")
            await until(lambda: _all_in(redis, 2))
            await until(lambda: _none_waits(database))
    assert await names_in(redis) == ["own", "another's"]


async def test_who_stands_by_says_once_that_there_is_something_and_does_not_wake_itself(
    database: Database, redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_shared.streams.relay.TURN_S", 600)
    async with database.begin() as connection:
        assert await Lease("relay:/test", "who leads", ttl_s=600, clock=SystemClock()).take(connection)
    words: list[bytes] = []
    async with (
        redis.pubsub(ignore_subscribe_messages=True) as heard,
        running(Relay(database, settings(redis_url, tmp_path), source="/test")),
    ):
        await heard.subscribe(wake("/test"))
        await until(lambda: _listeners(redis, 2))

        async def said(count: int) -> bool:
            if word := await heard.get_message(timeout=0.01):
                words.append(word["data"])
            return len(words) >= count

        await store(database, "waits")
        await until(lambda: said(1))
        with pytest.raises(AssertionError):
            await until(lambda: said(2), timeout_s=1)
        await store(database, "waits too")
        await until(lambda: said(2))
    assert await waiting_rows(database) == 2


async def _listeners(redis: Any, count: int) -> bool:
    return bool((await redis.pubsub_numsub(wake("/test")))[0][1] == count)


async def test_a_relay_that_hears_nothing_of_redis_ends(database: Database, redis_url: str, tmp_path: Path) -> None:
    async with running(Relay(database, settings("redis://127.0.0.1:1", tmp_path), source="/test")):
        await store(database, "waits")
    assert await waiting_rows(database) == 1


async def test_a_flushed_redis_gets_everything_again_with_the_same_events(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    async with running(Relay(database, settings(redis_url, tmp_path), source="/test")):
        await store(database, "one", "two")
        await until(lambda: _none_waits(database))
        await redis.flushall()
        await store(database, "three")
        await until(lambda: _holds(redis, {"one", "two", "three"}))


async def _holds(redis: Any, names: set[str]) -> bool:
    return names <= set(await names_in(redis))


async def test_while_redis_is_down_rows_wait_and_then_drain(
    database: Database, own_redis: LocalRedis, tmp_path: Path
) -> None:
    async with running(Relay(database, settings(own_redis.url, tmp_path), source="/test")):
        own_redis.kill()
        await store(database, "one")
        await store(database, "two")
        assert await waiting_rows(database) == 2
        own_redis.start()
        client = connect(own_redis.url, tries=20)
        await until(lambda: _holds(client, {"one", "two"}), timeout_s=10)
        await client.aclose()


async def test_the_relay_stops_at_the_bound_and_goes_on_below_it(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await redis.xadd(ARTICLES, {FIELD: b"x" * 2_000_000})
    async with running(Relay(database, settings(redis_url, tmp_path, stream_bytes_max=1024 * 1024), source="/test")):
        await store(database, "waits")
        with pytest.raises(AssertionError):
            await until(lambda: _all_in(redis, 2), timeout_s=1)
        await redis.xtrim(ARTICLES, maxlen=0, approximate=False)
        await until(lambda: _holds(redis, {"waits"}))


async def test_only_what_every_group_has_acked_is_trimmed(redis: Any) -> None:
    ids = [await redis.xadd(ARTICLES, {FIELD: b"x"}) for _ in range(4)]
    groups = ("pages", "cards", "search", "notify")
    for group in groups[:3]:
        await redis.xgroup_create(ARTICLES, group, id="0")
        await redis.xreadgroup(group, "c", {ARTICLES: ">"}, count=10)
        await redis.xack(ARTICLES, group, *ids)
    assert await trim(redis, ARTICLES) == 0, "a group that was never made has read nothing"
    await redis.xgroup_create(ARTICLES, "notify", id="0")
    await redis.xreadgroup("notify", "c", {ARTICLES: ">"}, count=3)
    await redis.xack(ARTICLES, "notify", ids[0], ids[2])
    assert await trim(redis, ARTICLES) == 1, "the second is pending, the rest must stay"
    await redis.xack(ARTICLES, "notify", ids[1])
    assert await trim(redis, ARTICLES) == 2
    assert [each[0] for each in await redis.xrange(ARTICLES)] == [ids[3]]


async def store_bulk(database: Database, *names: str) -> None:
    async with database.begin() as connection:
        for name in names:
            await outbox.add(
                connection,
                stream=BULK,
                event_id=new_id(),
                article_id=name,
                version=1,
                created_at=SystemClock().now(),
                payload=name.encode(),
            )


async def test_bulk_rows_go_to_every_sinks_bulk_stream_and_after_all_others(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await store_bulk(database, *[f"b{number}" for number in range(120)])
    await store(database, *[f"a{number}" for number in range(210)])
    async with running(Relay(database, settings(redis_url, tmp_path), source="/test", has_bulk=True)):
        await until(lambda: _none_waits(database))
        await until(lambda: redis.exists(bulk("notify")))
        await until(lambda: _bulk_has(redis, 120))
    first_bulk = (await redis.xinfo_stream(bulk("pages")))["first-entry"][0]
    last_live = (await redis.xinfo_stream(ARTICLES))["last-entry"][0]
    assert parse_id(first_bulk.decode()) >= parse_id(last_live.decode())
    for group in SINKS:
        assert await redis.xlen(bulk(group)) == 120


async def _bulk_has(redis: Any, count: int) -> bool:
    return min([int(await redis.xlen(bulk(group))) for group in SINKS]) >= count


async def test_a_full_bulk_stream_holds_up_neither_news_nor_the_other_groups_and_is_owed_the_rest(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await redis.xadd(bulk("cards"), {FIELD: b"x" * 2_000_000})
    await store_bulk(database, *(f"b{number}" for number in range(120)))
    small = settings(redis_url, tmp_path, bulk_bytes_max=1024 * 1024)
    async with running(Relay(database, small, source="/test", has_bulk=True)):
        await store(database, "live")
        await until(lambda: _holds(redis, {"live"}))
        await until(lambda: _no_bulk_waits(database))
        for group in ("pages", "search", "notify"):
            assert await redis.xlen(bulk(group)) == 120
        assert await redis.xlen(bulk("cards")) == 1
        assert await owing(database) == {bulk("cards"): 120}
    async with running(Relay(database, small, source="/test", has_bulk=True)):  # a debt outlives the process
        await redis.delete(bulk("cards"))
        await until(lambda: _bulk_has(redis, 120))
        await until(lambda: _nothing_is_owed(database))
    assert [each[1][FIELD.encode()] for each in await redis.xrange(bulk("cards"))] == [
        f"b{number}".encode() for number in range(120)
    ]
    assert await redis.xlen(bulk("pages")) == 120, "what was sent is not sent again"


async def test_what_redis_lost_after_it_was_owed_is_sent_again(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await redis.xadd(bulk("cards"), {FIELD: b"x" * 2_000_000})
    await store_bulk(database, "b")
    small = settings(redis_url, tmp_path, bulk_bytes_max=1024 * 1024)
    async with running(Relay(database, small, source="/test", has_bulk=True)):
        await until(lambda: _no_bulk_waits(database))
        assert await owing(database) == {bulk("cards"): 1}
        await redis.flushall()
        await until(lambda: _bulk_has(redis, 1))
        await until(lambda: _nothing_is_owed(database))


async def owing(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        return await owed.count_owed(connection)


async def _nothing_is_owed(database: Database) -> bool:
    return not await owing(database)


async def _no_bulk_waits(database: Database) -> bool:
    async with database.read() as connection:
        return await outbox.count_waiting(connection) == 0


async def test_a_row_whose_event_cannot_be_built_holds_up_no_other_and_one_without_an_event_is_done(
    database: Database, redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_shared.streams.relay.PASSED_OVER_S", 0.2)
    mended: list[Any] = []

    async def encode(_connection: Any, row: outbox.OutboxRow) -> bytes | None:
        if row.article_id == "broken" and not mended:
            raise KeyError("the revision is gone")
        return None if row.article_id == "purged" else row.article_id.encode()

    await store(database, "broken", "purged", "sound")
    async with running(Relay(database, settings(redis_url, tmp_path), source="/test", encode=encode)):
        await until(lambda: _holds(redis, {"sound"}))
        await until(lambda: _waiting_is(database, 1))
        mended.append(1)
        await until(lambda: _holds(redis, {"broken"}))
    assert await names_in(redis) == ["sound", "broken"]


async def _waiting_is(database: Database, count: int) -> bool:
    return await waiting_rows(database) == count
