"""An author's picture on the cards of what they think, whichever of the two comes first."""

from __future__ import annotations

import hashlib
from itertools import permutations
from typing import Any

import pytest
import pyvips

from pressroom_render.app import Studio
from pressroom_render.card_handlers import CardWork, on_article, on_author
from pressroom_render.card_store import HeldCard
from pressroom_render.card_style import Style
from pressroom_render.cards_app import card_work
from pressroom_render.drawers import Drawers
from pressroom_shared.events import ArticlePublished, AuthorChanged
from tests import hostile
from tests.examples import described, published
from tests.integration.render.conftest import take_in, tree, write_all

PAGE = "author/ines-falk/index.html"
FACE_AT = (930, 340, 60, 60)


@pytest.fixture
def work(studio: Studio, drawers: Drawers) -> CardWork:
    return card_work(studio, drawers, Style())


def opinion(number: int = 1, **fields: Any) -> ArticlePublished:
    return published(number, **{"kind": "opinion"} | fields)


async def author(
    work: CardWork, number: int = 1, *, slug: str = "ines-falk", side: int = 600, body: bytes | None = None
) -> AuthorChanged:
    """An author with a picture that is in the store."""
    body = hostile.jpeg(hostile.portrait(side)) if body is None else body
    digest = hashlib.sha256(body).hexdigest()
    key = f"media/{digest[:2]}/{digest}.jpg"
    await work.store.put(key, body)
    picture = {"id": digest[:8], "key": key, "media_type": "image/jpeg", "bytes": len(body)}
    event = described("author", slug, number, picture=picture | {"width": side, "height": side, "alt": "Ines"})
    assert isinstance(event, AuthorChanged)
    return event


async def held(work: CardWork, event: ArticlePublished | None = None) -> HeldCard:
    async with work.begin() as store:
        found = await store.cards.held((event or opinion()).data.id)
    assert found is not None
    return found


async def shows_face(work: CardWork, card: HeldCard) -> bool:
    """Whether there is skin in the middle of where the picture belongs; type and paper are grey."""
    body = await work.store.get(card.name)
    assert body is not None
    red, _, blue = (band.avg() for band in pyvips.Image.new_from_buffer(body, "").crop(*FACE_AT).bandsplit())
    return bool(red - blue > 40)


async def test_the_card_of_an_opinion_shows_its_author_whatever_comes_first(studio: Studio, work: CardWork) -> None:
    await take_in(studio, opinion())
    await write_all(studio)
    await on_article(opinion(), work)
    without = await held(work)
    assert not await shows_face(work, without)
    await on_author(await author(work), work)
    drawn = await held(work)
    assert await shows_face(work, drawn)
    assert drawn.former == [without.name]
    assert await work.store.exists(without.name)
    await write_all(studio)
    assert drawn.name in tree(studio)["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    other = opinion(id="0193a0f0-0000-7000-8000-000000000002")
    await on_article(other, work)
    assert await shows_face(work, await held(work, other))


async def test_news_and_what_two_have_signed_show_no_face(work: CardWork) -> None:
    await on_author(await author(work), work)
    both = [{"slug": "ines-falk", "name": "Ines Falk"}, {"slug": "tove-lind", "name": "Tove Lind"}]
    for number, event in enumerate((published(1), opinion(2, authors=both)), 1):
        await on_article(event, work)
        card = await held(work)
        assert (card.version, card.author) == (event.data.version, None), number
        assert not await shows_face(work, card)


async def test_another_picture_none_and_a_repeat(work: CardWork) -> None:
    await on_article(opinion(), work)
    names = [(await held(work)).name]
    for event in (await author(work, 1), await author(work, 2, side=601), described("author", "ines-falk", 3)):
        assert isinstance(event, AuthorChanged)
        await on_author(event, work)
        names.append((await held(work)).name)
        await on_author(event, work)
        assert (await held(work)).name == names[-1]
    assert len(set(names)) == 3
    assert names[3] == names[0]  # without a picture, as it was at first
    assert set((await held(work)).former) == set(names[1:3])


async def test_the_newest_picture_is_on_the_card_in_any_order(work: CardWork) -> None:
    for number, order in enumerate(permutations(range(3)), 1):
        slug = f"author-{number}"
        article = opinion(
            id=f"0193a0f0-0000-7000-8000-00000000000{number}", authors=[{"slug": slug, "name": "Ines Falk"}]
        )
        newest = await author(work, 2, slug=slug, side=601)
        events: list[ArticlePublished | AuthorChanged] = [article, await author(work, 1, slug=slug), newest]
        for each in order:
            event = events[each]
            await (on_author(event, work) if isinstance(event, AuthorChanged) else on_article(event, work))
        card = await held(work, article)
        assert card.drawn is not None
        assert newest.data.picture is not None
        assert card.drawn["portrait_key"] == newest.data.picture.key, order


async def test_a_card_whose_drawer_was_stopped_before_it_looked_again_is_mended_by_the_repeat(work: CardWork) -> None:
    await on_article(opinion(), work)
    before = (await held(work)).name
    async with work.begin() as store:
        await store.portraits.apply(await author(work))
    assert await on_article(opinion(), work) is not None
    assert (await held(work)).name != before


@pytest.mark.parametrize(
    ("side", "body", "sentence"),
    [(100, None, "100 × 100 pixels, too small"), (600, b"\xff\xd8\xff\xe0 nothing", "author's picture cannot be used")],
)
async def test_a_picture_that_cannot_be_shown_is_said_and_the_card_is_there(
    side: int, body: bytes | None, sentence: str, work: CardWork
) -> None:
    await on_author(await author(work, side=side, body=body), work)
    await on_article(opinion(), work)
    card = await held(work)
    assert sentence in card.outcome.detail
    assert not await shows_face(work, card)


async def test_an_authors_page_shows_the_picture_in_its_sizes(studio: Studio, work: CardWork) -> None:
    await take_in(studio, opinion())
    event = await author(work)
    await on_author(event, work)
    async with studio.database.begin() as connection:
        await studio.pages(connection).describe(event)
    await write_all(studio)
    text = tree(studio)[PAGE].decode()
    assert 'type="image/webp"' in text
    assert event.data.picture is not None
    assert f'"/{event.data.picture.key}"' not in text
