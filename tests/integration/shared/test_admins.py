"""The ring of keys as a service keeps it: the newest one decides, in any order of arrival."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from pressroom_shared.admins import KeyRings, key_ring_table
from pressroom_shared.database import Database, new_metadata, open_database
from pressroom_shared.events import ApiKey, KeyRing, KeysChanged
from tests.examples import START


def sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def key(secret: str = "one", **more: Any) -> ApiKey:
    return ApiKey(id=secret, name=secret, role="admin", secret_sha256=sha256(secret), created_at=START, **more)


def ring(version: int, *keys: ApiKey) -> KeysChanged:
    data = KeyRing(version=version, keys=list(keys))
    return KeysChanged(id=f"e{version}", source="/ingest", subject="keys", time=START, data=data)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    metadata = new_metadata()
    key_ring_table(metadata)
    async with open_database(database_url) as database:
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


async def test_a_revoked_key_opens_nothing_in_whatever_order_the_rings_come(database: Database) -> None:
    rings = [ring(1, key()), ring(2, key(), key("two")), ring(3, key(revoked_at=START), key("two"))]
    for order in permutations(rings):
        async with database.begin() as connection:
            for each in (*order, *order):
                await KeyRings(connection).apply(each)
            assert await KeyRings(connection).find("one", START) is None
            found = await KeyRings(connection).find("two", START)
            assert found is not None
            assert found.role == "admin"


async def test_before_any_ring_nobody_is_known(database: Database) -> None:
    async with database.read() as connection:
        assert await KeyRings(connection).find("one", START) is None


@pytest.mark.parametrize(
    ("secret", "after_h", "opens"),
    [("one", 0, True), ("one", 5, False), ("old", 0, True), ("old", 2, False), ("other", 0, False)],
)
def test_a_key_ends_at_its_time_and_the_secret_before_it_a_little_after_its_rotation(
    secret: str, after_h: int, opens: bool
) -> None:
    rotated = key(
        expires_at=START + timedelta(hours=5), previous_sha256=sha256("old"), previous_until=START + timedelta(hours=2)
    )
    assert rotated.opens(sha256(secret), START + timedelta(hours=after_h)) is opens
