"""The operator's commands against a real ingest over HTTP: what they print, and what they do."""

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
from typer.testing import CliRunner, Result

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.desk import Desk
from pressroom_ingest.operating import operation_parts
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_local.cli import app
from pressroom_local.errors import LocalError
from pressroom_local.operating.calling import console
from pressroom_shared.clock import SystemClock
from pressroom_shared.events import ArticlePublished, InventoryItem, InventoryRequest
from pressroom_shared.http import HttpServer
from pressroom_shared.inventories import in_pages, inventory_reports
from pressroom_shared.keys import FIELD, OPERATIONS, SINKS, bulk, dead_letters
from pressroom_shared.streams import Poison
from tests.examples import published
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE
from tests.streams import Log, consumer_of, publish, running, settings
from tests.waiting import until


@pytest.fixture
async def served(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Ingest with all that operates, at an address that the commands are told."""
    (tmp_path / "site.toml").write_text(SITE)
    given = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        redis_url=redis_url,
        admin_key=SecretStr(ADMIN),
        streams_sweep_s=0.05,
    )
    async with open_desk(given) as desk, serving(desk) as port:
        monkeypatch.setenv("PRESSROOM_LOCAL_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("PRESSROOM_ADMIN_KEY", ADMIN)
        monkeypatch.chdir(tmp_path)
        yield desk


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[int]:
    stop = asyncio.Event()
    server = HttpServer(create_api(desk, Waiters()), "127.0.0.1", 0)
    tasks = [asyncio.create_task(part.run(stop)) for part in (server, *operation_parts(desk))]
    try:
        await server.started.wait()
        yield server.bound_port
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), timeout=20)


async def pressroom(*words: str) -> Result:
    """The command, as a person types it, on a wide terminal."""
    console.width = 200
    return await asyncio.to_thread(CliRunner().invoke, app, list(words))


async def publish_one(desk: Desk) -> str:
    transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
    headers = {"Authorization": f"Bearer {ADMIN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client:
        created = (await client.post("/api/v1/articles", json=ARTICLE)).json()
        await client.post(f"/api/v1/articles/{created['id']}/publish", json={})
    return str(created["id"])


async def kill_two(redis: Any, redis_url: str, tmp_path: Path) -> None:
    async def refuse(event: ArticlePublished, log: Log) -> None:
        raise Poison("The article has no language.")

    async with running(consumer_of(Log(), settings(redis_url, tmp_path), refuse)):
        for name in ("a1", "a2"):
            await publish(redis, published(id=name))
        await until(lambda: _has(redis, dead_letters("search"), 2))


async def _has(redis: Any, stream: str, count: int) -> bool:
    return bool(await redis.xlen(stream) == count)


async def test_dead_letters_are_listed_shown_mended_retried_and_dropped(
    served: Desk, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    assert "There are no dead letters." in (await pressroom("dead", "list")).output
    await kill_two(redis, redis_url, tmp_path)
    listed = await pressroom("dead", "list", "--group", "search", "--json")
    letters = {each["subject"]: each["id"] for each in map(json.loads, listed.output.splitlines())}
    assert set(letters) == {"a1", "a2"}
    assert "The article has no language." in (await pressroom("dead", "list")).output
    more = await pressroom("dead", "list", "--group", "search", "--limit", "1")
    assert "pressroom dead list --group search --after" in more.output
    shown = (await pressroom("dead", "show", "search", letters["a1"])).output
    assert "Traceback" in shown or "Poison" in shown
    event = json.loads(shown[shown.index('{\n  "specversion"') :])
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps(event | {"data": event["data"] | {"headline": "Mended"}}))
    assert (await pressroom("dead", "retry", "search", letters["a1"], "--payload", str(mended))).output == "Retried.\n"
    ((_, fields),) = await redis.xrange(bulk("search"))
    assert json.loads(fields[FIELD.encode()])["data"]["headline"] == "Mended"
    assert isinstance((await pressroom("dead", "retry", "search")).exception, LocalError)
    assert (await pressroom("dead", "drop", "search", letters["a2"], "--yes")).output == "Dropped.\n"
    assert await redis.xlen(dead_letters("search")) == 0


async def test_all_dead_letters_of_a_group_are_retried_by_one_command(
    served: Desk, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    await kill_two(redis, redis_url, tmp_path)
    assert (await pressroom("dead", "retry", "search", "--failure", "Transient")).output == "0 retried.\n"
    assert (await pressroom("dead", "retry", "search", "--all")).output == "2 retried.\n"
    assert await redis.xlen(bulk("search")) == 2


async def test_a_replay_says_what_it_would_do_and_how_it_comes_along(served: Desk, redis: Any) -> None:
    await publish_one(served)
    dry = await pressroom("replay", "--all", "--to", "pages,search,notify", "--dry-run")
    assert dry.output == "would render 1, index 1, notify 0\n"
    asked = await pressroom("replay", "--section", "business", "--to", "search", "--no-wait")
    assert "1 articles." in asked.output
    await until(lambda: _has(redis, bulk("search"), 1))
    wrong = await pressroom("replay", "--to", "search")
    assert "exactly one of" in str(wrong.exception)


async def test_streams_tells_each_group_and_what_to_do(served: Desk, redis: Any) -> None:
    shown = await pressroom("status")
    assert shown.exit_code == 0, shown.output
    for group in SINKS:
        assert group in shown.output
    assert "docker compose up -d render-pages" in shown.output
    status = json.loads((await pressroom("status", "--json")).output)
    assert {each["group"] for each in status["groups"]} >= set(SINKS)


async def test_reconcile_waits_for_the_sinks_lists_the_drift_and_repairs_it(served: Desk, redis: Any) -> None:
    article = await publish_one(served)
    asking = asyncio.create_task(pressroom("reconcile", "--timeout-s", "60"))
    request_id = await until(lambda: _asked(served))
    for group in SINKS:
        held = [] if group == "search" else [InventoryItem(id=article, version=await _version(served, article))]
        request = InventoryRequest(request_id=request_id)
        async for event in inventory_reports(request, group, in_pages(held), SystemClock()):
            await publish(redis, event, OPERATIONS)
    answer = await asking
    assert answer.exit_code == 0, answer.output
    assert "the sink has never had it" in answer.output
    assert "Done: replayed 1 to search." in answer.output
    await until(lambda: _has(redis, bulk("search"), 1))


async def _asked(desk: Desk) -> str | None:
    import sqlalchemy as sa

    from pressroom_ingest.operation_tables import inventory_page

    async with desk.database.read() as connection:
        found: str | None = await connection.scalar(sa.select(inventory_page.c.request_id))
    return found


async def _version(desk: Desk, article: str) -> int:
    async with desk.read() as work:
        return int((await work.articles.head(article)).version or 0)
