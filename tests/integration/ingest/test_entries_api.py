"""Entries of a live article, and previews: over HTTP, and the events that come of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from pressroom_ingest.desk import Desk
from pressroom_shared.events import ArticlePreviewed, ArticlePublished
from tests.integration.ingest.conftest import ARTICLE
from tests.integration.ingest.test_fronts_api import all_events
from tests.integration.ingest.test_media_api import png, upload
from tests.integration.ingest.test_publishing_api import events, publish


@pytest.fixture
async def live(api: httpx.AsyncClient) -> dict[str, Any]:
    made: dict[str, Any] = (await api.post("/api/v1/articles", json=ARTICLE | {"kind": "live"})).json()
    return made


async def add(api: httpx.AsyncClient, article: dict[str, Any], **entry: Any) -> dict[str, Any]:
    answer = await api.post(f"/api/v1/articles/{article['id']}/entries", json=entry)
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    return added


async def newest(desk: Desk) -> Any:
    found = (await events(desk))[-1]
    assert isinstance(found, ArticlePublished)
    return found.data


async def test_each_entry_is_a_publication_of_the_same_article(
    api: httpx.AsyncClient, desk: Desk, live: dict[str, Any]
) -> None:
    await publish(api, live)
    first = await add(api, live, body="The wind rises.", at="2026-11-24T18:00:00Z")
    second = await add(api, live, body="It falls.", headline="Calm", at="2026-11-24T19:05:00Z", notify=True)
    data = await newest(desk)
    assert (data.id, data.version) == (live["id"], second["version"])
    assert [(each.id, each.body) for each in data.entries] == [
        (first["entry"]["id"], "The wind rises."),
        (second["entry"]["id"], "It falls."),
    ]
    assert data.body == f"{ARTICLE['body']}\n\n## 14:05 · Calm\n\nIt falls.\n\n## 13:00\n\nThe wind rises."
    assert (data.intro, "It falls." in data.body_text) == (ARTICLE["body"], True)
    assert [(each.change, each.notify) for each in data.announcements][-2:] == [("update", False), ("update", True)]
    url = f"/api/v1/articles/{live['id']}/entries/{first['entry']['id']}"
    changed = await api.patch(url, json={"body": "The wind rises fast."})
    assert (changed.status_code, changed.json()["entry"]["body"]) == (200, "The wind rises fast.")
    assert (await newest(desk)).entries[0].body == "The wind rises fast."
    assert (await api.delete(url)).status_code == 200
    assert [each.headline for each in (await newest(desk)).entries] == ["Calm"]
    assert len(await events(desk)) == 5
    assert (await api.delete(url)).status_code == 404
    shown = (await api.get(f"/api/v1/articles/{live['id']}")).json()
    assert [each["headline"] for each in shown["entries"]] == ["Calm"]


async def test_a_draft_on_top_does_not_go_out_with_an_entry(
    api: httpx.AsyncClient, desk: Desk, live: dict[str, Any]
) -> None:
    await publish(api, live)
    url = f"/api/v1/articles/{live['id']}"
    await api.patch(url, json={"headline": "Not yet"}, headers={"If-Match": "*"})
    await add(api, live, body="The wind rises.")
    data = await newest(desk)
    assert (data.headline, len(data.entries)) == (ARTICLE["headline"], 1)
    shown = (await api.get(url)).json()
    assert (shown["headline"], len(shown["entries"]), shown["has_unpublished_changes"]) == ("Not yet", 1, True)
    await publish(api, live)
    data = await newest(desk)
    assert (data.headline, len(data.entries)) == ("Not yet", 1)


async def test_what_is_wrong_is_refused_and_nothing_goes_out(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any], live: dict[str, Any]
) -> None:
    url = f"/api/v1/articles/{live['id']}"
    assert (await api.post(f"/api/v1/articles/{draft['id']}/entries", json={"body": "x"})).status_code == 409
    assert (await api.post("/api/v1/articles/none/entries", json={"body": "x"})).status_code == 404
    for body, field in (({"body": ""}, "body"), ({}, "body"), ({"body": "x", "mood": 1}, "mood")):
        refused = await api.post(f"{url}/entries", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    by_patch = await api.patch(url, json={"entries": []}, headers={"If-Match": "*"})
    assert (by_patch.status_code, by_patch.json()["errors"][0]["field"]) == (422, "entries")
    before = await add(api, live, body="Before it is live.")
    assert before["version"] is None
    await publish(api, live)
    silent = (await upload(api, png(9, 9))).json()["id"]
    refused = await api.post(f"{url}/entries", json={"body": f"![](media:{silent})"})
    assert (refused.status_code, silent in refused.text) == (422, True)
    key = (await api.post("/api/v1/keys", json={"name": "x", "role": "contributor"})).json()
    weak = {"Authorization": f"Bearer {key['secret']}"}
    assert (await api.post(f"{url}/entries", json={"body": "x"}, headers=weak)).status_code == 403
    assert len(await events(desk)) == 1
    assert len((await newest(desk)).entries) == 1


async def test_a_preview_shows_the_draft_and_touches_nothing(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    accepted = await publish(api, draft)
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"headline": "As it would be", "slug": "new-slug"}, headers={"If-Match": "*"})
    before = (await api.get(url)).json()
    made = await api.post(f"{url}/preview")
    assert made.status_code == 201, made.text
    event = (await all_events(desk))[-1]
    assert isinstance(event, ArticlePreviewed)
    assert made.json()["url"] == f"http://localhost:8080{event.data.path}"
    assert len(event.data.token) >= 43
    assert event.data.article.headline == "As it would be"
    assert event.data.article.path.endswith("/new-slug/")
    assert event.data.expires_at - event.time == timedelta(hours=24)
    assert (await api.get(url)).json() == before
    again = (await api.post(f"{url}/preview")).json()
    assert again["url"] != made.json()["url"]
    assert (await api.get(f"{url}/receipt")).json()["version"] == accepted["version"]
    assert (await api.post("/api/v1/articles/none/preview")).status_code == 404
    key = (await api.post("/api/v1/keys", json={"name": "x", "role": "reader"})).json()
    reader = {"Authorization": f"Bearer {key['secret']}"}
    assert (await api.post(f"{url}/preview", headers=reader)).status_code == 403


async def test_links_that_lead_nowhere_are_warned_of(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    there = (await publish(api, draft))["url"].removeprefix("http://localhost:8080")
    body = f"[a]({there}) [b](/world/2020/01/02/nothing/) [c](article:none) [d](article:{draft['id']}) [e](/world/)"
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"body": body})).json()
    told = [each["message"] for each in made["warnings"] if each["field"] == "body"]
    assert len(told) == 2
    assert "article none" in told[0]
    assert "/world/2020/01/02/nothing/" in told[1]
    also = f"See also: [x](article:none)\n\nSee also: [y](http://localhost:8080{there})\n\n"
    also += (
        "See also: [z](http://localhost:8080/world/2020/01/02/nothing/)\n\n<iframe src='https://youtu.be/1'></iframe>"
    )
    changed = await api.patch(f"/api/v1/articles/{made['id']}", json={"body": also}, headers={"If-Match": "*"})
    told = [each["message"] for each in changed.json()["warnings"] if each["field"] == "body"]
    assert ["article none" in told[0], "/nothing/" in told[1], "<iframe>" in told[2]] == [True] * 3
    assert len(told) == 3


async def test_a_translation_says_of_what_and_is_warned_of_when_there_is_nothing(
    api: httpx.AsyncClient, draft: dict[str, Any]
) -> None:
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"translation_of": "none", "language": "es"})).json()
    assert [each for each in made["warnings"] if each["field"] == "translation_of"] == [
        {"field": "translation_of", "message": "There is no article none."}
    ]
    url = f"/api/v1/articles/{made['id']}"
    changed = await api.patch(url, json={"translation_of": draft["id"]}, headers={"If-Match": "*"})
    assert changed.json()["translation_of"] == draft["id"]
    assert [each["field"] for each in changed.json()["warnings"]] == []
    wrong = await api.patch(url, json={"translation_of": 7}, headers={"If-Match": "*"})
    assert wrong.status_code == 422
    assert [each["field"] for each in wrong.json()["errors"]] == ["translation_of"]
