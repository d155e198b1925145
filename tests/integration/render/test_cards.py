"""The cards process: an event in, a card in the store, its name on the article's page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pyvips
import sqlalchemy as sa

from pressroom_render.app import Studio
from pressroom_render.card_handlers import CardStore, CardWork, on_article
from pressroom_render.card_store import Cards, HeldCard
from pressroom_render.card_style import Style
from pressroom_render.drawers import Drawers
from pressroom_render.image_store import Images
from pressroom_render.tables import outbox, page
from pressroom_shared.outbox import OutcomeOutbox
from tests.examples import published, unpublished
from tests.integration.render.conftest import Event, take_in


@pytest.fixture
async def drawers(studio: Studio) -> AsyncIterator[Drawers]:
    drawers, stop = Drawers(studio.settings), asyncio.Event()
    running = asyncio.create_task(drawers.run(stop))
    yield drawers
    stop.set()
    await running


async def draw_card(studio: Studio, drawers: Drawers, event: Event) -> None:
    @asynccontextmanager
    async def begin() -> AsyncIterator[CardStore]:
        async with studio.database.begin() as connection:
            outcomes = OutcomeOutbox(connection, studio.clock, "/render/cards")
            yield CardStore(Cards(connection), Images(connection), studio.pages(connection), outcomes)

    work = CardWork(begin, drawers, studio.store, studio.site, Style(), studio.clock)
    outcome = await on_article(event, work)
    if outcome is not None:
        await work.add(outcome)


async def held(studio: Studio, event: Event) -> HeldCard:
    async with studio.database.begin() as connection:
        found = await Cards(connection).held(event.data.id)
    assert found is not None
    return found


async def outcomes(studio: Studio) -> int:
    async with studio.database.begin() as connection:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(outbox)) or 0)


async def generation(studio: Studio, event: Event) -> int:
    """How often the article's page was marked."""
    async with studio.database.begin() as connection:
        found = await connection.scalar(sa.select(page.c.generation).where(page.c.path == event.data.path))
    return int(found or 0)


async def test_a_card_is_drawn_in_both_formats_and_the_page_is_written_again(studio: Studio, drawers: Drawers) -> None:
    event = published()
    await take_in(studio, event)
    before = await generation(studio, event)
    await draw_card(studio, drawers, event)
    name = (await held(studio, event)).name
    for key in (name, name.replace(".jpg", ".png")):
        body = await studio.store.get(key)
        assert body is not None
        image = pyvips.Image.new_from_buffer(body, "")
        assert (image.width, image.height) == (1200, 630)
    assert await generation(studio, event) == before + 1


async def test_an_unchanged_headline_keeps_its_card_and_the_page_rests(studio: Studio, drawers: Drawers) -> None:
    await take_in(studio, published(1))
    await draw_card(studio, drawers, published(1))
    first, marked = await held(studio, published(1)), await generation(studio, published(1))
    written = studio.store.path(first.name).stat().st_mtime_ns
    await draw_card(studio, drawers, published(2, body="More.", body_text="More."))
    second = await held(studio, published(1))
    assert (second.name, second.former, second.version) == (first.name, [], published(2).data.version)
    assert studio.store.path(first.name).stat().st_mtime_ns == written
    assert await generation(studio, published(1)) == marked


async def test_a_new_headline_gets_a_new_address_and_the_old_card_stays(studio: Studio, drawers: Drawers) -> None:
    await draw_card(studio, drawers, published(1))
    first = await held(studio, published(1))
    await draw_card(studio, drawers, published(2, headline="Cranes move again"))
    second = await held(studio, published(1))
    assert second.name != first.name
    assert second.former == [first.name]
    assert await studio.store.exists(first.name)


async def test_the_older_event_and_the_repeat_change_nothing(studio: Studio, drawers: Drawers) -> None:
    await draw_card(studio, drawers, published(2))
    first = await held(studio, published(2))
    await draw_card(studio, drawers, published(1, headline="An older headline"))
    await draw_card(studio, drawers, published(2))
    assert await held(studio, published(2)) == first
    assert await outcomes(studio) == 3


async def test_a_withdrawn_article_loses_its_cards(studio: Studio, drawers: Drawers) -> None:
    await draw_card(studio, drawers, published(1))
    name = (await held(studio, published(1))).name
    await draw_card(studio, drawers, unpublished(2))
    assert not await studio.store.exists(name)
    assert not (await held(studio, published(1))).live
    await draw_card(studio, drawers, published(1))
    assert not await studio.store.exists(name)


async def test_a_replay_draws_a_lost_card_again(studio: Studio, drawers: Drawers) -> None:
    await draw_card(studio, drawers, published(1))
    name = (await held(studio, published(1))).name
    await studio.store.delete(name)
    await draw_card(studio, drawers, published(1, replay=True))
    assert await studio.store.exists(name)
