"""Fronts over HTTP, and the event of each change."""

from __future__ import annotations

from typing import Any

import httpx

from pressroom_ingest.desk import Desk
from pressroom_ingest.events import EventBuilder
from pressroom_shared import outbox
from pressroom_shared.events import Event, FrontChanged, decode
from tests.integration.ingest.conftest import ARTICLE


async def all_events(desk: Desk) -> list[Event]:
    """All that waits for the relay, but for the rings of keys."""
    build = EventBuilder(desk)
    async with desk.database.read() as connection:
        waiting = [row for row in await outbox.waiting(connection, 1000) if row.article_id != "keys"]
        return [decode(await build(connection, row)) for row in waiting]


async def test_a_front_is_curated_whole_and_each_change_is_an_event(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    empty = (await api.get("/api/v1/fronts/business/economy")).json()
    assert (empty["front"], empty["lead"], empty["version"]) == ("business/economy", [], 0)
    other = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    put = await api.put("/api/v1/fronts/home", json={"lead": [draft["id"]], "trending": [other["id"], draft["id"]]})
    assert put.status_code == 200, put.text
    shown = await api.get("/api/v1/fronts/home")
    assert shown.json() == put.json()
    assert shown.json()["trending"] == [other["id"], draft["id"]]
    again = await api.put("/api/v1/fronts/home", json={}, headers={"If-Match": shown.headers["etag"]})
    assert again.json()["lead"] == []
    first, second = await all_events(desk)
    assert isinstance(first, FrontChanged)
    assert isinstance(second, FrontChanged)
    assert (first.data.lead, second.data.lead) == ([draft["id"]], [])
    assert second.data.version > first.data.version == put.json()["version"]


async def test_a_wrong_front_is_refused_with_the_place(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    assert (await api.get("/api/v1/fronts/weather")).status_code == 404
    assert (await api.put("/api/v1/fronts/weather", json={})).status_code == 404
    one = draft["id"]
    for body, field in (
        ({"lead": [one, "none"]}, "lead.1"),
        ({"lead": [one, one]}, "lead"),
        ({"mood": []}, "mood"),
        ({"lead": "x"}, "lead"),
    ):
        refused = await api.put("/api/v1/fronts/home", json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    await api.put("/api/v1/fronts/home", json={"lead": [one]})
    late = await api.put("/api/v1/fronts/home", json={}, headers={"If-Match": '"0"'})
    assert (late.status_code, "PRESSROOM_ADMIN_KEY" in late.json()["detail"]) == (412, True)
    key = (await api.post("/api/v1/keys", json={"name": "x", "role": "reader", "sections": {"world": "editor"}})).json()
    only = {"Authorization": f"Bearer {key['secret']}"}
    assert (await api.put("/api/v1/fronts/home", json={}, headers=only)).status_code == 403
    assert (await api.put("/api/v1/fronts/world", json={}, headers=only)).status_code == 200
    assert len(await all_events(desk)) == 2
