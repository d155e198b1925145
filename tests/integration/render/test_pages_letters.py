"""Letters to the newsroom, the newspaper's own texts, its own templates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from pressroom_render.api import router
from pressroom_render.app import Studio, open_studio, prepare_site
from pressroom_render.letters import LetterKeeper, all_letters
from pressroom_render.tables import letter
from pressroom_shared.clock import ManualClock
from pressroom_shared.errors import SiteFileError
from pressroom_shared.http import create_http
from tests.examples import published, version
from tests.integration.render.conftest import make_settings, studio_in, take_in, tree, write_all

ID = "0193a0f0-0000-7000-8000-000000000001"


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[httpx.AsyncClient]:
    async def ready() -> str | None:
        return None

    app = create_http(title="t", ready=ready)
    app.state.studio = studio
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://r") as client:
        yield client


async def kept(studio: Studio) -> list[Any]:
    async with studio.database.read() as connection:
        return list((await connection.execute(sa.select(letter).order_by(letter.c.id))).all())


async def test_a_request_for_a_correction_is_kept_with_the_version_that_the_reader_saw(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published(1))
    await write_all(studio)
    page = tree(studio)["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    link = f"/correct/{ID}?version={version(1)}"
    assert f'href="{link}"' in page
    form = await client.get(link)
    assert "Harbour cranes stand still" in form.text
    assert f'name="version" value="{version(1)}"' in form.text
    given = {
        "version": str(version(1)),
        "text": "It was\r\nthe <b>wind</b>.",
        "name": "Pru",
        "email": "pru@example.org",
    }
    answer = await client.post(f"/correct/{ID}", data=given)
    assert (answer.status_code, "Thank you" in answer.text) == (200, True)
    [row] = await kept(studio)
    assert (row.kind, row.article_id, row.version, row.text) == (
        "correction",
        ID,
        version(1),
        "It was\nthe <b>wind</b>.",
    )
    async with studio.database.read() as connection:
        [shown] = [each async for each in all_letters(connection)]
    assert (shown["email"], "sender" in shown) == ("pru@example.org", False)


async def test_a_tip_is_forgotten_after_90_days_and_a_request_for_a_correction_after_a_year(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    await take_in(studio, published(1))
    for path in ("/tip", f"/correct/{ID}"):
        assert (await client.post(path, data={"text": "It was the wind."})).status_code == 200
    assert isinstance(studio.clock, ManualClock)
    defaults = make_settings(studio.settings.data_dir)
    keeper = LetterKeeper(
        studio.database, studio.clock, letters_days=defaults.letters_days, tips_days=defaults.tips_days
    )
    for days, left in ((90, ["tip", "correction"]), (1, ["correction"]), (274, ["correction"]), (1, [])):
        studio.clock.advance(timedelta(days=days))
        await keeper.forget()
        assert [row.kind for row in await kept(studio)] == left


async def test_a_letter_that_is_wrong_comes_back_with_what_was_written(
    studio: Studio, client: httpx.AsyncClient
) -> None:
    empty = await client.post("/tip", data={"text": "  ", "name": "Pru"})
    assert (empty.status_code, "Please write something first." in empty.text) == (422, True)
    assert 'value="Pru"' in empty.text
    bad = await client.post("/tip", data={"text": '<script>"x"', "email": "nobody"})
    assert bad.status_code == 422
    assert "&lt;script&gt;" in bad.text
    assert (await client.post("/tip", data={"text": "x" * 5_001})).status_code == 422
    assert (await client.post("/tip", content=b"x" * 70_000)).status_code == 413
    assert (await client.post("/tip", content=b"&".join([b"a=1"] * 20))).status_code == 400
    assert (await client.get("/correct/unknown")).status_code == 404
    assert (await client.post("/correct/unknown", data={"text": "x"})).status_code == 404
    assert await kept(studio) == []


async def test_nobody_can_flood_the_newsroom(studio: Studio, client: httpx.AsyncClient) -> None:
    answers = [await client.post("/tip", data={"text": f"Tip {n}"}) for n in range(7)]
    assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
    assert "Tip 6" in answers[-1].text, "what was written is not lost"
    assert len(await kept(studio)) == 5
    assert isinstance(studio.clock, ManualClock)
    await studio.clock.sleep(3601)
    assert (await client.post("/tip", data={"text": "Later"})).status_code == 200


async def test_security_txt_names_an_address_and_a_day(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/security.txt")
    assert "Contact: mailto:news@courier.example\nExpires: 2027-02-21T00:00:00Z\n" in answer.text


async def test_the_newspapers_own_texts_and_templates_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "pages" / "about").mkdir(parents=True)
    (tmp_path / "pages" / "about.md").write_text("# About <us>\n\nWe are *here*.\n\n[Standards](/about/standards/)")
    (tmp_path / "pages" / "about" / "standards.md").write_text("# Standards\n\nTwo sources.<script>x</script>")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "standing.html").write_text(
        '{% extends "base.html" %}{% block main %}<main id="main">Ours: {{ text }}</main>{% endblock %}'
    )
    async with studio_in(tmp_path) as studio:
        await write_all(studio)
        pages = tree(studio)
    assert b"Ours: <p>We are <em>here</em>.</p>" in pages["about/index.html"]
    assert b"<title>About &lt;us&gt; |" in pages["about/index.html"]
    assert b"<script>" not in pages["about/standards/index.html"]
    assert b"(http://localhost:8080/about/)" in pages["llms.txt"]
    (tmp_path / "pages" / "about.md").unlink()
    async with studio_in(tmp_path) as studio:
        await write_all(studio)
        assert "about/index.html" not in tree(studio), "a text that was taken away is taken off"
        assert "about/standards/index.html" in tree(studio)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("pages/about.md", "No title", "its first line must be its title"),
        ("pages/world.md", "# World", "taken by a section"),
        ("pages/search.md", "# Search", "taken by a section or by Pressroom itself"),
        ("pages/Über.md", "# Über", "small letters"),
        ("templates/frontt.html", "x", "no page uses a template of this name"),
    ],
)
async def test_a_file_that_cannot_be_used_stops_the_start_with_a_sentence(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(text)
    with pytest.raises(SiteFileError, match=reason):
        async with open_studio(make_settings(tmp_path)) as studio:
            await prepare_site(studio)
