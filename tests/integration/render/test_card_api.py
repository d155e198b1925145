"""The preview of a card: for editors alone, and without a trace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pyvips

from pressroom_render import api, card_api
from pressroom_render.app import Studio
from pressroom_render.card_api import PREVIEWS_MAX, Previews
from pressroom_render.card_style import Style
from pressroom_render.drawers import Drawers
from pressroom_shared.admins import KeyRings
from pressroom_shared.events import ApiKey, KeyRing, KeysChanged
from pressroom_shared.events.keys import Role
from pressroom_shared.http import create_http
from tests.examples import START, published
from tests.integration.render.conftest import take_in

KEY = "an-admin-key-of-thirty-two-chars"
ALLOWED = {"Authorization": f"Bearer {KEY}"}
ID = published().data.id


def key(secret: str, role: Role) -> ApiKey:
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    return ApiKey(id=secret, name=secret, role=role, secret_sha256=sha256, created_at=START)


def ring(version: int, *keys: ApiKey) -> KeysChanged:
    return KeysChanged(
        id="k", source="/ingest", subject="keys", time=START, data=KeyRing(version=version, keys=[*keys])
    )


@pytest.fixture
async def previews(studio: Studio) -> AsyncIterator[Previews]:
    drawers = Drawers(studio.settings)
    async with studio.database.begin() as connection:
        await KeyRings(connection).apply(ring(1, key(KEY, "contributor"), key("a-reader", "reader")))
    yield Previews(studio.database, studio.store, studio.site, Style(), drawers, studio.clock)
    drawers.close()


@pytest.fixture
async def client(studio: Studio, previews: Previews) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> None:
        return None

    app = create_http(title="Render", ready=ready)
    app.state.previews = previews
    app.state.database, app.state.composer = studio.database, studio.composer
    app.include_router(card_api.router)
    app.include_router(api.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://render") as client:
        yield client


async def test_an_editor_sees_the_card_of_another_headline_and_nothing_is_stored(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published())
    plain = await client.get(f"/api/v1/articles/{ID}/card", headers=ALLOWED)
    other = await client.get(
        f"/api/v1/articles/{ID}/card", params={"headline": "Still <b>no</b> wind"}, headers=ALLOWED
    )
    for answer in (plain, other):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["cache-control"] == "no-store"
        assert json.loads(answer.headers["card-remarks"]) == []
        image = pyvips.Image.new_from_buffer(answer.content, "")
        assert (image.width, image.height) == (1200, 630)
    assert plain.content != other.content
    assert not studio.store.path("cards").exists()


async def test_what_is_wrong_with_a_card_is_remarked(studio: Studio, client: httpx.AsyncClient) -> None:
    await take_in(studio, published())
    answer = await client.get(f"/api/v1/articles/{ID}/card", params={"headline": "Runes: ᚠᚢᚦ"}, headers=ALLOWED)
    (remark,) = json.loads(answer.headers["card-remarks"])
    assert "no font has ᚠ ᚢ ᚦ" in remark


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}])
async def test_nobody_else_draws_headlines_in_the_newspapers_name(
    headers: dict[str, str], studio: Studio, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published())
    answer = await client.get(f"/api/v1/articles/{ID}/card", params={"headline": "Invented"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_readers_key_does_not_suffice_and_a_revoked_one_opens_nothing(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published())
    answer = await client.get(f"/api/v1/articles/{ID}/card", headers={"Authorization": "Bearer a-reader"})
    assert answer.status_code == 403
    assert (await client.get(f"/api/v1/articles/{ID}/card", headers=ALLOWED)).status_code == 200
    async with studio.database.begin() as connection:
        await KeyRings(connection).apply(ring(2))
    assert (await client.get(f"/api/v1/articles/{ID}/card", headers=ALLOWED)).status_code == 401


async def test_an_unknown_article_a_long_headline_and_a_crowd_are_told(
    studio: Studio, previews: Previews, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published())
    assert (await client.get("/api/v1/articles/none/card", headers=ALLOWED)).status_code == 404
    long = await client.get(f"/api/v1/articles/{ID}/card", params={"headline": "x" * 301}, headers=ALLOWED)
    assert long.status_code == 422
    assert long.json()["errors"][0]["field"] == "headline"
    previews.busy = PREVIEWS_MAX
    crowded = await client.get(f"/api/v1/articles/{ID}/card", headers=ALLOWED)
    assert (crowded.status_code, crowded.headers["retry-after"]) == (503, "3")
