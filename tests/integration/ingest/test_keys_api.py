"""Keys over HTTP: their end, their rotation, their last use, and how often they may ask."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from pressroom_ingest.app import create_api
from pressroom_ingest.caretaker import Caretaker
from pressroom_ingest.desk import Desk
from pressroom_ingest.rates import Rates
from pressroom_ingest.waiting import Waiters
from pressroom_shared.clock import rfc3339
from tests.integration.ingest.conftest import ADMIN, NewsClock
from tests.servers import LocalRedis
from tests.waiting import until


async def make(api: httpx.AsyncClient, **more: Any) -> tuple[str, dict[str, str]]:
    made = (await api.post("/api/v1/keys", json={"name": "Night desk", "role": "editor"} | more)).json()
    return made["id"], {"Authorization": f"Bearer {made['secret']}"}


async def test_a_key_ends_at_its_time(api: httpx.AsyncClient, desk: Desk, manual_clock: NewsClock) -> None:
    _, who = await make(api, expires_at=rfc3339(desk.clock.now() + timedelta(hours=1)))
    assert (await api.get("/api/v1/articles", headers=who)).status_code == 200
    manual_clock.advance(timedelta(hours=1))
    assert (await api.get("/api/v1/articles", headers=who)).status_code == 401
    late = await api.post("/api/v1/keys", json={"name": "x", "role": "editor", "expires_at": "2020-01-01T00:00:00Z"})
    assert (late.status_code, late.json()["errors"][0]["field"]) == (422, "expires_at")


async def test_rotation_overlaps(api: httpx.AsyncClient, manual_clock: NewsClock) -> None:
    key_id, old = await make(api)
    turned = (await api.post(f"/api/v1/keys/{key_id}/rotate", json={"overlap_h": 2})).json()
    new = {"Authorization": f"Bearer {turned['secret']}"}
    assert turned["id"] == key_id
    for who in (old, new):
        assert (await api.get("/api/v1/articles", headers=who)).status_code == 200
    manual_clock.advance(timedelta(hours=2))
    assert (await api.get("/api/v1/articles", headers=old)).status_code == 401
    assert (await api.get("/api/v1/articles", headers=new)).status_code == 200
    await api.delete(f"/api/v1/keys/{key_id}")
    assert (await api.get("/api/v1/articles", headers=new)).status_code == 401
    assert (await api.post(f"/api/v1/keys/{key_id}/rotate")).status_code == 409
    assert (await api.post("/api/v1/keys/none/rotate")).status_code == 404
    own = next(each for each in (await api.get("/api/v1/keys")).json()["items"] if each["id"].startswith("setting-"))
    assert (await api.post(f"/api/v1/keys/{own['id']}/rotate")).status_code == 409


async def test_the_last_use_is_kept(api: httpx.AsyncClient, desk: Desk) -> None:
    key_id, who = await make(api)
    assert (await api.get(f"/api/v1/keys/{key_id}")).json()["last_used_at"] is None
    await api.get("/api/v1/articles", headers=who)
    stop = asyncio.Event()
    running = asyncio.create_task(Caretaker(desk).run(stop))

    async def last_use() -> Any:
        return (await api.get(f"/api/v1/keys/{key_id}")).json()["last_used_at"]

    await until(last_use)
    stop.set()
    await running


async def ask_until_refused(desk: Desk, rates: Rates) -> httpx.Response:
    transport = httpx.ASGITransport(app=create_api(desk, Waiters(), rates))
    headers = {"Authorization": f"Bearer {ADMIN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
        answers = [await api.get("/api/v1/site") for _ in range(6)]
    assert [each.status_code for each in answers[:5]] == [200] * 5
    return answers[5]


async def test_a_key_that_asks_too_often_waits(desk: Desk, redis_url: str) -> None:
    rates = Rates(per_s=0.01, burst=5, redis_url=redis_url)
    other_replica = Rates(per_s=0.01, burst=5, redis_url=redis_url)
    refused = await ask_until_refused(desk, rates)
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert await other_replica.take(next(iter(desk.uses.take()))) > 0, "replicas count together"
    for each in (rates, other_replica):
        await each.close()


async def test_without_redis_it_counts_in_memory(desk: Desk, own_redis: LocalRedis) -> None:
    rates = Rates(per_s=0.01, burst=5, redis_url=own_redis.url)
    own_redis.kill()
    assert (await ask_until_refused(desk, rates)).status_code == 429
    await rates.close()


async def test_a_secret_is_nowhere_but_in_its_answer(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await api.post("/api/v1/keys", json={"name": "x", "role": "editor"}, headers={"Idempotency-Key": "k"})
    secret = made.json()["secret"]
    await api.get("/api/v1/articles", headers={"Authorization": f"Bearer {secret}"})
    assert secret not in caplog.text
    assert files_with(secret, tmp_path) == []
    for answer in (await api.get("/api/v1/keys"), await api.get("/api/v1/audit")):
        assert secret not in answer.text


def files_with(secret: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
