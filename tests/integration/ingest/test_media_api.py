"""Pictures over HTTP."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import httpx
import pytest

from pressroom_ingest.desk import Desk
from tests.unit.ingest.test_pictures import PLACE, POLYGLOTS, WITH_PLACE


def png(width: int = 3, height: int = 2) -> bytes:
    """A real, tiny PNG."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x40\x80\xc0" * width for _ in range(min(height, 100))))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def upload(api: httpx.AsyncClient, content: bytes, **form: Any) -> httpx.Response:
    return await api.post("/api/v1/media", files={"file": ("a.png", content)}, data=form)


async def test_a_picture_is_stored_once_by_its_bytes(api: httpx.AsyncClient, desk: Desk) -> None:
    first = await upload(api, png(), alt="Cranes", credit="T. L.")
    assert first.status_code == 201
    shown = first.json()
    assert (shown["width"], shown["height"], shown["media_type"], shown["alt"]) == (3, 2, "image/png", "Cranes")
    key = shown["url"].removeprefix("http://localhost:8080/")
    assert await desk.store.get(key) == png()
    again = await upload(api, png(), alt="Other")
    assert (again.status_code, again.json()["id"], again.json()["alt"]) == (200, shown["id"], "Cranes")


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"GIF89a" + b"\0" * 30, 415),
        (b"hello", 415),
        (b"", 415),
        (b"\xff\xd8\xff\xe0", 422),
        (b"\x89PNG\r\n\x1a\n", 422),
        (b"RIFF\0\0\0\0WEBP", 422),
        (png(20_000, 20_000), 422),
    ],
)
async def test_what_is_no_sound_picture_is_refused(api: httpx.AsyncClient, content: bytes, status: int) -> None:
    answer = await upload(api, content)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (await api.get("/api/v1/media")).json()["items"] == []


async def test_a_file_above_the_limit_is_refused(api: httpx.AsyncClient) -> None:
    assert (await upload(api, png() + b"\0" * 26 * 1024 * 1024)).status_code == 413


async def test_its_words_can_change(api: httpx.AsyncClient) -> None:
    media_id = (await upload(api, png())).json()["id"]
    url = f"/api/v1/media/{media_id}"
    changed = (await api.patch(url, json={"alt": "Quay", "focal_point": [0.5, 0.25]})).json()
    assert (changed["alt"], changed["focal_point"], changed["caption"]) == ("Quay", [0.5, 0.25], "")
    for wrong in ([2, 0], [0.5, False], [0.5, "0.5"]):
        assert (await api.patch(url, json={"focal_point": wrong})).status_code == 422, wrong
    assert (await api.get("/api/v1/media/none")).status_code == 404


async def test_an_article_shows_it_and_warns_of_missing_words(api: httpx.AsyncClient) -> None:
    media_id = (await upload(api, png())).json()["id"]
    body = {"headline": "H", "section": "world", "body": f"![](media:{media_id})", "lead_image": {"media_id": media_id}}
    article = (await api.post("/api/v1/articles", json=body)).json()
    assert [each["field"] for each in article["warnings"]] == ["media"]


async def test_a_picture_without_words_is_not_published(api: httpx.AsyncClient) -> None:
    silent = (await upload(api, png(4, 4))).json()["id"]
    spoken = (await upload(api, png(5, 5), alt="Cranes")).json()["id"]
    ornament = (await upload(api, png(6, 6), decorative="true")).json()["id"]
    body = f"![](media:{silent})\n\n![](media:{spoken})\n\n![](media:{ornament})"
    article = {"headline": "H", "section": "world", "body": body, "lead_image": {"media_id": silent}}
    made = (await api.post("/api/v1/articles", json=article)).json()
    url = f"/api/v1/articles/{made['id']}"
    for when in ({}, {"at": "2031-01-01T00:00:00Z"}):
        refused = await api.post(f"{url}/publish", json=when)
        assert refused.status_code == 422
        assert [each["field"] for each in refused.json()["errors"]] == ["body", "lead_image.alt"]
        assert silent in refused.json()["errors"][0]["message"]
        assert spoken not in refused.text
    in_the_text = {"body": body.replace("![](", "![Said here](", 1), "lead_image": {"alt": "Said there"}}
    await api.patch(url, json=in_the_text, headers={"If-Match": "*"})
    assert (await api.post(f"{url}/publish")).status_code == 202


async def test_the_place_where_it_was_taken_is_not_stored(api: httpx.AsyncClient, desk: Desk) -> None:
    made = await upload(api, WITH_PLACE["jpeg, big-endian"], alt="x")
    assert made.status_code == 201, made.text
    stored = await desk.store.get(made.json()["url"].removeprefix("http://localhost:8080/"))
    assert stored is not None
    assert PLACE[0] not in stored
    again = await upload(api, WITH_PLACE["jpeg, big-endian"])
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


async def test_a_file_that_is_two_is_refused(api: httpx.AsyncClient) -> None:
    refused = await upload(api, POLYGLOTS["a page behind a jpeg"])
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")
    assert (await api.get("/api/v1/media")).json()["items"] == []
