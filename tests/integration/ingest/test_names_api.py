"""Authors and tags over HTTP: described, renamed, merged; and what becomes of their articles."""

from __future__ import annotations

from typing import Any

import httpx

from pressroom_ingest.bulk import Feeder
from pressroom_ingest.desk import Desk
from pressroom_ingest.events import EventBuilder
from pressroom_shared import outbox
from pressroom_shared.events import ArticlePublished, AuthorChanged, TagChanged, decode
from tests.integration.ingest.conftest import ARTICLE
from tests.integration.ingest.test_fronts_api import all_events
from tests.integration.ingest.test_publishing_api import publish


async def fed(desk: Desk) -> list[ArticlePublished]:
    """What goes out in bulk; it does not go out again."""
    while await Feeder(desk).turn():
        pass
    build = EventBuilder(desk)
    async with desk.database.begin() as connection:
        waiting = await outbox.waiting(connection, 1000, bulk=True)
        found = [decode(await build(connection, row)) for row in waiting]
        if waiting:
            await outbox.mark_relayed(connection, [(row.id, None) for row in waiting], desk.clock.now())
    assert all(isinstance(each, ArticlePublished) for each in found)
    return found  # type: ignore[return-value]


async def test_a_renamed_author_is_renamed_on_every_live_article(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    live = await publish(api, draft)
    await api.post("/api/v1/articles", json=ARTICLE)
    changed = await api.patch("/api/v1/authors/ines-falk", json={"name": "Ines Falk-Roe", "slug": "ines-falk-roe"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["slug"], changed.json()["former_slugs"]) == ("ines-falk-roe", ["ines-falk"])
    assert changed.json()["articles_sent_again"] == 1
    event = (await all_events(desk))[-1]
    assert isinstance(event, AuthorChanged)
    assert (event.data.name, event.data.former_slugs) == ("Ines Falk-Roe", ["ines-falk"])
    (again,) = await fed(desk)
    assert [(each.slug, each.name) for each in again.data.authors] == [("ines-falk-roe", "Ines Falk-Roe")]
    assert [(each.change, each.notify) for each in again.data.announcements] == [("new", True), ("silent", False)]
    assert again.data.version > live["version"]
    assert (await api.get("/api/v1/authors/ines-falk")).json()["slug"] == "ines-falk-roe"
    for name in ("ines-falk", "ines-falk-roe"):
        assert len((await api.get("/api/v1/articles", params={"author": name})).json()["items"]) == 2
    late = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    assert [each["slug"] for each in late["authors"]] == ["ines-falk-roe"], "the old name still means her"
    assert [each["slug"] for each in (await api.get("/api/v1/authors")).json()["items"]] == ["ines-falk-roe"]


async def test_an_unpublished_change_does_not_go_out_with_a_rename(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    await publish(api, draft)
    secret = {"headline": "Not yet", "authors": [], "tags": []}
    await api.patch(f"/api/v1/articles/{draft['id']}", json=secret, headers={"If-Match": "*"})
    await api.patch("/api/v1/authors/ines-falk", json={"title": "Editor"})
    (again,) = await fed(desk)
    assert again.data.headline == ARTICLE["headline"]
    assert [each.title for each in again.data.authors] == ["Editor"]
    assert (await api.get(f"/api/v1/articles/{draft['id']}")).json()["has_unpublished_changes"] is True


async def test_two_tags_become_one(api: httpx.AsyncClient, desk: Desk) -> None:
    both = (await api.post("/api/v1/articles", json=ARTICLE | {"tags": ["Harbour", "Harbor"]})).json()
    await publish(api, both)
    merged = (await api.patch("/api/v1/tags/harbour", json={"merge_into": "harbor"})).json()
    assert (merged["slug"], merged["aliases"], merged["articles_sent_again"]) == ("harbor", ["harbour"], 1)
    event = (await all_events(desk))[-1]
    assert isinstance(event, TagChanged)
    assert event.data.former_slugs == ["harbour"]
    (again,) = await fed(desk)
    assert [each.slug for each in again.data.tags] == ["harbor"]
    assert (await api.get(f"/api/v1/articles/{both['id']}")).json()["tags"] == ["Harbor"]
    new = (await api.post("/api/v1/articles", json=ARTICLE | {"tags": ["harbour"]})).json()
    assert new["tags"] == ["Harbor"]
    assert len((await api.get("/api/v1/articles", params={"tag": "harbour"})).json()["items"]) == 2
    back = await api.patch("/api/v1/tags/harbor", json={"slug": "harbour"})
    assert (back.status_code, back.json()["aliases"]) == (200, ["harbor"]), "its own former slug is free to take"


async def test_other_words_for_a_tag(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    changed = (await api.patch("/api/v1/tags/harbor", json={"aliases": ["Port", "Hafen"]})).json()
    assert changed["aliases"] == ["hafen", "port"]
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"tags": ["Hafen", "Fish"]})).json()
    assert made["tags"] == ["Harbor", "Fish"]
    refused = await api.patch("/api/v1/tags/harbor", json={"aliases": ["Fish"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "aliases")
    fewer = (await api.patch("/api/v1/tags/harbor", json={"aliases": ["Port"]})).json()
    assert fewer["aliases"] == ["port"]


async def test_what_is_wrong_is_named_and_nothing_changes(api: httpx.AsyncClient, desk: Desk) -> None:
    await api.post("/api/v1/articles", json=ARTICLE | {"authors": ["Ines Falk", "Tom Lind"]})
    for body, field in (
        ({"slug": "tom-lind"}, "slug"),
        ({"merge_into": "ines-falk"}, "merge_into"),
        ({"merge_into": "tom-lind", "slug": "x"}, "merge_into"),
        ({"media_id": "none"}, "media_id"),
        ({"name": ""}, "name"),
        ({"links": [{"text": "x", "url": "javascript:x"}]}, "links.0.url"),
        ({"mood": 1}, "mood"),
    ):
        refused = await api.patch("/api/v1/authors/ines-falk", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert (await api.patch("/api/v1/authors/nobody", json={"name": "x"})).status_code == 404
    assert (await api.patch("/api/v1/authors/ines-falk", json={"merge_into": "nobody"})).status_code == 404
    assert await all_events(desk) == []
    described = (await api.patch("/api/v1/authors/ines-falk", json={"bio": "She *walks*."})).json()
    assert (described["bio"], described["articles_sent_again"]) == ("She *walks*.", 0)
