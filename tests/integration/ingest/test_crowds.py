"""Many at once: editors at the same articles, and schedules at the same second with a replica that is killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from pressroom_ingest.desk import Desk
from pressroom_ingest.keys import Actor
from pressroom_ingest.publications import Wish
from pressroom_ingest.tables import publication, schedule
from pressroom_shared.clock import rfc3339
from tests.integration.ingest.conftest import ADMIN, ARTICLE
from tests.integration.ingest.test_importing_api import ndjson
from tests.waiting import until

EDITORS = 32
EDITORS_S = float(os.environ.get("PRESSROOM_EDITORS_S", "3"))
"""How long they work; the issue's 30 s with `PRESSROOM_EDITORS_S=30`."""

SCHEDULED = 500


async def test_editors_at_the_same_articles_lose_no_update(api: httpx.AsyncClient) -> None:
    keys = [
        (await api.post("/api/v1/keys", json={"name": f"Editor {n}", "role": "editor"})).json() for n in range(EDITORS)
    ]
    urls = []
    for number in range(10):
        made = await api.post("/api/v1/articles", json=ARTICLE | {"headline": f"N{number}", "body": "Words:"})
        urls.append(f"/api/v1/articles/{made.json()['id']}")
    stored: dict[str, set[str]] = {url: set() for url in urls}
    refused: dict[str, set[str]] = {url: set() for url in urls}
    end = time.monotonic() + EDITORS_S

    async def editor(number: int) -> None:
        who = {"Authorization": f"Bearer {keys[number]['secret']}"}
        turn = 0
        while time.monotonic() < end:
            turn += 1
            url, word = urls[(number + turn) % len(urls)], f"w{number}x{turn}"
            read = await api.get(url, headers=who)
            body = f"{read.json()['body']} {word}"
            answer = await api.patch(url, json={"body": body}, headers=who | {"If-Match": read.headers["etag"]})
            if answer.status_code == 200:
                stored[url].add(word)
            else:
                assert answer.status_code == 412, answer.text
                refused[url].add(answer.json()["detail"])

    await asyncio.gather(*map(editor, range(EDITORS)))
    for url in urls:
        shown = (await api.get(url)).json()
        assert set(shown["body"].removeprefix("Words:").split()) == stored[url], "no word that was accepted is lost"
        assert shown["revision"] == len(stored[url]) + 1
    assert all(stored.values())
    assert any(refused.values()), "nobody was in anybody's way"
    for url in urls:
        saved = {each["number"]: each["by"] for each in await revisions(api, url)}
        for sentence in refused[url]:
            found = re.match(r"(Editor \d+) changed the article at 20\S+, to revision (\d+)\.", sentence)
            assert found, sentence
            assert saved[int(found[2])] == found[1], "who is named as first has saved that revision"


async def revisions(api: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get(f"{url}/revisions", params={"limit": 100, "cursor": cursor})).json()
        found += page["items"]
        cursor = page["next"]
    return found


def replica(desk: Desk, redis_url: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PRESSROOM_SITE": str(desk.settings.site),
        "PRESSROOM_DATA_DIR": str(desk.settings.data_dir),
        "PRESSROOM_INGEST_DATABASE_URL": desk.settings.database_url,
        "PRESSROOM_INGEST_HTTP_PORT": "0",
        "PRESSROOM_REDIS_URL": redis_url,
        "PRESSROOM_ADMIN_KEY": ADMIN,
        "PRESSROOM_INGEST_LATE_AFTER_S": "600",
    }
    return subprocess.Popen([sys.executable, "-m", "pressroom_ingest"], env=environment, stderr=subprocess.DEVNULL)


async def published(desk: Desk) -> list[str]:
    async with desk.database.read() as connection:
        return list((await connection.execute(sa.select(publication.c.article_id))).scalars())


async def test_what_is_due_at_one_second_goes_out_once_though_a_replica_is_killed(
    api: httpx.AsyncClient, desk: Desk, redis_url: str
) -> None:
    drafts: list[dict[str, Any]] = [ARTICLE | {"external_id": f"d{n}", "headline": f"D{n}"} for n in range(SCHEDULED)]
    answer = await api.post("/api/v1/articles:import", content=ndjson(*drafts))
    ids = re.findall(r'"id": "([0-9a-f-]{36})"', answer.text)
    assert len(ids) == SCHEDULED
    at = desk.clock.now() + timedelta(seconds=1)
    async with desk.begin() as work:
        for each in ids:
            await work.schedules.set(each, Wish(), at, if_match=None, actor=Actor("desk", "Desk", "editor"))
    replicas = [await asyncio.to_thread(replica, desk, redis_url) for _ in range(2)]
    try:

        async def some_are_out() -> bool:
            return len(await published(desk)) > 0

        await until(some_are_out, timeout_s=60)
        replicas[0].send_signal(signal.SIGKILL)

        async def nothing_waits() -> bool:
            async with desk.database.read() as connection:
                return await connection.scalar(sa.select(sa.func.count()).select_from(schedule)) == 0

        await until(nothing_waits, timeout_s=90, every_s=0.2)
        assert sorted(await published(desk)) == sorted(ids), "each once"
    finally:
        for each in replicas:
            each.kill()
            await asyncio.to_thread(each.wait)
    shown = (await api.get(f"/api/v1/articles/{ids[0]}")).json()
    assert (shown["state"], rfc3339(at) >= shown["created_at"]) == ("live", True)
