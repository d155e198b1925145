"""Each change of the keys is announced whole, and never with a secret."""

from __future__ import annotations

from typing import Any

import httpx

from pressroom_ingest.desk import Desk
from pressroom_shared import outbox
from pressroom_shared.admins import find_key
from pressroom_shared.events import KeysChanged, decode


async def rings(desk: Desk) -> list[tuple[bytes, KeysChanged]]:
    async with desk.database.read() as connection:
        payloads = [row.payload for row in await outbox.waiting(connection, 1000) if row.article_id == "keys"]
    found: list[tuple[bytes, Any]] = [(payload, decode(payload)) for payload in payloads if payload is not None]
    return found


async def test_making_rotating_and_revoking_a_key_is_announced_at_once(desk: Desk, api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/v1/keys", json={"name": "Desk", "role": "editor"})).json()
    now = desk.clock.now()
    raw, event = (await rings(desk))[-1]
    assert made["secret"].encode() not in raw
    found = find_key(event.data, made["secret"], now)
    assert found is not None
    assert (found.id, found.role) == (made["id"], "editor")
    rotated = (await api.post(f"/api/v1/keys/{made['id']}/rotate", json={"overlap_h": 1})).json()
    _, event = (await rings(desk))[-1]
    for secret in (made["secret"], rotated["secret"]):
        assert find_key(event.data, secret, desk.clock.now()) is not None
    await api.delete(f"/api/v1/keys/{made['id']}")
    _, event = (await rings(desk))[-1]
    assert find_key(event.data, rotated["secret"], desk.clock.now()) is None
    versions = [each.data.version for _, each in await rings(desk)]
    assert versions == sorted(set(versions))
