"""`pressroom import`: a WordPress and a Ghost export come in whole, and a second time nothing changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from pressroom_ingest.desk import Desk
from pressroom_local.errors import LocalError
from pressroom_local.importing import ghost, wordpress
from pressroom_local.importing.command import app
from tests.integration.ingest.conftest import ADMIN
from tests.integration.ingest.test_importing_api import served  # noqa: F401  # a fixture
from tests.integration.ingest.test_media_api import png

ARCHIVES = Path(__file__).parent / "archives"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    for place in ("2019/05/quay.png", "2021/06/choir.png"):
        path = tmp_path / "uploads" / place
        path.parent.mkdir(parents=True)
        path.write_bytes(png(4, len(place)))
    return tmp_path / "uploads"


async def run(url: str, *words: str, key: str = ADMIN) -> Any:
    """The command, as a person calls it."""
    environment = {"PRESSROOM_LOCAL_URL": url, "PRESSROOM_ADMIN_KEY": key}
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environment))


async def imported(api: httpx.AsyncClient, external_id: str) -> dict[str, Any]:
    (head,) = (await api.get("/api/v1/articles", params={"external_id": external_id})).json()["items"]
    found: dict[str, Any] = (await api.get(f"/api/v1/articles/{head['id']}")).json()
    return found


async def revisions(api: httpx.AsyncClient) -> dict[str, int]:
    items = (await api.get("/api/v1/articles")).json()["items"]
    return {each["external_id"]: (each["revision"], each["version"]) for each in items}  # type: ignore[misc]


async def test_a_wordpress_export_comes_in_whole(api: httpx.AsyncClient, served: str, uploads: Path) -> None:  # noqa: F811
    words = ("wordpress", str(ARCHIVES / "courier.wxr.xml"), "--section", "world", "--media", str(uploads))
    dry = await run(served, *words, "--dry-run")
    assert (dry.exit_code, "would be sent" in dry.output) == (0, True), dry.output
    assert (await api.get("/api/v1/articles")).json()["items"] == []
    assert (await api.get("/api/v1/media")).json()["items"] == []

    first = await run(served, *words)
    assert first.exit_code == 0, first.output
    assert "3  created" in first.output
    for lost in (
        "comment",
        "custom field mood",
        "shortcode [gallery]",
        "<iframe>, kept as a link",
        "type page",
        "category ships",
        "gone.jpg",
    ):
        assert lost in first.output
    (picture,) = (await api.get("/api/v1/media")).json()["items"]
    dues = await imported(api, "wordpress-101")
    assert dues["body"].split("\n\n") == [
        "The council voted **nine to two**. See [last year’s vote](/2018/01/02/dues/) and .",
        "### What it costs",
        "- A skiff: 4 crowns\n- A trawler: _90_ crowns",
        f'![The quay at dawn](media:{picture["id"]} "Dawn at the quay")',
        "| Boat | Crowns |\n| --- | --- |\n| Skiff | 4 |",
        "> It had to come.",
        "> The mayor",
        "<https://video.example/watch/7>",
    ]
    assert (dues["headline"], dues["section"], dues["state"]) == (
        "Harbor dues & ferry fares rise",
        "business/economy",
        "live",
    )
    assert (dues["standfirst"], dues["tags"]) == ("From June, every boat pays more.", ["Harbor", "Fares & fees"])
    assert dues["url"] == "http://localhost:8080/business/2019/05/04/harbor-dues/"
    assert dues["redirect_from"] == ["/2019/05/04/harbor-dues/"]
    assert [each["name"] for each in dues["authors"]] == ["Ines Falk"]
    assert dues["lead_image"]["media_id"] == picture["id"]
    fog = await imported(api, "wordpress-102")
    assert (
        fog["body"]
        == "The fog came first.\n\nThen the gulls, 2 \\* 3 of them.\n\n_Gulls over the pier_\n\n\\1. is no list here"
    )
    assert fog["url"] == "http://localhost:8080/world/2012/07/31/gangnochao/"
    assert (await imported(api, "wordpress-103"))["state"] == "draft"

    before = await revisions(api)
    again = await run(served, *words)
    assert "3  unchanged" in again.output
    assert await revisions(api) == before


async def test_a_ghost_export_comes_in_whole(api: httpx.AsyncClient, served: str, uploads: Path) -> None:  # noqa: F811
    words = ("ghost", str(ARCHIVES / "ghost.json"), "--section", "world", "--media", str(uploads))
    first = await run(served, *words)
    assert first.exit_code == 0, first.output
    for lost in ("page", "internal tag", "<script>", "restriction to members"):
        assert lost in first.output
    choir = await imported(api, "ghost-5c9d1f0000000000000000a1")
    (picture,) = (await api.get("/api/v1/media")).json()["items"]
    assert choir["body"] == (
        "They sang _all_ the way to [the island](/the-island/).\n\n"
        f'![The choir on deck](media:{picture["id"]} "On deck")\n\n'
        "1. Soprano\n2. Bass\n\n~~~\nla la\n  la\n~~~"
    )
    assert (choir["section"], choir["tags"], choir["redirect_from"]) == ("world", ["World", "Music"], ["/ferry-choir/"])
    assert choir["seo"] == {"title": "Ferry choir", "description": None}
    assert choir["lead_image"]["caption"] == "On deck, June"
    before = await revisions(api)
    assert "2  unchanged" in (await run(served, *words)).output
    assert await revisions(api) == before


async def test_what_is_wrong_is_one_sentence(served: str, desk: Desk, tmp_path: Path) -> None:  # noqa: F811
    wxr = str(ARCHIVES / "courier.wxr.xml")
    for words, sentence in (
        (("wordpress", wxr), "say where they go: --section"),
        (("wordpress", wxr, "--section", "weather"), "is no section of this newspaper"),
        (("ghost", wxr, "--section", "world"), "is no Ghost export"),
        (("wordpress", str(ARCHIVES / "ghost.json"), "--section", "world"), "is no WordPress export"),
    ):
        result = await run(served, *words)
        assert isinstance(result.exception, LocalError), result.output
        assert sentence in str(result.exception)
    result = await run(served, "wordpress", wxr, "--section", "world", key="prk_of_nobody_0123456789abcdefghij")
    assert "The key was refused" in str(result.exception)


def answering(text: str, *, cut: bool) -> httpx.Client:
    """An API whose answer to an import is `text`; `cut`: the connection breaks behind it."""

    class Answer(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield text.encode()
            if cut:
                raise httpx.RemoteProtocolError("peer closed connection")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/site":
            return httpx.Response(200, json={"sections": [{"key": "world", "sections": []}]})
        if request.url.path == "/api/v1/articles:import":
            request.read()
            return httpx.Response(200, stream=Answer())
        return httpx.Response(404, json={})

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://ingest")


@pytest.mark.parametrize(("more", "cut"), [("", False), ("", True), ('{"external_id": "wordp', False)])
def test_an_answer_that_ends_early_is_told_and_fails(monkeypatch: pytest.MonkeyPatch, more: str, cut: bool) -> None:
    first = '{"external_id": "wordpress-101", "status": "created"}\n'
    client = answering(first + more, cut=cut)
    monkeypatch.setattr(httpx, "Client", lambda **_: client)
    environment = {"PRESSROOM_LOCAL_URL": "http://ingest", "PRESSROOM_ADMIN_KEY": ADMIN}
    words = ["wordpress", str(ARCHIVES / "courier.wxr.xml"), "--section", "world"]
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 1, result.output
    assert "1  created" in result.output
    assert "The answer ended early: of 3 articles sent, 2 were not answered." in result.output
    assert "Run it again" in result.output


def test_an_archive_goes_in_several_requests_and_stops_at_one_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pressroom_local.importing.command.ARTICLES_A_REQUEST", 2)
    sound = answering('{"external_id": "x", "status": "created"}\n' * 2, cut=False)
    broken = answering("", cut=True)
    monkeypatch.setattr(httpx, "Client", lambda **_: sound)
    environment = {"PRESSROOM_LOCAL_URL": "http://ingest", "PRESSROOM_ADMIN_KEY": ADMIN}
    words = ["wordpress", str(ARCHIVES / "courier.wxr.xml"), "--section", "world"]
    result = CliRunner().invoke(app, words, env=environment)
    assert "4  created" in result.output, "each request was answered for two, the second though it was of one"
    monkeypatch.setattr(httpx, "Client", lambda **_: broken)
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 1
    assert "of 2 articles sent, 2 were not answered" in result.output, "the second request is not made"


def test_a_file_of_neither_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<rss><channel/></rss>")
    with pytest.raises(LocalError, match="no WordPress export"):
        wordpress.read(path)
    path.write_text("[1]")
    with pytest.raises(LocalError, match="no Ghost export"):
        ghost.read(path)
