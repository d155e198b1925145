"""Redis is away, or loses everything, while editors publish: each publication arrives in the end.

`make chaos` keeps Redis away for a minute (`PRESSROOM_CHAOS_FULL=1`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.events import SOURCE, EventBuilder
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.events import ArticlePublished
from pressroom_shared.keys import ARTICLES
from pressroom_shared.streams import Consumer, Relay
from pressroom_shared.streams.client import connect
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE
from tests.servers import LocalRedis
from tests.streams import Log, keep, running
from tests.waiting import until

FULL = os.environ.get("PRESSROOM_CHAOS_FULL") == "1"
AWAY_S = 60 if FULL else 1
PUBLICATIONS = 200 if FULL else 40
FLUSHED_AMID = 500 if FULL else 60

pytestmark = [
    pytest.mark.timeout(400 if FULL else 120),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Newsroom:
    """Ingest's API and its relay, and a sink that keeps the ids it was given."""

    def __init__(self, api: httpx.AsyncClient, log: Log) -> None:
        self._api = api
        self.log = log
        self.published: list[str] = []

    async def publish(self) -> None:
        created = (await self._api.post("/api/v1/articles", json=ARTICLE)).json()
        answer = await self._api.post(f"/api/v1/articles/{created['id']}/publish", json={})
        assert answer.status_code == 202, answer.text
        self.published.append(created["id"])

    def all_are_there(self) -> bool:
        return set(self.published) <= set(self.log.seen)


@asynccontextmanager
async def newsroom(redis_url: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    (tmp_path / "site.toml").write_text(SITE)
    settings = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        redis_url=redis_url,
        admin_key=SecretStr(ADMIN),
        streams_sweep_s=0.2,
    )
    log, stop = Log(), asyncio.Event()
    consumer: Consumer[Log] = Consumer(settings, group="pages", unit_of_work=log.unit)
    consumer.on(ArticlePublished, keep)
    async with open_desk(settings) as desk:
        relay = asyncio.create_task(
            Relay(desk.database, settings, source=SOURCE, encode=EventBuilder(desk), trims=(ARTICLES,)).run(stop)
        )
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        try:
            async with (
                running(consumer),
                httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api,
            ):
                yield Newsroom(api, log)
        finally:
            stop.set()
            await asyncio.wait_for(relay, timeout=20)


async def test_while_redis_is_away_editors_publish_and_all_arrives_when_it_is_back(
    own_redis: LocalRedis, tmp_path: Path
) -> None:
    async with newsroom(own_redis.url, tmp_path) as room:
        await room.publish()
        await until(room.all_are_there)
        own_redis.kill()
        gone_at = time.monotonic()
        for _ in range(PUBLICATIONS):
            await room.publish()
        assert not room.all_are_there()
        await asyncio.sleep(max(0.0, AWAY_S - (time.monotonic() - gone_at)))  # the outage's length is what is tested
        await asyncio.to_thread(own_redis.start)
        back_at = time.monotonic()
        await until(room.all_are_there, timeout_s=60)
        print(f"{PUBLICATIONS} were there {time.monotonic() - back_at:.1f} s after Redis was back")


async def test_redis_loses_everything_amid_publications_and_each_arrives(own_redis: LocalRedis, tmp_path: Path) -> None:
    client: Any = connect(own_redis.url)
    async with newsroom(own_redis.url, tmp_path) as room:
        for number in range(FLUSHED_AMID):
            await room.publish()
            if number % (FLUSHED_AMID // 3) == FLUSHED_AMID // 6:
                await client.flushall()
        await until(room.all_are_there, timeout_s=60)
    await client.aclose()
