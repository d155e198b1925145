"""Replays, dead letters and status, through ingest's API, on a real Redis and both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.desk import Desk
from pressroom_ingest.operating import operation_parts
from pressroom_ingest.replayer import Replayer
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared import outbox
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, AuthorChanged, FrontChanged, decode
from pressroom_shared.keys import ARTICLES, FIELD, SINKS, alive, bulk, dead_letters
from pressroom_shared.running import Runnable
from pressroom_shared.streams import Poison
from pressroom_shared.streams.groups import ensure_group
from pressroom_shared.streams.status import all_statuses
from tests.examples import published
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE
from tests.streams import Log, consumer_of, publish, running, settings
from tests.waiting import until

OPERATIONS = "/api/v1/operations"


@pytest.fixture
async def desk(tmp_path: Path, database_url: str, redis_url: str) -> AsyncIterator[Desk]:
    (tmp_path / "site.toml").write_text(SITE)
    given = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        database_url=database_url,
        redis_url=redis_url,
        admin_key=SecretStr(ADMIN),
        streams_sweep_s=0.05,
    )
    async with open_desk(given) as desk:
        yield desk


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
    headers = {"Authorization": f"Bearer {ADMIN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client:
        yield client


@asynccontextmanager
async def operating(desk: Desk) -> AsyncIterator[None]:
    stop = asyncio.Event()
    parts: list[Runnable] = operation_parts(desk)
    tasks = [asyncio.create_task(part.run(stop)) for part in parts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), timeout=15)


async def publish_some(api: httpx.AsyncClient, *sections: str) -> list[str]:
    ids = []
    for section in sections:
        created = (await api.post("/api/v1/articles", json=ARTICLE | {"section": section})).json()
        assert (await api.post(f"/api/v1/articles/{created['id']}/publish", json={})).status_code == 202
        ids.append(created["id"])
    return ids


async def events_in(redis: Any, stream: str) -> list[Any]:
    return [decode(fields[FIELD.encode()]) for _, fields in await redis.xrange(stream)]


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(api: httpx.AsyncClient, redis: Any) -> None:
    ids = await publish_some(api, "business", "business/economy", "world")
    await api.post(f"/api/v1/articles/{ids[2]}/unpublish", json={"reason": "A mistake."})
    answer = await api.post(f"{OPERATIONS}/replays", json={"all": True, "to": ["pages", "notify"], "dry_run": True})
    assert answer.status_code == 200
    assert answer.json()["would"] == "would render 2, notify 0; and repeat 1 withdrawals"
    section = await api.post(f"{OPERATIONS}/replays", json={"section": "business", "to": ["search"], "dry_run": True})
    assert section.json()["would"] == "would index 2"
    assert (await api.get(f"{OPERATIONS}/replays")).json()["items"] == []


async def test_a_replay_goes_to_the_sinks_that_were_asked_for_marked_as_one(
    desk: Desk, api: httpx.AsyncClient, redis: Any
) -> None:
    ids = await publish_some(api, *["business"] * 45)
    await api.post(f"/api/v1/articles/{ids[0]}/unpublish", json={"reason": "A mistake."})
    for group in ("pages", "search"):
        await ensure_group(redis, bulk(group), group, SystemClock())
    async with operating(desk):
        asked = await api.post(f"{OPERATIONS}/replays", json={"all": True, "to": ["search", "pages"]})
        assert asked.status_code == 202
        place = f"{OPERATIONS}/replays/{asked.json()['id']}"
        await until(lambda: _state_is(api, place, "draining"))
        assert (await api.get(place)).json()["sent"] == 45
        for group in ("pages", "search"):
            taken = await redis.xreadgroup(group, "c", {bulk(group): ">"}, count=100)
            await redis.xack(bulk(group), group, *[entry_id for entry_id, _ in taken[0][1]])
        await until(lambda: _state_is(api, place, "done"))
    events = await events_in(redis, bulk("pages"))
    assert sorted(each.data.id for each in events) == sorted(ids)
    assert all(each.replay for each in events)
    assert [type(each) for each in events if each.data.id == ids[0]] == [ArticleUnpublished]
    assert await redis.xlen(bulk("search")) == 45
    assert await redis.xlen(bulk("notify")) == await redis.xlen(bulk("cards")) == 0


async def _state_is(api: httpx.AsyncClient, place: str, state: str) -> bool:
    return bool((await api.get(place)).json()["state"] == state)


async def test_a_replay_of_everything_ends_with_fronts_authors_tags_and_tells_the_keys_anew(
    desk: Desk, api: httpx.AsyncClient, redis: Any
) -> None:
    (one,) = await publish_some(api, "business")
    assert (await api.put("/api/v1/fronts/home", json={"lead": [one]})).status_code == 200
    changed = await api.patch("/api/v1/authors/ines-falk", json={"bio": "Walks the quays.", "slug": "i-m-falk"})
    assert changed.status_code == 200, changed.text
    await ensure_group(redis, bulk("pages"), "pages", SystemClock())
    async with operating(desk):
        asked = await api.post(f"{OPERATIONS}/replays", json={"all": True, "to": ["pages"]})
        place = f"{OPERATIONS}/replays/{asked.json()['id']}"
        await until(lambda: _state_is(api, place, "draining"))
    article, front, author = await events_in(redis, bulk("pages"))
    assert [each.replay for each in (article, front, author)] == [True] * 3
    assert isinstance(front, FrontChanged)
    assert front.data.lead == [one]
    assert front.data.version == (await api.get("/api/v1/fronts/home")).json()["version"]
    assert isinstance(author, AuthorChanged)
    assert (author.data.bio, author.data.former_slugs) == ("Walks the quays.", ["ines-falk"])
    async with desk.database.read() as connection:
        rings = [row for row in await outbox.waiting(connection, 1000) if row.article_id == "keys"]
    assert len(rings) == 2, "one at the start, one with the replay"


async def test_a_replay_fills_a_bulk_stream_no_further_than_its_bound_and_goes_on_when_it_is_read(
    desk: Desk, api: httpx.AsyncClient, redis: Any
) -> None:
    await publish_some(api, *["business"] * 3)
    await ensure_group(redis, bulk("pages"), "pages", SystemClock())
    await redis.xadd(bulk("pages"), {FIELD: b"x" * 17 * 1024 * 1024})
    async with operating(desk):
        asked = (await api.post(f"{OPERATIONS}/replays", json={"all": True, "to": ["pages"]})).json()
        place = f"{OPERATIONS}/replays/{asked['id']}"
        await until(lambda: _state_is(api, place, "sending"))
        ((_, taken),) = await redis.xreadgroup("pages", "c", {bulk("pages"): ">"})
        assert await redis.xlen(bulk("pages")) == 1
        await redis.xack(bulk("pages"), "pages", taken[0][0])
        await until(lambda: _state_is(api, place, "draining"))


async def test_a_replay_rests_only_while_editors_publish(
    desk: Desk, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayer = Replayer(desk)
    await publish_some(api, "world")
    assert await replayer.rest_s(0.01) == pytest.approx(0.01 * desk.settings.bulk_rests)
    monkeypatch.setattr("pressroom_ingest.replayer.NEWS_S", -1)
    assert await replayer.rest_s(0.01) == 0, "it is some time ago"


async def test_a_replay_begins_again_when_redis_lost_its_data(desk: Desk, api: httpx.AsyncClient, redis: Any) -> None:
    await publish_some(api, "business", "world")
    async with operating(desk):
        asked = (await api.post(f"{OPERATIONS}/replays", json={"all": True, "to": ["pages"]})).json()
        place = f"{OPERATIONS}/replays/{asked['id']}"
        await until(lambda: _state_is(api, place, "draining"))
        await ensure_group(redis, bulk("pages"), "pages", SystemClock())
        await redis.flushall()
        await until(lambda: _has(redis, bulk("pages"), 2))


async def _has(redis: Any, stream: str, count: int) -> bool:
    """At least: a group that was made anew may ask for the same once more."""
    return bool(await redis.xlen(stream) >= count)


async def test_a_group_that_was_made_gets_everything_by_itself(desk: Desk, api: httpx.AsyncClient, redis: Any) -> None:
    ids = await publish_some(api, "business", "world")
    async with operating(desk):
        await ensure_group(redis, ARTICLES, "search", SystemClock())
        await until(lambda: _has(redis, bulk("search"), 2))
    assert {each.data.id for each in await events_in(redis, bulk("search"))} == set(ids)
    (replay,) = (await api.get(f"{OPERATIONS}/replays")).json()["items"]
    assert replay["to"] == ["search"]
    assert "search" in replay["reason"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "body"),
        ({"all": True, "section": "business"}, "body"),
        ({"all": True, "to": ["weather"]}, "to"),
        ({"since": "2026-11-23T12:00:00"}, "since"),
        ({"all": True, "mood": "good"}, "mood"),
    ],
)
async def test_a_replay_that_is_not_clear_is_refused_by_name(
    api: httpx.AsyncClient, wish: dict[str, Any], field: str
) -> None:
    answer = await api.post(f"{OPERATIONS}/replays", json=wish)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


async def test_a_replay_can_be_cancelled_and_an_unknown_article_is_not_replayed(
    desk: Desk, api: httpx.AsyncClient, redis: Any
) -> None:
    await publish_some(api, "business")
    asked = (await api.post(f"{OPERATIONS}/replays", json={"all": True})).json()
    place = f"{OPERATIONS}/replays/{asked['id']}"
    assert (await api.delete(place)).status_code == 204
    assert (await api.get(place)).json()["state"] == "cancelled"
    assert (await api.delete(place)).status_code == 409
    assert (await api.post(f"{OPERATIONS}/replays", json={"article_id": "nobody"})).status_code == 404


async def kill_some(redis: Any, redis_url: str, tmp_path: Path, count: int) -> None:
    """Dead letters of the group search, made as they come to be."""

    async def refuse(event: ArticlePublished, log: Log) -> None:
        raise Poison("The article has no language.")

    async with running(consumer_of(Log(), settings(redis_url, tmp_path), refuse)):
        for number in range(count):
            await publish(redis, published(id=f"a{number}"))
            wanted = number + 1
            await until(lambda wanted=wanted: _has(redis, dead_letters("search"), wanted))  # type: ignore[misc]


async def test_dead_letters_are_listed_by_pages_and_filters_and_shown_whole(
    api: httpx.AsyncClient, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await kill_some(redis, redis_url, tmp_path, 5)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await api.get(f"{OPERATIONS}/dead/search", params={"limit": 2, "cursor": cursor})).json()
        seen += [each["subject"] for each in answer["items"]]
        cursor = answer["next"] or ""
        if not cursor:
            break
    assert seen == ["a4", "a3", "a2", "a1", "a0"]
    one = (await api.get(f"{OPERATIONS}/dead/search", params={"subject": "a3", "reason": "LANGUAGE"})).json()["items"]
    assert [each["subject"] for each in one] == ["a3"]
    assert (await api.get(f"{OPERATIONS}/dead/search", params={"failure": "Transient"})).json()["items"] == []
    whole = (await api.get(f"{OPERATIONS}/dead/search/{one[0]['id']}")).json()
    assert whole["payload"]["data"]["id"] == "a3"
    assert "Poison" in whole["traceback"]


@pytest.mark.parametrize("cursor", ["nowhere", "1-", "0-0", "٣-٤", "99999999999999999999-0"])
async def test_a_cursor_that_is_no_place_in_a_stream_is_named(api: httpx.AsyncClient, cursor: str) -> None:
    listed = await api.get(f"{OPERATIONS}/dead/search", params={"cursor": cursor})
    retried = await api.post(f"{OPERATIONS}/dead/search:retry", json={"cursor": cursor})
    for answer in (listed, retried):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor"), answer.text


async def test_a_dead_letter_is_retried_for_its_group_alone_mended_or_as_it_was(
    api: httpx.AsyncClient, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await kill_some(redis, redis_url, tmp_path, 2)
    two, one = (await api.get(f"{OPERATIONS}/dead/search")).json()["items"]
    mended = (await api.get(f"{OPERATIONS}/dead/search/{one['id']}")).json()["payload"]
    mended["data"]["headline"] = "Mended"
    broken = await api.post(
        f"{OPERATIONS}/dead/search/{one['id']}/retry", json={"payload": mended | {"data": {"id": "a0"}}}
    )
    assert broken.status_code == 422
    assert broken.json()["errors"][0]["field"] == "payload"
    answer = await api.post(f"{OPERATIONS}/dead/search/{one['id']}/retry", json={"payload": mended})
    assert answer.status_code == 202
    assert (await api.post(f"{OPERATIONS}/dead/search/{two['id']}/retry")).status_code == 202
    assert (await api.post(f"{OPERATIONS}/dead/search/{two['id']}/retry")).status_code == 404
    assert await redis.xlen(dead_letters("search")) == 0
    log = Log()

    async def keep_headline(event: ArticlePublished, log: Log) -> None:
        log.seen.append(f"{event.data.id}: {event.data.headline}")

    async with running(consumer_of(log, settings(redis_url, tmp_path), keep_headline)):
        await until(lambda: len(log.seen) == 2)
    assert sorted(log.seen) == ["a0: Mended", "a1: Harbour cranes stand still for a third day"]
    assert sum([await redis.xlen(bulk(group)) for group in SINKS if group != "search"]) == 0


async def test_many_are_retried_by_filter_no_faster_than_the_bound(
    api: httpx.AsyncClient, redis: Any, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_ingest.api.dead_letters._pace._left", 2.0)
    monkeypatch.setattr("pressroom_ingest.api.dead_letters.RETRIES_A_SECOND", 0)
    await kill_some(redis, redis_url, tmp_path, 3)
    first = await api.post(f"{OPERATIONS}/dead/search:retry", json={"failure": "Poison"})
    assert first.json()["retried"] == 2
    left = (await api.get(f"{OPERATIONS}/dead/search")).json()["items"]
    assert [each["subject"] for each in left] == ["a0"]
    assert left[0]["id"] < first.json()["next"]
    too_fast = await api.post(f"{OPERATIONS}/dead/search:retry", json={"failure": "Poison"})
    assert too_fast.status_code == 429
    assert too_fast.headers["retry-after"] == "1"


async def test_a_dead_letter_is_dropped_once(
    api: httpx.AsyncClient, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await kill_some(redis, redis_url, tmp_path, 1)
    (one,) = (await api.get(f"{OPERATIONS}/dead/search")).json()["items"]
    assert (await api.delete(f"{OPERATIONS}/dead/search/{one['id']}")).status_code == 204
    (line,) = (await api.get("/api/v1/audit", params={"action": "dead_letter"})).json()["items"]
    assert (line["action"], line["article_id"], line["detail"]["group"]) == ("dead_letter.dropped", "a0", "search")
    assert (await api.delete(f"{OPERATIONS}/dead/search/{one['id']}")).status_code == 404
    assert (await api.get(f"{OPERATIONS}/dead/search/not-an-id")).status_code == 404
    assert (await api.get(f"{OPERATIONS}/dead/weather")).status_code == 422


async def test_only_an_admin_operates(api: httpx.AsyncClient, redis: Any) -> None:
    editor = (await api.post("/api/v1/keys", json={"name": "Desk", "role": "editor"})).json()["secret"]
    headers = {"Authorization": f"Bearer {editor}"}
    for method, path in (
        ("GET", "/status"),
        ("GET", "/replays"),
        ("POST", "/replays"),
        ("GET", "/dead/search"),
        ("POST", "/dead/search:retry"),
        ("DELETE", "/dead/search/1-1"),
    ):
        assert (await api.request(method, OPERATIONS + path, headers=headers, json={"all": True})).status_code == 403


async def test_status_tells_each_group_and_what_to_do(
    api: httpx.AsyncClient, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    before = (await api.get(f"{OPERATIONS}/status")).json()
    assert [each["group"] for each in before["groups"]] == [*SINKS, "receipts", "operations"]
    assert before["groups"][0]["advice"] == "pages has never read anything: docker compose up -d render-pages"
    await kill_some(redis, redis_url, tmp_path, 2)
    await redis.xgroup_create(ARTICLES, "pages", id="0")
    await redis.xgroup_create(ARTICLES, "cards", id="0")
    await redis.xreadgroup("cards", "alone", {ARTICLES: ">"}, count=1)
    await redis.set(alive("cards", "alone"), b"12.5", px=60_000)
    groups = {each["group"]: each for each in (await api.get(f"{OPERATIONS}/status")).json()["groups"]}
    assert groups["pages"]["lag"] == 2
    assert groups["pages"]["advice"] == "Nobody reads for pages: docker compose up -d render-pages"
    cards = groups["cards"]
    assert (cards["lag"], cards["pending"], cards["consumers"], cards["rate"]) == (1, 1, 1, 12.5)
    assert cards["oldest_s"] > 0
    assert groups["search"]["dead"] == 2
    assert groups["search"]["advice"].startswith("Nobody reads for search")


async def test_a_long_replay_is_no_group_that_is_behind(redis: Any) -> None:
    await ensure_group(redis, ARTICLES, "pages", SystemClock())
    await redis.xadd(bulk("pages"), {FIELD: b"x"}, id="1-1")
    await redis.xgroup_create(bulk("pages"), "pages", id="0")
    pages = next(each for each in await all_statuses(redis) if each.group == "pages")
    assert (pages.bulk_lag, pages.oldest_s) == (1, 0)


async def test_without_redis_the_answer_says_so(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    away = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        database_url=database_url,
        redis_url="redis://127.0.0.1:1/0",
        admin_key=SecretStr(ADMIN),
    )
    async with open_desk(away) as desk:
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client:
            answer = await client.get(f"{OPERATIONS}/status")
    assert answer.status_code == 503
    assert "Redis does not answer" in json.loads(answer.content)["detail"]
