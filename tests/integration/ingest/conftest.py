"""Ingest on a real database, through its HTTP app."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.desk import Desk
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.clock import ManualClock, SystemClock
from tests.documented import Documented
from tests.documents import OPENAPI

ADMIN = "prk_admin_key_for_tests_0123456789abcdef"
SITE = """
title = "The Test Courier"
base_url = "http://localhost:8080"
timezone = "America/New_York"
language = "en-US"
hold_s = 0
[sender]
name = "The Test Courier"
address = "news@courier.example"
[[sections]]
slug = "business"
name = "Business"
sections = [{ slug = "economy", name = "Economy" }]
[[sections]]
slug = "world"
name = "World"
"""


@pytest.fixture
def ingest_settings(tmp_path: Path, database_url: str) -> Settings:
    (tmp_path / "site.toml").write_text(SITE)
    return Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        database_url=database_url,
        admin_key=SecretStr(ADMIN),
    )


class NewsClock(ManualClock):
    """The real time, until a test advances it: then that much ahead."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self._ahead

    def advance(self, delta: timedelta) -> None:
        self._ahead += delta


@pytest.fixture
def manual_clock() -> NewsClock:
    return NewsClock()


@pytest.fixture
async def desk(ingest_settings: Settings, manual_clock: NewsClock) -> AsyncIterator[Desk]:
    async with open_desk(ingest_settings, manual_clock) as desk:
        yield desk


@pytest.fixture
def waiters() -> Waiters:
    return Waiters()


@pytest.fixture(scope="session")
def documented() -> Documented:
    """The committed document, which a test of its own holds against the code."""
    return Documented(json.loads(OPENAPI.read_text()))


@pytest.fixture
async def api(desk: Desk, waiters: Waiters, documented: Documented) -> AsyncIterator[httpx.AsyncClient]:
    """As an admin. Every answer must be as the OpenAPI document has it."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_api(desk, waiters)),
        base_url="http://ingest",
        headers={"Authorization": f"Bearer {ADMIN}"},
        event_hooks={"response": [documented]},
    ) as client:
        yield client


ARTICLE: dict[str, Any] = {
    "headline": "Harbor cranes stand still",
    "section": "business/economy",
    "body": "The cranes stopped at noon.",
    "authors": ["Ines Falk"],
    "tags": ["Harbor"],
}


@pytest.fixture
async def draft(api: httpx.AsyncClient) -> dict[str, Any]:
    answer = await api.post("/api/v1/articles", json=ARTICLE)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created
