"""Pages: what a publication writes, and that nothing stale stays anywhere."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import sqlalchemy as sa

from pressroom_render.api import router
from pressroom_render.app import Studio
from pressroom_render.pages import lock_pages
from pressroom_render.tables import metadata, outbox, page
from pressroom_render.writer import PageWriter
from pressroom_shared.clock import from_microseconds
from pressroom_shared.database import migration_differences
from pressroom_shared.events import decode
from pressroom_shared.http import create_http
from tests.examples import published, unpublished, version
from tests.integration.render.conftest import meanwhile, studio_in, take_in, tree, write_all, writer_of
from tests.integration.render.gate import full_build
from tests.waiting import until

PATH = "business/2026/11/23/harbour-cranes-stand-still/index.html"


async def said(studio: Studio) -> list[tuple[str, str]]:
    async with studio.database.read() as connection:
        rows = await connection.execute(sa.select(outbox.c.payload).order_by(outbox.c.id))
        outcomes: list[Any] = [decode(row.payload) for row in rows]
    return [(each.data.status, each.data.article_id) for each in outcomes]


async def test_the_migrations_make_what_the_code_expects(studio: Studio) -> None:
    assert await migration_differences(studio.database, metadata) == []


async def test_an_empty_newspaper_has_its_fronts(studio: Studio) -> None:
    await write_all(studio)
    pages = tree(studio)
    assert {"index.html", "business/index.html", "business/economy/index.html", "feed.xml", "robots.txt"} <= set(pages)
    assert b"Nothing has been published here yet." in pages["index.html"]
    shell = await studio.store.get("_shell/v1/en-US.html")
    assert shell is not None
    assert b"<!--slot:main-->" in shell


async def test_a_publication_stands_everywhere_and_says_done_once_its_page_is_there(studio: Studio) -> None:
    assert await take_in(studio, published()) is None
    assert await said(studio) == []
    await write_all(studio)
    pages = tree(studio)
    for place in (PATH, "index.html", "business/index.html", "business/economy/index.html", "feed.xml",
                  "business/feed.xml", "tag/harbour/index.html", "author/ines-falk/index.html"):  # fmt: skip
        assert b"Harbour cranes stand still for a third day" in pages[place], place
    assert b"http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/" in pages["sitemap-2026-11.xml"]
    body = pages[PATH].decode()
    for part in ("Ines Falk", "The port says it was the wind.", "November 23, 2026", "application/ld+json"):
        assert part in body
    assert brotli.decompress(pages[f"{PATH}.br"]) == gzip.decompress(pages[f"{PATH}.gz"]) == pages[PATH]
    assert [status for status, _ in await said(studio)] == ["done"]


async def test_what_an_editor_writes_in_markdown_stands_on_the_page_and_in_feeds(studio: Studio) -> None:
    body = """\
> They never asked us.
>
> Ines Falk, keeper

See also: [The port's own page](https://port.example/)

[The film](https://youtu.be/1)

See also: [Not live](article:0193a0f0-0000-7000-8000-00000000ffff)
"""
    await take_in(studio, published(body=body))
    await write_all(studio)
    pages = tree(studio)
    page = pages[PATH].decode()
    assert '<blockquote class="pull">' in page
    assert "<footer>Ines Falk, keeper</footer></blockquote>" in page
    assert '<div class="also"><p class="kicker">See also</p><p class="hed xs"><a href="https://port.example/"' in page
    for text in (
        page,
        html.unescape(pages["feed.xml"].decode()),
        json.loads(pages["feed.json"])["items"][0]["content_html"],
    ):
        assert '<p class="embed"><a href="https://youtu.be/1" rel="noopener"><b>YouTube</b>: The film<br>' in text
        assert "They never asked us." in text
        assert "Not live" not in text


async def test_the_newest_version_wins_in_any_order_and_a_repeat_says_the_same_again(studio: Studio) -> None:
    second = published(2, headline="Second")
    await take_in(studio, second)
    stale = await take_in(studio, published(1, headline="First"))
    assert stale is not None
    assert stale.status == "stale"
    assert await take_in(studio, second) is None, "nothing to say before the page is in place"
    await write_all(studio)
    assert b"Second" in tree(studio)[PATH]
    repeat = await take_in(studio, second)
    assert repeat is not None
    assert (repeat.status, repeat.version) == ("done", version(2))
    await write_all(studio)
    assert len(await said(studio)) == 1, "a repeat writes nothing; the consumer sends what it returns"


async def test_a_withdrawn_article_is_gone_and_cannot_come_back(studio: Studio) -> None:
    await take_in(studio, published(1))
    await write_all(studio)
    await take_in(studio, unpublished(3))
    await write_all(studio)
    late = await take_in(studio, published(2))
    assert late is not None
    assert late.status == "stale"
    await write_all(studio)
    pages = tree(studio)
    assert PATH not in pages
    assert f"{PATH}.br" not in pages
    assert "tag/harbour/index.html" not in pages, "a list without articles has no page"
    assert not any(b"Harbour cranes" in body for name, body in pages.items() if not name.endswith((".br", ".gz")))
    assert (await said(studio))[-1][0] == "done"


async def test_a_replay_writes_again_and_says_so(studio: Studio) -> None:
    await take_in(studio, published(1))
    await write_all(studio)
    studio.store.path(f"www/{PATH}").unlink()
    assert await take_in(studio, published(1, replay=True)) is None
    await write_all(studio)
    assert PATH in tree(studio)
    assert [status for status, _ in await said(studio)] == ["done", "done"]


async def test_moved_withdrawn_and_unknown_addresses(studio: Studio) -> None:
    old = "/business/2026/11/23/harbour-cranes-stand-still/"
    await take_in(studio, published(1))
    await take_in(studio, published(2, path="/world/2026/11/23/cranes/", section="world", former_paths=[old]))
    await take_in(studio, published(1, id="b", path="/world/2026/11/23/b/"))
    await take_in(studio, unpublished(2, id="b", path="/world/2026/11/23/b/"))
    await take_in(studio, published(1, id="c", path="/world/2026/11/23/c/"))
    await take_in(studio, unpublished(2, id="c", path="/world/2026/11/23/c/", redirect_to="/world/"))
    await write_all(studio)
    assert PATH not in tree(studio)

    async def ready() -> str | None:
        return None

    app = create_http(title="t", ready=ready)
    app.state.studio = studio
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://r") as client:
        moved = await client.get(old)
        assert (moved.status_code, moved.headers["location"]) == (301, "http://localhost:8080/world/2026/11/23/cranes/")
        assert (await client.get(old.rstrip("/"))).status_code == 301
        gone = await client.get("/world/2026/11/23/b/")
        assert (gone.status_code, "withdrawn" in gone.text) == (410, True)
        redirected = await client.get("/world/2026/11/23/c/")
        assert (redirected.status_code, redirected.headers["location"]) == (301, "http://localhost:8080/world/")
        unknown = await client.get("/nowhere/%3Cscript%3E")
        assert (unknown.status_code, "<script>" in unknown.text) == (404, False)


async def test_a_mark_that_is_made_while_a_page_is_rendered_is_not_lost(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_all(studio)
    await take_in(studio, published(1, headline="First"))
    meanwhile(monkeypatch, lambda: take_in(studio, published(2, headline="Second")))
    await writer_of(studio).write_batch()
    assert PATH not in tree(studio), "what was rendered is older than what is held"
    await write_all(studio)
    assert b"Second" in tree(studio)[PATH]
    assert [each for each in tree(studio) if ".staged" in each] == []


async def test_an_unpublication_that_races_a_paused_writer_leaves_no_page(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(studio, published(1))
    meanwhile(monkeypatch, lambda: take_in(studio, unpublished(2)))
    await write_all(studio)
    assert PATH not in tree(studio)


async def test_a_page_that_a_dead_writer_leased_is_taken_up_by_another(studio: Studio) -> None:
    await take_in(studio, published(1))
    async with studio.database.begin() as connection:
        until = studio.clock.now() + timedelta(seconds=30)
        await connection.execute(sa.update(page).values(leased_until=until))
    await write_all(studio)
    assert tree_is_empty(studio)
    studio.clock.advance(timedelta(seconds=31))  # type: ignore[attr-defined]
    await write_all(studio)
    assert PATH in tree(studio)


async def test_what_a_feed_tells_is_the_newest_though_its_words_change_while_it_is_made(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of words alone touches the feeds that tell the article: this one has not said so yet."""
    await write_all(studio)
    await take_in(studio, published(1, body="The first words."), in_bulk=True)
    meanwhile(monkeypatch, lambda: take_in(studio, published(2, body="The other words."), in_bulk=True))
    await write_all(studio)
    assert "The other words." in tree(studio)["business/feed.xml"].decode()
    assert not [name for name, body in tree(studio).items() if b"The first words." in body]


async def test_who_marks_what_shows_an_article_waits_for_no_one_in_a_circle(tmp_path: Path, postgres_url: str) -> None:
    """Everybody locks pages in the order of their addresses: home comes before an article's own page."""
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with studio_in(tmp_path, postgres_url) as studio:
        event = published(1)
        await take_in(studio, event)
        await write_all(studio)

        async def mark() -> None:
            async with studio.database.begin() as connection:
                await studio.pages(connection).mark_showing(event.data.id)

        async def waits() -> bool:
            async with studio.database.read() as connection:
                return bool(await connection.scalar(waiting))

        async with studio.database.begin() as connection:
            await lock_pages(connection, ["/"])
            marking = asyncio.create_task(mark())
            await until(waits)
            await lock_pages(connection, [event.data.path])
        await marking


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "undone"])
async def test_what_a_writer_put_in_place_and_did_not_record_does_not_stay(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    """The next page is the one that was recorded before: a neighbour came, and went."""
    neighbour: dict[str, Any] = {"id": "neighbour", "slug": "neighbour", "path": "/business/2026/11/23/neighbour/"}
    came, went = published(2, **neighbour), unpublished(3, id="neighbour", path=neighbour["path"])
    await take_in(studio, published(1))
    await write_all(studio)
    await take_in(studio, came, in_bulk=True)  # all in one batch
    with monkeypatch.context() as patch:

        async def cut(*_: object) -> None:
            raise Cut

        async def nothing(*_: object) -> None:
            pass

        patch.setattr(PageWriter, "_clear_marks", cut)
        if killed:
            patch.setattr(PageWriter, "_release", nothing)
        with pytest.raises(Cut):
            await writer_of(studio).write_batch()
    assert b"neighbour" in tree(studio)["index.html"]
    await take_in(studio, went)
    studio.clock.advance(timedelta(seconds=studio.settings.pages_lease_s + 1))  # type: ignore[attr-defined]
    await write_all(studio)
    full = await full_build(tmp_path / "full", [published(1), went], studio.clock.now())
    assert sorted(name for name, body in tree(studio).items() if body != full.get(name)) == []


def tree_is_empty(studio: Studio) -> bool:
    return tree(studio) == {}


async def test_a_store_that_refuses_is_said_and_the_pages_come_later(studio: Studio) -> None:
    await take_in(studio, published(1))
    root = studio.store.path("www")
    root.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="www"):
        await writer_of(studio).write_batch()
    assert await said(studio) == []
    root.unlink()
    await write_all(studio)
    assert PATH in tree(studio)


async def test_hostile_text_reaches_no_page_and_no_feed(studio: Studio) -> None:
    bad = '"><script>alert(1)</script>&</title>'
    await take_in(
        studio,
        published(
            1,
            headline=bad,
            standfirst=bad,
            body=f"{bad}\n\n[x](javascript:alert(1))\n\n<img src=x onerror=alert(1)>",
            body_text=bad,
            authors=[{"slug": "x", "name": bad}],
            tags=[{"slug": "y", "name": bad}],
            dateline=bad,
            corrections=[{"version": version(1), "note": bad, "at": from_microseconds(version(1))}],
            review={"item": bad, "rating": 3, "best": 5},
            kind="review",
        ),
    )
    await write_all(studio)
    for name, body in tree(studio).items():
        if name.endswith((".br", ".gz")):
            continue
        text = body.decode().replace('<script type="application/ld+json">', "").replace("]]>", "")
        text = text.replace('<script type="module" src="/static/extras.', "")
        assert "<script" not in text, name
        assert "onerror" not in text.replace("onerror=alert(1)&gt;", ""), name
        assert "javascript:" not in text, name
        assert "</title>&" not in text, name
