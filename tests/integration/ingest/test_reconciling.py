"""Inventories and reconciling through ingest's API: drift is found, repaired, and no reader is told."""

from __future__ import annotations

from typing import Any

import httpx

from pressroom_ingest.desk import Desk
from pressroom_ingest.events import EventBuilder
from pressroom_ingest.operating import on_inventory_reported
from pressroom_shared import outbox
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import (
    ArticlePublished,
    ArticleUnpublished,
    Event,
    InventoryItem,
    InventoryRequest,
    InventoryRequested,
    content_hash,
    decode,
)
from pressroom_shared.inventories import in_pages, inventory_reports
from tests.integration.ingest.conftest import ARTICLE

INVENTORIES = "/api/v1/operations/inventories"


async def publish(api: httpx.AsyncClient) -> tuple[str, int]:
    created = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    answer = (await api.post(f"/api/v1/articles/{created['id']}/publish", json={})).json()
    return created["id"], answer["version"]


async def sent(desk: Desk) -> list[Event]:
    """What ingest's relay would send."""
    build = EventBuilder(desk)
    async with desk.database.read() as connection:
        waiting = [row for row in await outbox.waiting(connection, 1000) if row.article_id != "keys"]
        return [decode(await build(connection, row)) for row in waiting]


async def answer(desk: Desk, request_id: str, group: str, *items: InventoryItem, times: int = 1) -> None:
    request = InventoryRequest(request_id=request_id)
    events = [each async for each in inventory_reports(request, group, in_pages(items), SystemClock())]
    for event in events * times:
        async with desk.begin() as work:
            await on_inventory_reported(event, work)


async def ask(api: httpx.AsyncClient) -> str:
    asked = await api.post(INVENTORIES)
    assert asked.status_code == 202
    return str(asked.json()["id"])


async def test_every_sink_is_asked_and_what_differs_is_listed(desk: Desk, api: httpx.AsyncClient) -> None:
    (behind, old), (missing, _), (same, version) = [await publish(api) for _ in range(3)]
    request_id = await ask(api)
    assert [each.data.request_id for each in await sent(desk) if isinstance(each, InventoryRequested)] == [request_id]
    items = [InventoryItem(id=behind, version=old - 1), InventoryItem(id=same, version=version)]
    await answer(desk, request_id, "search", *items, InventoryItem(id="stranger", version=7), times=2)
    found = (await api.get(f"{INVENTORIES}/{request_id}")).json()
    assert found["answered"] == ["search"]
    assert found["waiting_for"] == ["pages", "cards", "notify"]
    assert {each["article_id"]: each["kind"] for each in found["drift"]} == {
        behind: "behind",
        missing: "missing",
        "stranger": "unknown",
    }
    assert (await api.get(f"{INVENTORIES}/nobody")).status_code == 404


async def test_what_a_sink_lacks_is_replayed_to_it_and_what_is_newer_there_stays(
    desk: Desk, api: httpx.AsyncClient
) -> None:
    (missing, _), (ahead, version) = [await publish(api) for _ in range(2)]
    request_id = await ask(api)
    await answer(desk, request_id, "search", InventoryItem(id=ahead, version=version + 5))
    dry = (await api.post(f"{INVENTORIES}/{request_id}/repair", json={"dry_run": True})).json()
    assert dry == {
        "replayed": {"search": 1},
        "adopted": 0,
        "stamped_again": 0,
        "withdrawn": 0,
        "left_as_drift": 1,
        "dry_run": True,
    }
    assert (await api.get("/api/v1/operations/replays")).json()["items"] == []
    await api.post(f"{INVENTORIES}/{request_id}/repair", json={})
    (replay,) = (await api.get("/api/v1/operations/replays")).json()["items"]
    assert (replay["to"], replay["selection"]["ids"]) == (["search"], [missing])


async def test_from_ingest_stamps_above_what_any_sink_holds_and_withdraws_what_ingest_has_not(
    desk: Desk, api: httpx.AsyncClient
) -> None:
    (ahead, version) = await publish(api)
    far = version + 10**12  # eleven days ahead of the clock
    before = len(await sent(desk))
    request_id = await ask(api)
    await answer(desk, request_id, "pages", InventoryItem(id=ahead, version=far - 1))
    await answer(
        desk, request_id, "search", InventoryItem(id=ahead, version=far), InventoryItem(id="lost", version=far)
    )
    await answer(desk, request_id, "notify", InventoryItem(id=ahead, version=version))
    done = (await api.post(f"{INVENTORIES}/{request_id}/repair", json={"from_ingest": True})).json()
    assert (done["stamped_again"], done["withdrawn"], done["left_as_drift"]) == (1, 1, 0)
    again, gone = (await sent(desk))[before + 1 :]
    assert isinstance(again, ArticlePublished)
    assert again.data.version == far + 1
    assert (again.data.announcements[-1].change, again.data.announcements[-1].notify) == ("silent", False)
    assert isinstance(gone, ArticleUnpublished)
    assert (gone.data.id, gone.data.version > far) == ("lost", True)


async def test_a_purged_article_is_no_drift_and_is_purged_again_where_it_came_back(
    desk: Desk, api: httpx.AsyncClient
) -> None:
    """A sink that was restored from a backup has it again; no operator need know."""
    (article_id, version) = await publish(api)
    assert (await api.delete(f"/api/v1/articles/{article_id}", params={"purge": True})).status_code == 204
    tombstone = (await sent(desk))[-1]
    assert isinstance(tombstone, ArticleUnpublished)
    assert tombstone.data.purged
    request_id = await ask(api)
    there = InventoryItem(id=article_id, version=tombstone.data.version, withdrawn=True)
    await answer(desk, request_id, "pages", there)
    await answer(desk, request_id, "cards")
    assert (await api.get(f"{INVENTORIES}/{request_id}")).json()["count"] == 0
    await answer(desk, request_id, "search", InventoryItem(id=article_id, version=version))
    (drift,) = (await api.get(f"{INVENTORIES}/{request_id}")).json()["drift"]
    assert (drift["group"], drift["kind"]) == ("search", "purged")
    done = (await api.post(f"{INVENTORIES}/{request_id}/repair", json={})).json()
    assert (done["withdrawn"], done["left_as_drift"]) == (1, 0)
    again = (await sent(desk))[-1]
    assert isinstance(again, ArticleUnpublished)
    assert (again.data.id, again.data.purged, again.data.version > version) == (article_id, True, True)
    replay = await api.post("/api/v1/operations/replays", json={"article_id": article_id})
    assert replay.status_code == 404
    everything = (await api.post("/api/v1/operations/replays", json={"all": True, "dry_run": True})).json()
    assert (everything["live"], everything["withdrawn"]) == (0, 0)


async def test_contents_that_differ_in_one_version_are_found_by_their_hash(desk: Desk, api: httpx.AsyncClient) -> None:
    (article_id, version) = await publish(api)
    event = (await sent(desk))[0]
    assert isinstance(event, ArticlePublished)
    request_id = await ask(api)
    await answer(desk, request_id, "pages", InventoryItem(id=article_id, version=version, hash="another"))
    right = InventoryItem(id=article_id, version=version, hash=content_hash(event.data))
    await answer(desk, request_id, "search", right)
    place = f"{INVENTORIES}/{request_id}"
    assert (await api.get(place)).json()["count"] == 0
    drift: list[dict[str, Any]] = (await api.get(place, params={"contents": True})).json()["drift"]
    assert [(each["group"], each["kind"]) for each in drift] == [("pages", "differs")]
