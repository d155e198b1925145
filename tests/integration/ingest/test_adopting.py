"""An ingest that lost articles takes them back from the pages' real projection: as they were, and silently."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.desk import Desk
from pressroom_ingest.events import EventBuilder, build
from pressroom_ingest.operating import on_inventory_reported
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_render.app import Studio
from pressroom_render.tables import article as projection
from pressroom_shared import outbox
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import (
    EVENT_BYTES_MAX,
    Article,
    ArticlePublished,
    ArticleUnpublished,
    Event,
    InventoryReported,
    InventoryRequest,
    InventoryRequested,
    content_hash,
    decode,
)
from pressroom_shared.inventories import held_in, inventory_reports, whole_in
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE
from tests.integration.ingest.test_media_api import png, upload
from tests.integration.render.conftest import studio_in, take_in

INVENTORIES = "/api/v1/operations/inventories"


def settings_in(folder: Path, site_store: str) -> Settings:
    folder.mkdir()
    (folder / "site.toml").write_text(SITE)
    key = SecretStr(ADMIN)
    return Settings(site=folder / "site.toml", data_dir=folder / "data", site_store=site_store, admin_key=key)


@asynccontextmanager
async def newsroom(folder: Path, site_store: str) -> AsyncIterator[tuple[Desk, httpx.AsyncClient]]:
    """An ingest that has nothing yet."""
    headers = {"Authorization": f"Bearer {ADMIN}"}
    async with open_desk(settings_in(folder, site_store)) as desk:
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
            yield desk, api


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path / "render") as studio:
        yield studio


async def sent(desk: Desk) -> list[Event]:
    """What ingest's relay would send."""
    async with desk.database.read() as connection:
        rows = [row for row in await outbox.waiting(connection, 1000) if row.article_id != "keys"]
        return [decode(await EventBuilder(desk)(connection, row)) for row in rows]


async def say(api: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"/api/v1/articles{path}", json=body)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def change(api: httpx.AsyncClient, article_id: str, **fields: Any) -> None:
    place = f"/api/v1/articles/{article_id}"
    head = await api.get(place)
    answer = await api.patch(place, json=fields, headers={"If-Match": head.headers["ETag"]})
    assert answer.is_success, answer.text


async def publish_one(api: httpx.AsyncClient, **fields: Any) -> str:
    article_id = str((await say(api, "", **(ARTICLE | fields)))["id"])
    await say(api, f"/{article_id}/publish")
    return article_id


async def publish_of_every_kind(api: httpx.AsyncClient) -> dict[str, str]:
    """Ids by what is special about each."""
    picture = (await upload(api, png(), alt="Cranes", credit="T. L.", focal_point="0.2,0.4")).json()["id"]
    people = {"authors": [{"name": "Ines Falk", "title": "Coast correspondent"}], "contributors": ["Ömer Çelik"]}
    ids = {
        "full": await publish_one(
            api,
            body=f'The cranes stopped.\n\n![](media:{picture} "At noon")',
            lead_image={"media_id": picture, "alt": "Two cranes"},
            seo={"title": "Cranes"},
            social={"description": "They stand."},
            tags=["Harbor", "Night ferry"],
            dateline="Alder Bay",
            language="es",
            translation_of="0193a0f0-0000-7000-8000-0000000000e1",
            breaking=True,
            also_in=["world"],
            external_id="cranes-1",
            **people,
        ),
        "moved": await publish_one(api, headline="It moves", slug="it-stands"),
        "live": await publish_one(api, headline="It goes on", kind="live"),
        "archive": await publish_one(api, headline="Long ago", published_at="2019-05-01T10:00:00Z"),
        "review": await publish_one(api, headline="A play", kind="review", review={"item": "The play", "rating": 4.5}),
    }
    await change(api, ids["moved"], slug="it-moves")
    await say(api, f"/{ids['moved']}/publish", change="correction", note="It was said to stand.")
    await say(api, f"/{ids['live']}/entries", body="The wind rises.", headline="Storm")
    await say(api, f"/{ids['live']}/entries", body="It falls.")
    return ids


async def reported(studio: Studio, request: InventoryRequest) -> list[InventoryReported]:
    """As the pages' consumer answers."""
    columns = (projection.c.id, projection.c.version, projection.c.live, projection.c.path, projection.c.document)
    pages = whole_in(studio.database, *columns, ids=request.ids) if request.documents else None
    events = inventory_reports(request, "pages", pages or held_in(studio.database, *columns), SystemClock())
    return [each async for each in events]


async def compare(desk: Desk, api: httpx.AsyncClient, studio: Studio) -> str:
    """Ask what the pages hold, and hear it."""
    request_id = str((await api.post(INVENTORIES)).json()["id"])
    await hear(desk, await reported(studio, InventoryRequest(request_id=request_id)))
    return request_id


async def hear(desk: Desk, reports: list[InventoryReported]) -> None:
    for each in reports:
        async with desk.begin() as work:
            report = decode(each.encode())
            assert isinstance(report, InventoryReported)
            await on_inventory_reported(report, work)


async def repair(api: httpx.AsyncClient, request_id: str, **wish: bool) -> dict[str, Any]:
    answer = await api.post(f"{INVENTORIES}/{request_id}/repair", json=wish)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def give(desk: Desk, studio: Studio, *, times: int = 1) -> None:
    """The pages give what ingest has asked for."""
    asked = [each.data for each in await sent(desk) if isinstance(each, InventoryRequested) and each.data.documents]
    assert asked, "nobody asked for whole articles"
    for request in asked:
        await hear(desk, (await reported(studio, request)) * times)


async def test_what_was_lost_comes_back_as_it_was(tmp_path: Path, studio: Studio) -> None:
    site_store = f"file://{tmp_path / 'site'}"
    async with newsroom(tmp_path / "before", site_store) as (desk, api):
        ids = await publish_of_every_kind(api)
        for event in await sent(desk):
            if isinstance(event, ArticlePublished):
                await take_in(studio, event)
    async with newsroom(tmp_path / "restored", site_store) as (desk, api):
        request_id = await compare(desk, api, studio)
        dry = await repair(api, request_id, adopt=True, dry_run=True)
        assert (dry["adopted"], dry["withdrawn"], dry["left_as_drift"]) == (5, 0, 0)
        assert not [each for each in await sent(desk) if isinstance(each, InventoryRequested) and each.data.documents]
        assert (await repair(api, request_id, adopt=True))["adopted"] == 5
        assert (await api.get(f"{INVENTORIES}/{request_id}")).json()["adoption"]["waiting"] == 5
        await give(desk, studio, times=2)
        found = (await api.get(f"{INVENTORIES}/{request_id}")).json()["adoption"]
        assert found == {"waiting": 0, "taken": 5, "refused": []}
        again = await compare(desk, api, studio)
        assert (await api.get(f"{INVENTORIES}/{again}", params={"contents": True})).json()["drift"] == []
        assert [each for each in await sent(desk) if isinstance(each, ArticlePublished | ArticleUnpublished)] == []
        (replay,) = (await api.get("/api/v1/operations/replays")).json()["items"]
        assert set(replay["selection"]["ids"]) == set(ids.values())
        await change(api, ids["full"], headline="The cranes turn again")
        await say(api, f"/{ids['full']}/publish")
        newest = (await sent(desk))[-1]
        assert isinstance(newest, ArticlePublished)
        assert [each.change for each in newest.data.announcements] == ["new", "update"]


async def test_a_newer_version_comes_back_too_unless_ingest_decides(tmp_path: Path, studio: Studio) -> None:
    async with newsroom(tmp_path / "ingest", f"file://{tmp_path / 'site'}") as (desk, api):
        article_id = await publish_one(api)
        (event,) = await sent(desk)
        assert isinstance(event, ArticlePublished)
        later = event.data.announcements[0].model_copy(update={"version": event.data.version + 5, "change": "update"})
        update = {"headline": "Later", "version": later.version, "revision": 2}
        data = event.data.model_copy(update=update | {"announcements": [*event.data.announcements, later]})
        await take_in(studio, event.model_copy(update={"data": data}))
        request_id = await compare(desk, api, studio)
        decided = await repair(api, request_id, adopt=True, from_ingest=True, dry_run=True)
        assert (decided["adopted"], decided["stamped_again"]) == (0, 1)
        assert (await repair(api, request_id, adopt=True))["adopted"] == 1
        await give(desk, studio)
        async with desk.read() as work:
            built = await build(work, article_id, later.version, event_id="-")
        assert isinstance(built, ArticlePublished)
        assert content_hash(built.data) == content_hash(data)
        assert (await api.get(f"/api/v1/articles/{article_id}")).json()["headline"] == "Later"


async def test_the_largest_that_may_be_published_comes_back_too(tmp_path: Path, studio: Studio) -> None:
    async with newsroom(tmp_path / "ingest", f"file://{tmp_path / 'site'}") as (desk, api):
        small = await publish_one(api)
        (event,) = await sent(desk)
        assert isinstance(event, ArticlePublished)
        missing = EVENT_BYTES_MAX - len(event.encode())
        data = event.data.model_copy(update={"id": small[::-1], "body_text": event.data.body_text + "x" * missing})
        largest = event.model_copy(update={"data": data})
        assert len(largest.encode()) == EVENT_BYTES_MAX
        await take_in(studio, largest)
        request = InventoryRequest(request_id="all", ids=[data.id], documents=True)
        (report,) = await reported(studio, request)
        assert len(report.encode()) > EVENT_BYTES_MAX
        heard = decode(report.encode())
        assert isinstance(heard, InventoryReported)
        assert heard.data.items[0].article == data


async def test_what_may_not_come_back_is_refused_with_the_reason(tmp_path: Path, studio: Studio) -> None:
    async with newsroom(tmp_path / "ingest", f"file://{tmp_path / 'site'}") as (desk, api):
        purged, other = await publish_one(api), await publish_one(api, headline="Another")
        events = {each.subject: each for each in await sent(desk)}
        for each in events.values():
            assert isinstance(each, ArticlePublished)
            await take_in(studio, each)
        strange = [
            ("taken", {"path": _path(events[other])}),
            ("no-section", {"path": "/arts/2026/11/23/a/", "section": "arts"}),
        ]
        for name, fields in strange:
            data = events[purged].data.model_copy(update={"id": name, "external_id": None, **fields})  # type: ignore[attr-defined]
            await take_in(studio, events[purged].model_copy(update={"data": data}))  # type: ignore[arg-type]
        assert (await api.delete(f"/api/v1/articles/{purged}", params={"purge": True})).is_success
        request_id = await compare(desk, api, studio)
        done = await repair(api, request_id, adopt=True)
        assert (done["adopted"], done["withdrawn"]) == (2, 1), "what was purged is purged again, and not asked for"
        await give(desk, studio)
        found = (await api.get(f"{INVENTORIES}/{request_id}")).json()["adoption"]
        assert (found["waiting"], found["taken"]) == (0, 0)
        details = {each["article_id"]: each["detail"] for each in found["refused"]}
        assert purged not in details
        assert details["taken"] == f"Article {other} has its address or its external_id now."
        assert "'arts' is no section of this newspaper" in details["no-section"]
        assert (await api.get("/api/v1/articles/taken")).status_code == 404


def _path(event: Event) -> str:
    assert isinstance(event, ArticlePublished)
    assert isinstance(event.data, Article)
    return event.data.path
