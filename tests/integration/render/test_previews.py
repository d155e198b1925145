"""Previews: a draft at its unguessable address, nowhere else, and no longer than promised."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pyvips
import sqlalchemy as sa

from pressroom_render.app import Studio
from pressroom_render.card_handlers import on_preview as draw_preview
from pressroom_render.card_style import Style
from pressroom_render.cards_app import card_work
from pressroom_render.drawers import Drawers
from pressroom_render.handlers import on_preview
from pressroom_render.previews import KEPT_AFTER, PreviewWriter, card_key, page_key
from pressroom_render.tables import preview
from pressroom_shared.clock import ManualClock
from pressroom_shared.events import ArticlePreviewed
from pressroom_shared.streams import Poison
from tests.examples import article, previewed, published, unpublished
from tests.integration.render.conftest import take_in, tree, write_all

TOKEN = "t" * 43


async def show(studio: Studio, event: ArticlePreviewed) -> None:
    async with studio.work() as work:
        await on_preview(event, work)


async def shown(studio: Studio, token: str = TOKEN) -> str:
    """What stands at a preview's address; empty when nothing does."""
    return (await studio.store.get(page_key(token)) or b"").decode()


def pass_time(studio: Studio, delta: timedelta) -> None:
    assert isinstance(studio.clock, ManualClock)
    studio.clock.advance(delta)


def writer_of(studio: Studio) -> PreviewWriter:
    return PreviewWriter(studio.database, studio.store, studio.composer, studio.clock)


async def test_a_draft_stands_at_its_address_and_nowhere_else(studio: Studio) -> None:
    await take_in(studio, published(1, id="other", path="/world/2026/11/23/other/", headline="Another"))
    await write_all(studio)
    before = tree(studio)
    await show(studio, previewed(headline="Not yet <news>", body="See [another](article:other).\n\n## Part"))
    assert await writer_of(studio).write() == 1
    await write_all(studio)
    assert tree(studio) == before, "nothing that is public has changed"
    page = await shown(studio)
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert "This is a draft. It is not published, and this address ends on November 24, 2026" in page
    assert "Not yet &lt;news&gt;" in page
    assert 'href="/world/2026/11/23/other/"' in page
    assert f"http://localhost:8080/preview/{TOKEN}/card.jpg" in page
    assert "canonical" not in page
    assert "application/ld+json" not in page


async def test_it_ends_at_its_time_and_nothing_is_left_of_it(studio: Studio) -> None:
    await show(studio, previewed(hours=24))
    writer = writer_of(studio)
    await writer.write()
    await studio.store.put(card_key(TOKEN), b"card")
    pass_time(studio, timedelta(hours=24, microseconds=-1))
    assert await writer.sweep() == 0
    assert await shown(studio)
    pass_time(studio, timedelta(microseconds=1))
    assert await writer.sweep() == 1
    assert not await shown(studio)
    assert not await studio.store.exists(card_key(TOKEN))
    await studio.store.put(card_key(TOKEN), b"drawn by a slow process")
    pass_time(studio, KEPT_AFTER)
    assert await writer.sweep() == 1
    assert not await studio.store.exists(card_key(TOKEN))
    assert await writer.sweep() == 0, "its row is erased"


async def test_an_event_that_comes_again_or_too_late_shows_nothing_new(studio: Studio) -> None:
    writer = writer_of(studio)
    await show(studio, previewed(headline="First"))
    await writer.write()
    await show(studio, previewed(headline="First"))
    assert await writer.write() == 0
    pass_time(studio, timedelta(hours=24))
    await writer.sweep()
    await show(studio, previewed())
    assert await writer.write() == 0
    assert not await shown(studio)


async def test_a_writer_that_was_killed_before_it_noted_the_page_writes_the_same_again(studio: Studio) -> None:
    await show(studio, previewed())
    await studio.store.put(page_key(TOKEN), b"what it had written")
    assert await writer_of(studio).write() == 1
    assert "Harbour cranes" in await shown(studio)


async def test_a_purged_article_has_no_previews(studio: Studio) -> None:
    await take_in(studio, published(1))
    await show(studio, previewed())
    await show(studio, previewed("u" * 43, id="another"))
    writer = writer_of(studio)
    await writer.write()
    await take_in(studio, unpublished(2, purged=True))
    await writer.sweep()
    assert not await shown(studio)
    assert await shown(studio, "u" * 43)
    async with studio.database.read() as connection:
        rows = (await connection.execute(sa.select(preview.c.article_id, preview.c.document))).all()
    assert {row.article_id: bool(row.document) for row in rows} == {previewed().data.article.id: False, "another": True}
    await show(studio, previewed("v" * 43))
    assert await writer.write() == 0


@pytest.mark.parametrize("token", ["../" * 12, "a" * 40 + "/b", "a" * 40 + "\x00"])
async def test_a_token_that_is_no_name_is_poison(studio: Studio, token: str) -> None:
    with pytest.raises(Poison):
        await show(studio, previewed(token))


async def test_previews_are_apart_from_the_projection(studio: Studio) -> None:
    """A draft of a live article changes nothing of it, though its version is newer."""
    await take_in(studio, published(1))
    await write_all(studio)
    before = tree(studio)
    data = article(9, headline="What it may become")
    await show(studio, previewed(**data.model_dump(exclude={"version", "revision", "published_at", "announcements"})))
    await write_all(studio)
    assert tree(studio) == before
    assert await take_in(studio, published(2)) is None


async def test_its_card_is_drawn_beside_it_until_its_end(studio: Studio) -> None:
    drawers = Drawers(studio.settings)
    try:
        work = card_work(studio, drawers, Style())
        await draw_preview(previewed(), work)
        card = await studio.store.get(card_key(TOKEN))
        assert card is not None
        image = pyvips.Image.new_from_buffer(card, "")
        assert (image.width, image.height) == (1200, 630)
        await draw_preview(previewed("u" * 43, hours=0), work)
        assert not await studio.store.exists(card_key("u" * 43))
    finally:
        drawers.close()
