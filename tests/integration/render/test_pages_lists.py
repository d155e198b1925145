"""Lists, archives, feeds, sitemaps: what a publication changes there, and what it must leave alone."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from pressroom_render import writer
from pressroom_render.addresses import PAGE
from pressroom_render.app import Studio
from pressroom_render.projection import Projection
from pressroom_render.tables import page
from pressroom_render.writer import LISTS, NEWS
from pressroom_shared.clock import ManualClock, from_microseconds
from pressroom_shared.database import migrate
from pressroom_shared.events import ArticlePublished
from tests.examples import START, published, unpublished, version
from tests.integration.render.conftest import meanwhile, take_in, tree, write_all

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


async def publish_many(studio: Studio, count: int, first: int = 0, **fields: Any) -> None:
    for number in range(first, first + count):
        await take_in(studio, article(number, **fields))
    await write_all(studio)


def article(number: int, **fields: Any) -> ArticlePublished:
    slug = f"article-{number:03}"
    base: dict[str, Any] = {
        "id": slug,
        "slug": slug,
        "path": f"/world/2026/10/24/{slug}/",
        "section": "world",
        "tags": [],
        "first_published_at": START - timedelta(days=30) + timedelta(minutes=number),
        "headline": f"Headline {number:03}",
    }
    return published(1, **(base | fields))


async def written(studio: Studio) -> dict[str, int]:
    async with studio.database.read() as connection:
        return dict((await connection.execute(sa.select(page.c.path, page.c.written))).all())


async def test_pages_are_numbered_from_the_oldest_and_deep_ones_stay(studio: Studio) -> None:
    await publish_many(studio, 3 * PAGE)
    pages = tree(studio)
    assert "world/page/2/index.html" in pages
    assert "world/page/3/index.html" not in pages, "the newest pages' worth stands on the front itself"
    assert b"Headline 000" in pages["world/page/1/index.html"]
    assert b"Headline 000" not in pages["world/index.html"]
    assert b'href="/world/page/2/" rel="next"' in pages["world/index.html"]
    before = await written(studio)
    await publish_many(studio, 1, first=3 * PAGE)
    after = await written(studio)
    assert b"Headline 090" in tree(studio)["world/index.html"]
    deep = ["/world/page/1/", "/world/page/2/", "/author/ines-falk/page/1/", "/2026/10/24/page/1/"]
    assert [after[path] for path in deep] == [before[path] for path in deep], "a publication leaves them alone"


async def test_a_day_of_many_articles_has_numbered_pages_that_lead_to_its_month(studio: Studio) -> None:
    await publish_many(studio, 3 * PAGE)
    day = "2026/10/24/{}index.html".format
    first, older = (tree(studio)[day(each)] for each in ("", "page/2/"))
    assert b'href="/2026/10/24/page/2/" rel="next"' in first
    assert b"Headline 089" in first
    assert b"Headline 059" not in first
    assert b"Headline 059" in older
    assert all(b'<a href="/2026/10/">October 2026</a>' in each for each in (first, older))


async def test_days_that_were_one_page_are_put_on_several(studio: Studio) -> None:
    """A database of the version before has no numbered pages of a day."""
    await publish_many(studio, 3 * PAGE)
    whole = tree(studio)
    statements = (
        "DELETE FROM page WHERE path LIKE '/2026/10/24/page/%'",
        "UPDATE alembic_version SET version_num = '0010' WHERE version_num = '0011'",
    )
    async with studio.database.begin() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement))
    shutil.rmtree(studio.store.path("www/2026/10/24"))
    await migrate(studio.database, "pressroom_render")
    await write_all(studio)
    assert tree(studio) == whole


async def test_bulk_marks_a_list_once_and_for_later_and_news_brings_it_forward(studio: Studio) -> None:
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_bulk_s": 10}))
    await write_all(studio)
    for number in range(5):
        await take_in(studio, article(number), in_bulk=True)
    assert (await marks(studio))["/world/"] == (1, 10), "the next one may change it again"
    assert (await marks(studio))["/world/2026/10/24/article-003/"] == (1, 0), "its own page is not written twice"
    await take_in(studio, article(5))
    assert (await marks(studio))["/world/"] == (2, 0)
    await take_in(studio, article(6), in_bulk=True)
    assert (await marks(studio))["/world/"] == (2, 0), "what news wants is not put off"
    await write_all(studio)
    assert b"Headline 006" in tree(studio)["world/index.html"]


async def test_a_list_that_waits_already_keeps_its_turn(studio: Studio) -> None:
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_coalesce_s": 10}))
    await publish_many(studio, 1)
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=3))
    await take_in(studio, article(1))
    clock.advance(timedelta(seconds=2))
    await take_in(studio, article(2))
    assert (await marks(studio))["/"] == (1, 5), "ten seconds after it was written, whatever comes meanwhile"
    async with studio.database.begin() as connection:
        later = {"due_at": clock.now() + timedelta(seconds=60)}
        await connection.execute(sa.update(page).where(page.c.path == "/").values(later))
        taken_up = {"leased_until": clock.now() + timedelta(seconds=60)}
        await connection.execute(sa.update(page).where(page.c.path == "/feed.xml").values(taken_up))
    await take_in(studio, article(3))
    assert (await marks(studio))["/"] == (2, 5), "what would come later is brought forward"
    assert (await marks(studio))["/feed.xml"] == (2, 5), "what is being made may have been read before"


async def test_archives_are_written_a_little_later_but_lead_to_a_new_day_at_once(studio: Studio) -> None:
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_archive_s": 10}))
    await write_all(studio)
    archives = ["/2026/10/", "/archive/", "/sitemap-2026-10.xml"]
    await take_in(studio, article(0))
    assert {(await marks(studio))[each] for each in [*archives, "/sitemap.xml"]} == {(1, 0)}, "nothing led there"
    await write_all(studio)
    await take_in(studio, article(1))
    assert {(await marks(studio))[each] for each in archives} == {(1, 10)}
    assert (await marks(studio))["/sitemap.xml"][0] == 0, "it names months alone"
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=7))
    await take_in(studio, article(2))
    assert {(await marks(studio))[each] for each in archives} == {(1, 3)}, "it does not wait for the next one"
    later = article(3, first_published_at=START - timedelta(days=28))
    await take_in(studio, later)
    assert (await marks(studio))["/2026/10/"] == (2, 0), "a new day"
    assert (await marks(studio))["/archive/"] == (1, 3)
    await write_all(studio)
    assert b"3 articles" in tree(studio)["2026/10/index.html"]
    assert b"1 article" in tree(studio)["archive/index.html"]
    clock.advance(timedelta(seconds=3))
    await write_all(studio)
    assert b"4 articles" in tree(studio)["archive/index.html"]


async def test_feeds_of_tags_and_authors_tell_of_a_new_article_a_little_later(studio: Studio) -> None:
    """Programs ask for them every quarter of an hour. What was wrong in them is put right at once."""
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_archive_s": 10}))
    tide = [{"slug": "tide", "name": "Tide"}]
    await publish_many(studio, 1, tags=tide)
    assert "tag/tide/feed.xml" in tree(studio), "its first article"
    await take_in(studio, article(1, tags=tide))
    polled = ["/tag/tide/feed.xml", "/author/ines-falk/feed.xml"]
    assert {(await marks(studio))[each] for each in polled} == {(1, 10)}
    assert {(await marks(studio))[each] for each in ("/feed.xml", "/world/feed.xml", "/tag/tide/")} == {(1, 0)}
    await take_in(studio, article(1, version=version(2), headline="Headline 001, put right", tags=tide))
    assert {(await marks(studio))[each] for each in polled} == {(2, 0)}
    await write_all(studio)
    assert b"put right" in tree(studio)["tag/tide/feed.xml"]
    await take_in(studio, unpublished(3, id="article-001", path="/world/2026/10/24/article-001/"))
    assert {(await marks(studio))[each] for each in polled} == {(1, 0)}


async def test_a_front_that_news_changes_all_the_time_is_written_all_the_same(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ARTICLES_WAIT_S", 0)
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_coalesce_s": 1}))
    await write_all(studio)
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=2))
    lists = studio.page_writer(LISTS)
    await take_in(studio, article(0))
    for number in range(3):
        meanwhile(monkeypatch, partial(take_in, studio, article(number + 1)))
        assert await lists.write_batch() > 0
        home = tree(studio)["index.html"]
        assert f"Headline {number:03}".encode() in home, "what was there when it was read"
        assert f"Headline {number + 1:03}".encode() not in home
        assert (await marks(studio))["/"] == (1, 1), "and again after a pause"
        assert "/world/2026/10/24/article-000/index.html" not in tree(studio), "an article's own page is not its work"
        clock.advance(timedelta(seconds=1))
    await write_all(studio)
    assert b"Headline 003" in tree(studio)["index.html"]


async def test_no_list_is_put_in_place_with_what_was_withdrawn_meanwhile(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ARTICLES_WAIT_S", 0)
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_coalesce_s": 1}))
    await publish_many(studio, 1)
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=2))
    await take_in(studio, article(1))
    withdrawn = unpublished(2, id="article-001", path="/world/2026/10/24/article-001/")
    meanwhile(monkeypatch, lambda: take_in(studio, withdrawn))
    assert await studio.page_writer(LISTS).write_batch() > 0
    assert not any(b"Headline 001" in body for body in tree(studio).values())
    assert (await marks(studio))["/"] == (2, 0), "its turn is now, not after a pause"
    await write_all(studio)
    assert b"Headline 000" in tree(studio)["index.html"]


async def test_no_feed_leads_to_what_was_withdrawn_meanwhile(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link was recorded when the feed was last written: the withdrawal marks the feed while it is made again."""
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_coalesce_s": 1}))
    tide = [{"slug": "tide", "name": "Tide"}]
    await publish_many(studio, 1)
    await publish_many(studio, 1, first=1, body="See [the other](article:article-000).", tags=tide)
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=2))
    feed = "tag/tide/feed.xml"
    assert b"article-000" in tree(studio)[feed]
    await take_in(studio, article(2, tags=tide))
    await studio.page_writer(NEWS).write_batch()
    withdrawn = unpublished(2, id="article-000", path="/world/2026/10/24/article-000/")
    meanwhile(monkeypatch, lambda: take_in(studio, withdrawn))
    before = tree(studio)[feed]
    assert await studio.page_writer(LISTS).write_batch() > 0
    assert tree(studio)[feed] == before, "not put in place: it would lead to what is gone"
    await write_all(studio)
    assert b"Headline 002" in tree(studio)[feed]
    assert b"article-000" not in tree(studio)[feed]


async def test_a_new_article_has_its_neighbours_swept_and_a_withdrawn_one_has_them_written_at_once(
    studio: Studio,
) -> None:
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_sweep_s": 60}))
    await publish_many(studio, 1)
    await publish_many(studio, 1, first=1)
    first, second = "world/2026/10/24/article-000/index.html", "world/2026/10/24/article-001/index.html"
    assert (await marks(studio))["/world/2026/10/24/article-000/"] == (1, 60)
    assert b"Headline 001" not in tree(studio)[first]
    assert b"Headline 000" in tree(studio)[second]
    clock = studio.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(seconds=60))
    await write_all(studio)
    assert b"Headline 001" in tree(studio)[first]
    await take_in(studio, unpublished(2, id="article-001", path="/world/2026/10/24/article-001/"))
    assert (await marks(studio))["/world/2026/10/24/article-000/"] == (1, 0)
    await write_all(studio)
    assert b"Headline 001" not in tree(studio)[first]


async def test_a_page_that_names_an_article_leads_to_it_as_soon_as_it_is_published(studio: Studio) -> None:
    studio = replace(studio, settings=studio.settings.model_copy(update={"pages_sweep_s": 60}))
    other = "0193a0f0-0000-7000-8000-00000000ffff"
    await publish_many(studio, 1, body=f"See [the other](article:{other}).")
    page = "world/2026/10/24/article-000/index.html"
    link = b'<a href="/world/2026/10/24/article-001/" rel="noopener">the other</a>'
    assert link not in tree(studio)[page]
    await publish_many(studio, 1, first=1, id=other)
    assert link in tree(studio)[page]


async def test_an_articles_first_page_is_there_though_news_comes_meanwhile(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish_many(studio, 1)
    await take_in(studio, article(1))
    news = studio.page_writer(NEWS)
    put_right = article(2, version=version(2), headline="Headline 002, put right")

    async def written_while(event: ArticlePublished) -> int:
        meanwhile(monkeypatch, lambda: take_in(studio, event))
        return await news.write_batch()

    assert await written_while(article(2)) == 1
    page = "world/2026/10/24/article-00{}/index.html".format
    assert b"Headline 001" in tree(studio)[page(1)], "though its next article marked it again"
    assert await said_of(studio, "article-001") == "done"
    assert await written_while(put_right) == 1, "the second page; the first one waits to be swept"
    assert page(2) not in tree(studio), "never what its own newer version puts right"
    assert await written_while(article(3)) == 1
    assert b"Headline 002, put right" in tree(studio)[page(2)]
    await write_all(studio)
    pages = tree(studio)
    assert b"Headline 002, put right" in pages[page(1)]
    assert b"Headline 003" in pages[page(2)]


async def said_of(studio: Studio, article_id: str) -> str | None:
    async with studio.database.read() as connection:
        held = await Projection(connection).held(article_id)
    return held.outcome.status if held is not None and held.outcome is not None else None


async def test_no_list_leads_to_an_article_that_is_not_there_yet(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_all(studio)
    await take_in(studio, article(0))
    writing = asyncio.create_task(studio.page_writer(LISTS).write_batch())
    news = studio.page_writer(NEWS)
    began = asyncio.Event()
    render = news._render

    async def slowly(*arguments: Any) -> Any:
        began.set()
        made = await render(*arguments)
        assert b"Headline 000" not in tree(studio)["index.html"]
        return made

    monkeypatch.setattr(news, "_render", slowly)
    assert await news.write_batch() > 0
    assert began.is_set()
    assert "world/2026/10/24/article-000/index.html" in tree(studio)
    await writing
    assert b"Headline 000" in tree(studio)["index.html"]


async def test_lists_do_not_wait_for_ever_for_an_article(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ARTICLES_WAIT_S", 0.1)
    await write_all(studio)
    await take_in(studio, article(0))
    await studio.page_writer(LISTS).write_batch()
    assert b"Headline 000" in tree(studio)["index.html"]


async def test_a_list_that_is_begun_again_while_it_is_taken_away_stays(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish_many(studio, 1, tags=[{"slug": "tide", "name": "Tide"}])
    await take_in(studio, unpublished(2, id="article-000", path="/world/2026/10/24/article-000/"))
    meanwhile(monkeypatch, lambda: take_in(studio, article(1, tags=[{"slug": "tide", "name": "Tide"}])))
    await studio.page_writer(LISTS).write_batch()
    assert "tag/tide/index.html" in tree(studio), "nobody finds it gone meanwhile"
    await write_all(studio)
    assert b"Headline 001" in tree(studio)["tag/tide/index.html"]


async def test_an_old_article_that_comes_in_bulk_marks_no_numbered_page_that_waits_anyway(studio: Studio) -> None:
    for number in range(3 * PAGE):
        await take_in(studio, article(number), in_bulk=True)
    before = (await marks(studio))["/world/page/2/"]
    await take_in(studio, article(999, first_published_at=START - timedelta(days=60)), in_bulk=True)
    assert (await marks(studio))["/world/page/2/"] == before
    await write_all(studio)
    assert b"Headline 999" in tree(studio)["world/page/1/index.html"]
    await take_in(studio, article(998, first_published_at=START - timedelta(days=60)), in_bulk=True)
    await write_all(studio)
    assert b"Headline 057" in tree(studio)["world/page/2/index.html"], "it pushed two on"
    assert b"Headline 058" not in tree(studio)["world/page/2/index.html"]


async def marks(studio: Studio) -> dict[str, tuple[int, int]]:
    """By address: how often it was marked since it was written, and in how many seconds it is due."""
    statement = sa.select(page.c.path, page.c.generation - page.c.written, page.c.due_at)
    async with studio.database.read() as connection:
        rows = (await connection.execute(statement)).all()
    return {path: (count, round((due - studio.clock.now()).total_seconds())) for path, count, due in rows}


async def test_a_withdrawal_moves_the_pages_after_it_and_no_article_is_lost(studio: Studio) -> None:
    await publish_many(studio, 3 * PAGE)
    await take_in(studio, unpublished(2, id="article-010", path="/world/2026/10/24/article-010/"))
    await write_all(studio)
    pages = {name: body for name, body in tree(studio).items() if name.endswith(".html")}
    lists = [body.decode() for name, body in pages.items() if name == "world/index.html" or "world/page/" in name]
    shown = "".join(lists)
    assert [number for number in range(3 * PAGE) if f"Headline {number:03}" not in shown] == [10]


async def test_one_more_publication_writes_a_bounded_number_of_pages(studio: Studio) -> None:
    counts: list[tuple[int, int]] = []
    for count in (20, 60):
        await publish_many(studio, count, first=counts[-1][0] if counts else 0)
        before = await written(studio)
        await publish_many(studio, 1, first=1_000 + count)
        after = await written(studio)
        counts.append((count, sum(after[path] != before.get(path) for path in after)))
    assert counts[0][1] == counts[1][1]


async def test_days_months_and_the_archive_lead_to_every_article(studio: Studio) -> None:
    await publish_many(studio, 2)
    pages = tree(studio)
    assert b'href="/2026/10/"' in pages["archive/index.html"]
    assert b'href="/2026/10/24/"' in pages["2026/10/index.html"]
    assert b"2 articles" in pages["2026/10/index.html"]
    assert b"Headline 001" in pages["2026/10/24/index.html"]
    for number in range(2):
        slug = f"article-{number:03}"
        await take_in(studio, unpublished(2, id=slug, path=f"/world/2026/10/24/{slug}/"))
    await write_all(studio)
    assert [name for name in tree(studio) if name.startswith("2026/")] == []
    assert b"/2026/" not in tree(studio)["archive/index.html"]


async def test_feeds_tell_the_same_whole_texts_in_three_formats(studio: Studio) -> None:
    await take_in(studio, published(1, standfirst="It was <b>not</b> the wind & not the switch."))
    await write_all(studio)
    pages = tree(studio)
    uuid = "urn:uuid:0193a0f0-0000-7000-8000-000000000001"
    for folder in ("", "business/", "business/economy/", "tag/harbour/", "author/ines-falk/"):
        rss = ElementTree.fromstring(pages[f"{folder}feed.xml"])
        item = rss.find("channel/item")
        assert item is not None
        atom = ElementTree.fromstring(pages[f"{folder}atom.xml"])
        entry = atom.find(f"{ATOM}entry")
        assert entry is not None
        document = json.loads(pages[f"{folder}feed.json"])
        assert item.findtext("guid") == entry.findtext(f"{ATOM}id") == document["items"][0]["id"] == uuid
        content = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
        assert content == entry.findtext(f"{ATOM}content") == document["items"][0]["content_html"]
        assert content is not None
        assert "<h2>Nobody at the switch</h2>" in content
        assert document["items"][0]["summary"] == "It was <b>not</b> the wind & not the switch."
        assert document["feed_url"] == f"http://localhost:8080/{folder}feed.json"


async def test_corrections_have_a_page_and_feeds_of_their_own(studio: Studio) -> None:
    note = {
        "version": version(2),
        "note": "The cranes stopped at one, not at noon.",
        "at": from_microseconds(version(2)),
    }
    await take_in(studio, published(1))
    await write_all(studio)
    assert b"not at noon" not in tree(studio)["corrections/index.html"]
    await take_in(studio, published(2, corrections=[note]))
    await write_all(studio)
    pages = tree(studio)
    for name in ("corrections/index.html", "corrections/feed.xml", "corrections/atom.xml", "corrections/feed.json"):
        assert b"not at noon" in pages[name], name
    assert b"not at noon" in pages["index.html"], "the home page says so, too"
    document = pages["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    graph = json.loads(document.split('<script type="application/ld+json">')[1].split("</script>")[0])["@graph"]
    assert graph[0]["correction"][0]["text"] == "The cranes stopped at one, not at noon."


async def test_sitemaps_name_every_article_once_and_news_for_two_days(studio: Studio) -> None:
    await take_in(studio, published(1))
    await publish_many(studio, 3)
    pages = tree(studio)
    index = [each.text for each in ElementTree.fromstring(pages["sitemap.xml"]).iter(f"{SITEMAP}loc")]
    months = [f"http://localhost:8080/sitemap-2026-{month}.xml" for month in ("10", "11")]
    assert index == ["http://localhost:8080/sitemap-pages.xml", *months]
    october = [each.text for each in ElementTree.fromstring(pages["sitemap-2026-10.xml"]).iter(f"{SITEMAP}loc")]
    assert len(october) == len(set(october)) == 3
    news = ElementTree.fromstring(pages["news-sitemap.xml"])
    assert [each.text for each in news.iter(f"{SITEMAP}loc")] == [
        "http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/"
    ]
    assert isinstance(studio.clock, ManualClock)
    studio.clock.advance(timedelta(hours=48, minutes=1))
    await write_all(studio)
    assert b"<loc>" not in tree(studio)["news-sitemap.xml"], "old news leaves it by itself"


async def test_rails_are_swept_after_everything_else(studio: Studio) -> None:
    await publish_many(studio, 3)
    await take_in(studio, article(10, section="opinion", kind="opinion", path="/opinion/2026/10/24/article-010/"))
    async with studio.database.read() as connection:
        dirty = sa.select(page.c.path, page.c.priority).where(
            page.c.generation > page.c.written, page.c.kind == "article"
        )
        marked = dict((await connection.execute(dirty)).all())
    assert marked.pop("/opinion/2026/10/24/article-010/") == 0
    assert len(marked) == 3
    assert set(marked.values()) <= {0, 5}
    await write_all(studio)
    assert b"Headline 010" in tree(studio)["world/2026/10/24/article-000/index.html"]


@pytest.mark.parametrize("kind", ["analysis", "review", "live", "opinion"])
async def test_every_kind_says_what_it_is(studio: Studio, kind: str) -> None:
    review = {"item": "The Keeper's Hours", "rating": 4, "best": 5} if kind == "review" else None
    await take_in(studio, published(1, kind=kind, review=review))
    await write_all(studio)
    document = tree(studio)["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    graph = json.loads(document.split('<script type="application/ld+json">')[1].split("</script>")[0])["@graph"]
    types = {
        "analysis": "AnalysisNewsArticle",
        "review": "ReviewNewsArticle",
        "live": "LiveBlogPosting",
        "opinion": "OpinionNewsArticle",
    }
    assert graph[0]["@type"] == types[kind]
    assert {"analysis": "Analysis: ", "review": "Review: ", "live": "Live: ", "opinion": "Opinion: "}[kind] in document
    if kind == "review":
        assert graph[0]["reviewRating"]["ratingValue"] == 4
        assert graph[0]["itemReviewed"]["name"] == "The Keeper's Hours"
        assert "4 of 5" in document


async def test_a_live_article_tells_its_entries_newest_first_each_at_its_own_address(studio: Studio) -> None:
    entries = [
        {"id": f"e{n}", "at": START + timedelta(minutes=n), "headline": f"Minute {n}", "body": f"It is *{n}* past."}
        for n in range(3)
    ]
    body = "We are there.\n\n" + "\n\n".join(str(each["body"]) for each in entries)
    await take_in(studio, published(1, kind="live", intro="We are there.", entries=entries, body=body))
    await write_all(studio)
    document = tree(studio)["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    places = [document.index(f'<article class="entry" id="entry-e{n}">') for n in (2, 1, 0)]
    assert places == sorted(places)
    assert document.count("<em>1</em> past") == 1, "what stands in an entry does not stand in the text as well"
    assert "We are there." in document[: places[0]]
    graph = json.loads(document.split('<script type="application/ld+json">')[1].split("</script>")[0])["@graph"]
    assert [each["headline"] for each in graph[0]["liveBlogUpdate"]] == ["Minute 2", "Minute 1", "Minute 0"]
