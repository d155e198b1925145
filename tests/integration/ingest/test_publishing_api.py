"""Publishing over HTTP, and the events that come of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from pressroom_ingest.desk import Desk
from pressroom_ingest.events import EventBuilder
from pressroom_ingest.handlers import on_outcome
from pressroom_ingest.tables import outbox as outbox_rows
from pressroom_ingest.waiting import Waiters
from pressroom_shared import outbox
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, NotifyCounts, Outcome, decode
from pressroom_shared.outbox import outcome_event
from tests.integration.ingest.conftest import ARTICLE
from tests.waiting import until


async def events(desk: Desk) -> list[ArticlePublished | ArticleUnpublished]:
    """What the relay would send, in its order."""
    build = EventBuilder(desk)
    async with desk.database.read() as connection:
        waiting = [row for row in await outbox.waiting(connection, 1000) if row.payload is None]
        found = [decode(await build(connection, row)) for row in waiting]
    assert all(isinstance(each, ArticlePublished | ArticleUnpublished) for each in found)
    return found  # type: ignore[return-value]


async def publish(api: httpx.AsyncClient, article: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = await api.post(f"/api/v1/articles/{article['id']}/publish", json=body)
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


async def test_publishing_answers_and_writes_the_whole_event(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    accepted = await publish(api, draft)
    assert accepted["live"] is False
    event = (await events(desk))[0]
    assert isinstance(event, ArticlePublished)
    data = event.data
    assert (data.id, data.version, data.headline) == (draft["id"], accepted["version"], ARTICLE["headline"])
    assert accepted["url"] == f"http://localhost:8080{data.path}"
    day = data.first_published_at.astimezone(desk.site.zone).strftime("%Y/%m/%d")
    assert data.path == f"/business/{day}/harbor-cranes-stand-still/"
    assert [(each.change, each.notify, each.version) for each in data.announcements] == [("new", True, data.version)]
    assert [each.slug for each in data.authors] == ["ines-falk"]
    assert data.body_text == ARTICLE["body"]
    shown = (await api.get(f"/api/v1/articles/{draft['id']}")).json()
    assert (shown["state"], shown["url"], shown["has_unpublished_changes"]) == ("live", accepted["url"], False)


async def test_the_event_is_the_same_at_each_sending_and_cumulative(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    await publish(api, draft)
    first = await events(desk)
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"headline": "Cranes move again"}, headers={"If-Match": "*"})
    assert (await api.get(url)).json()["has_unpublished_changes"] is True
    assert await events(desk) == first, "a draft's change is not public"
    await publish(api, draft, change="correction", note="It was noon, not one.")
    again = await events(desk)
    assert again[0] == first[0]
    newest = again[1]
    assert isinstance(newest, ArticlePublished)
    assert [each.change for each in newest.data.announcements] == ["new", "correction"]
    assert [each.note for each in newest.data.corrections] == ["It was noon, not one."]
    assert newest.data.path == first[0].data.path, "a new headline does not move the page"
    assert newest.data.version > first[0].data.version


async def test_a_new_slug_or_section_moves_the_page_and_keeps_the_old_address(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    await publish(api, draft)
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"slug": "cranes"}, headers={"If-Match": "*"})
    await publish(api, draft)
    await api.patch(url, json={"section": "world"}, headers={"If-Match": "*"})
    await publish(api, draft)
    first, second, third = (each.data for each in await events(desk))
    assert [each.path.split("/")[1] for each in (first, second, third)] == ["business", "business", "world"]
    assert third.former_paths == sorted([first.path, second.path])
    await api.patch(url, json={"section": "business", "slug": "harbor-cranes-stand-still"}, headers={"If-Match": "*"})
    await publish(api, draft)
    back = (await events(desk))[3].data
    assert back.path == first.path
    assert back.former_paths == sorted([second.path, third.path])


async def test_two_articles_of_a_day_never_share_an_address(api: httpx.AsyncClient) -> None:
    urls = set()
    for _ in range(3):
        draft = (await api.post("/api/v1/articles", json=ARTICLE)).json()
        urls.add((await publish(api, draft))["url"])
    assert sorted(each.rstrip("/").rsplit("/")[-1] for each in urls) == [
        "harbor-cranes-stand-still",
        "harbor-cranes-stand-still-2",
        "harbor-cranes-stand-still-3",
    ]


@pytest.mark.parametrize("headline", ["مدينة الميناء", "港の町", "बंदरगाह", "Ærø’s Straße", "🎉"])
async def test_a_headline_in_any_script_has_an_address(api: httpx.AsyncClient, headline: str) -> None:
    draft = (await api.post("/api/v1/articles", json=ARTICLE | {"headline": headline})).json()
    url = (await publish(api, draft))["url"]
    slug = url.rstrip("/").rsplit("/")[-1]
    assert slug.isascii()
    assert slug


async def test_withdrawing_and_bringing_back(api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]) -> None:
    accepted = await publish(api, draft)
    url = f"/api/v1/articles/{draft['id']}"
    gone = await api.post(f"{url}/unpublish", json={"reason": "Wrong town", "redirect_to": "/world/"})
    assert gone.status_code == 202
    assert (await api.post(f"{url}/unpublish")).status_code == 409
    back = await publish(api, draft)
    assert back["url"] == accepted["url"]
    kinds = [(type(each).__name__, each.data.version) for each in await events(desk)]
    assert [kind for kind, _ in kinds] == ["ArticlePublished", "ArticleUnpublished", "ArticlePublished"]
    assert [version for _, version in kinds] == sorted({version for _, version in kinds})
    tombstone = (await events(desk))[1]
    assert isinstance(tombstone, ArticleUnpublished)
    assert tombstone.data.redirect_to == "/world/"


async def test_what_cannot_be_published_so_is_refused_by_name(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}/publish"
    await publish(api, draft)
    for body, field in [
        ({"change": "new"}, "change"),
        ({"change": "correction"}, "note"),
        ({"change": "big"}, "change"),
    ]:
        answer = await api.post(url, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await api.post(url, headers={"If-Match": '"9"'})).status_code == 412


async def test_an_archives_article_keeps_its_day(api: httpx.AsyncClient, desk: Desk) -> None:
    old = ARTICLE | {"published_at": "2019-03-01T02:30:00Z", "external_id": "old/1"}
    draft = (await api.post("/api/v1/articles", json=old)).json()
    accepted = await publish(api, draft, notify=False)
    assert "/business/2019/02/28/" in accepted["url"], "by the newspaper's own time zone"
    data = (await events(desk))[0].data
    assert isinstance((await events(desk))[0], ArticlePublished)
    assert data.first_published_at == datetime(2019, 3, 1, 2, 30, tzinfo=UTC)  # type: ignore[union-attr]


async def say(desk: Desk, accepted: dict[str, Any], service: str, status: str = "done", **more: Any) -> None:
    outcome = Outcome.model_validate(
        {
            "service": service,
            "article_id": accepted["id"],
            "version": accepted["version"],
            "status": status,
            "at": datetime.now(UTC),
            "took_ms": 5,
        }
        | more
    )
    async with desk.begin() as work:
        await on_outcome(outcome_event(outcome, "/test"), work)


async def test_a_receipt_is_complete_when_every_service_has_spoken(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    accepted = await publish(api, draft)
    url = f"/api/v1/articles/{draft['id']}/receipt"
    fresh = (await api.get(url)).json()
    assert (fresh["live"], fresh["complete"], fresh["pages"]["status"]) == (False, False, "waiting")
    await say(desk, accepted, "pages")
    assert (await api.get(url)).json()["live"] is True
    await say(desk, accepted, "cards", "skipped")
    await say(desk, accepted, "search")
    assert (await api.get(url)).json()["complete"] is False
    await say(desk, accepted, "notify", notify=NotifyCounts(planned=3, sent=1, open=2))
    assert (await api.get(url)).json()["complete"] is False, "two mails are still on their way"
    await say(desk, accepted, "notify", notify=NotifyCounts(planned=3, sent=3))
    done = (await api.get(url)).json()
    assert (done["complete"], done["notify"]["planned"], done["notify"]["sent"]) == (True, 3, 3)


async def test_a_receipt_never_leaves_done(api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]) -> None:
    accepted = await publish(api, draft)
    await say(desk, accepted, "pages", "failed")
    await say(desk, accepted, "pages", "done")
    await say(desk, accepted, "pages", "failed")
    receipt = (await api.get(f"/api/v1/articles/{draft['id']}/receipt")).json()
    assert receipt["pages"]["status"] == "done"


async def test_waiting_for_live(api: httpx.AsyncClient, desk: Desk, waiters: Waiters, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}/publish"
    slow = await api.post(url, params={"wait": "live", "timeout_s": 0.2})
    assert (slow.status_code, slow.json()["live"]) == (202, False)

    async def pages_say_done() -> None:
        await until(lambda: _two_events(desk))
        newest = (await events(desk))[-1].data
        await say(desk, {"id": newest.id, "version": newest.version}, "pages")
        waiters.tell(newest.id)

    answer, _ = await asyncio.gather(api.post(url, params={"wait": "live", "timeout_s": 10}), pages_say_done())
    assert (answer.status_code, answer.json()["live"]) == (200, True)


async def _two_events(desk: Desk) -> bool:
    return len(await events(desk)) == 2


async def test_events_are_listed_in_published_order(api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]) -> None:
    accepted = await publish(api, draft)
    assert (await api.get("/api/v1/events")).json() == {"items": [], "next": 0}, "not relayed yet"
    async with desk.database.begin() as connection:
        waiting = [row for row in await outbox.waiting(connection, 10) if row.payload is None]
        await outbox.mark_relayed(connection, [(row.id, f"{row.id}-0") for row in waiting], desk.clock.now())
        numbers = await connection.scalars(sa.select(outbox_rows.c.sequence).where(outbox_rows.c.sequence > 0))
        assert list(numbers) == [1]
    listed = (await api.get("/api/v1/events")).json()
    assert [(each["sequence"], each["version"]) for each in listed["items"]] == [(1, accepted["version"])]
    assert (await api.get("/api/v1/events", params={"after": 1})).json()["items"] == []
