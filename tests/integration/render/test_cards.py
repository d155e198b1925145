"""The cards process: an event in, a card in the store, its name on the article's page."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import pyvips
import sqlalchemy as sa

from pressroom_render.app import Studio
from pressroom_render.card_handlers import on_article
from pressroom_render.card_store import Cards, HeldCard
from pressroom_render.card_style import Style
from pressroom_render.cards_app import card_work
from pressroom_render.drawers import Drawers
from pressroom_render.image_names import PictureName, Responsive, name_of
from pressroom_render.image_store import Images
from pressroom_render.tables import outbox, page
from pressroom_shared.events import ArticlePublished, Media
from tests import hostile
from tests.examples import published, unpublished
from tests.integration.render.conftest import Event, meanwhile, take_in, tree, write_all


async def draw_card(studio: Studio, drawers: Drawers, event: Event) -> None:
    work = card_work(studio, drawers, Style())
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


class Overtaken(Drawers):
    """Drawing processes that are so slow that the article is withdrawn meanwhile."""

    def __init__(self, studio: Studio, drawers: Drawers) -> None:
        self._studio = studio
        self._drawers = drawers

    async def draw(self, card: Any, image: bytes | None, face: bytes | None = None) -> tuple[bytes, bytes, str]:
        await draw_card(self._studio, self._drawers, unpublished(2))
        return await self._drawers.draw(card, image, face)


async def test_a_card_that_is_drawn_while_its_article_is_withdrawn_does_not_stay(
    studio: Studio, drawers: Drawers
) -> None:
    await draw_card(studio, Overtaken(studio, drawers), published(1))
    assert not (await held(studio, published(1))).live
    assert files(studio, "cards") == []


def files(studio: Studio, folder: str) -> list[str]:
    return sorted(each.name for each in studio.store.path(folder).rglob("*") if each.is_file())


async def test_nothing_is_left_of_a_purged_articles_cards_and_of_pictures_that_only_it_named(
    studio: Studio, drawers: Drawers
) -> None:
    own, common = (hostile.jpeg(hostile.scene(1600, height)) for height in (1000, 900))
    first = await with_picture(studio, own)
    second = await with_picture(studio, own, 2, focal_point=(0.9, 0.1), headline="Another card")
    other = await with_picture(studio, common, id="0193a0f0-0000-7000-8000-000000000002")
    for event in (other, first, second):
        await draw_card(studio, drawers, event)
    assert len(files(studio, "cards")) == 6
    kept = [name for name in files(studio, "media") if name.startswith(other.data.media[0].id)]
    mine = first.data.media[0].key
    gone = unpublished(3, purged=True, erased_media=[mine])
    await draw_card(studio, drawers, gone)
    again: list[Event] = [first, second, gone, gone.model_copy(update={"replay": True})]
    for each in again:
        await draw_card(studio, drawers, each)
    assert files(studio, "media") == sorted([*kept, mine.rpartition("/")[2]]), "the upload itself is ingest's"
    assert len(files(studio, "cards")) == 2
    async with studio.database.read() as connection:
        assert await Images(connection).made_of([mine]) == []
        assert len(await Images(connection).made_of([other.data.media[0].key])) == 1


def media_of(body: bytes, **fields: Any) -> Media:
    digest = hashlib.sha256(body).hexdigest()
    return Media(
        id=digest[:8],
        key=f"media/{digest[:2]}/{digest}.jpg",
        media_type="image/jpeg",
        width=1600,
        height=1000,
        bytes=len(body),
        alt="Cranes",
        **fields,
    )


async def with_picture(
    studio: Studio, body: bytes, number: int = 1, *, focal_point: tuple[float, float] | None = None, **fields: Any
) -> ArticlePublished:
    media = media_of(body, focal_point=focal_point)
    if body:
        await studio.store.put(media.key, body)
    return published(number, media=[media], lead_image={"media_id": media.id}, **fields)


async def made(studio: Studio, event: ArticlePublished) -> dict[PictureName, Responsive]:
    async with studio.database.read() as connection:
        return await Images(connection).of(name_of(each) for each in event.data.media)


async def test_a_publications_pictures_are_made_and_its_pages_written_again_once(
    studio: Studio, drawers: Drawers
) -> None:
    event = await with_picture(studio, hostile.jpeg(hostile.scene(1600, 1000)))
    await take_in(studio, event)
    before = await generation(studio, event)
    assert await made(studio, event) == {}
    await draw_card(studio, drawers, event)
    assert await generation(studio, event) == before + 1
    (picture,) = (await made(studio, event)).values()
    assert (picture.width, picture.height) == (1600, 1000)
    assert [each.rpartition(" ")[2] for each in picture.webp.split(", ")] == ["320w", "640w", "960w", "1280w", "1600w"]
    named = [each.partition(" ")[0] for names in (picture.webp, picture.jpeg) for each in names.split(", ")]
    for path in (*named, picture.src, *(each.path for each in picture.crops)):
        assert await studio.store.exists(path.removeprefix("/"))
    for crop in picture.crops:
        image = pyvips.Image.new_from_buffer(await studio.store.get(crop.path.removeprefix("/")), "")
        assert (image.width, image.height) == (crop.width, crop.height)


async def test_a_front_shows_a_picture_that_is_made_while_the_front_is(
    studio: Studio, drawers: Drawers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_all(studio)
    event = await with_picture(studio, hostile.jpeg(hostile.scene(1600, 1000)))
    await take_in(studio, event, in_bulk=True)
    meanwhile(monkeypatch, lambda: draw_card(studio, drawers, event))
    await write_all(studio)
    (picture,) = (await made(studio, event)).values()
    assert picture.webp in tree(studio)["index.html"].decode()


async def test_a_picture_is_made_once_whoever_names_it_and_again_about_another_focal_point(
    studio: Studio, drawers: Drawers
) -> None:
    body = hostile.jpeg(hostile.scene(1600, 1000))
    first = await with_picture(studio, body)
    await draw_card(studio, drawers, first)
    (found,) = (await made(studio, first)).values()
    path = studio.store.path(found.src.removeprefix("/"))
    written = path.stat().st_mtime_ns
    await draw_card(studio, drawers, published(1, id="0193a0f0-0000-7000-8000-000000000002", media=first.data.media))
    assert path.stat().st_mtime_ns == written
    moved = await with_picture(studio, body, 2, focal_point=(0.9, 0.1))
    await draw_card(studio, drawers, moved)
    (other,) = (await made(studio, moved)).values()
    assert other.focal_point == (0.9, 0.1)
    assert other.src != found.src
    assert await studio.store.exists(found.src.removeprefix("/"))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "not in the store"),
        (b"\xff\xd8\xff\xe0 nothing", "head is broken"),
        (hostile.REFUSED["interlaced_bomb"], "too large to be decoded"),
    ],
)
async def test_a_picture_that_cannot_be_used_is_said_and_the_card_is_there(
    body: bytes | Callable[[], bytes], sentence: str, studio: Studio, drawers: Drawers
) -> None:
    event = await with_picture(studio, body if isinstance(body, bytes) else body())
    await take_in(studio, event)
    await draw_card(studio, drawers, event)
    card = await held(studio, event)
    assert card.outcome.status == "done"
    assert sentence in card.outcome.detail
    assert await studio.store.exists(card.name)
    assert await made(studio, event) == {}


async def test_a_small_picture_is_said_in_the_receipt(studio: Studio, drawers: Drawers) -> None:
    event = await with_picture(studio, hostile.jpeg(hostile.scene(900, 560)))
    await draw_card(studio, drawers, event)
    assert "900 × 560 pixels, too small" in (await held(studio, event)).outcome.detail
    await draw_card(
        studio, drawers, published(2, media=event.data.media, lead_image={"media_id": event.data.media[0].id})
    )
    assert "900 × 560 pixels, too small" in (await held(studio, event)).outcome.detail


async def test_a_replay_makes_lost_files_again(studio: Studio, drawers: Drawers) -> None:
    event = await with_picture(studio, hostile.jpeg(hostile.scene(1600, 1000)))
    await draw_card(studio, drawers, event)
    (picture,) = (await made(studio, event)).values()
    await studio.store.delete(picture.src.removeprefix("/"))
    await draw_card(studio, drawers, event.model_copy(update={"replay": True}))
    assert await studio.store.exists(picture.src.removeprefix("/"))


async def test_the_lead_picture_is_a_blur_until_it_is_there_and_is_cut_about_what_it_shows(
    studio: Studio, drawers: Drawers
) -> None:
    event = await with_picture(studio, hostile.jpeg(hostile.scene(1000, 1600)), focal_point=(0.5, 0.9))
    await take_in(studio, event)
    await draw_card(studio, drawers, event)
    await write_all(studio)
    own = tree(studio)["business/2026/11/23/harbour-cranes-stand-still/index.html"].decode()
    front = tree(studio)["business/index.html"].decode()
    (picture,) = (await made(studio, event)).values()
    for page_text in (own, front):
        assert page_text.count(f'<img class="blur" src="{picture.placeholder}" alt=""') == 1
    assert picture.position == "at-y10"
    assert 'class="at-y10"' in front
    style = next(content for key, content in studio.assets.files.items() if key.endswith(".css")).decode()
    assert ".at-y10{object-position:50% 100%}" in style
    assert " style=" not in own + front


async def test_pages_show_a_picture_as_uploaded_and_then_in_its_sizes_everywhere(
    studio: Studio, drawers: Drawers
) -> None:
    event = await with_picture(studio, hostile.jpeg(hostile.scene(1600, 1000)))
    (media,) = event.data.media
    body = f"Look:\n\n![A crane & a hook](media:{media.id})\n"
    event = event.model_copy(update={"data": event.data.model_copy(update={"body": body})})
    await take_in(studio, event)
    await write_all(studio)
    before = tree(studio)
    own, front = "business/2026/11/23/harbour-cranes-stand-still/index.html", "business/index.html"
    for page_file in (own, front):
        assert f'src="/{media.key}"'.encode() in before[page_file]
        assert b"<picture>" not in before[page_file]
    await draw_card(studio, drawers, event)
    await write_all(studio)
    after = tree(studio)
    (made_of,) = (await made(studio, event)).values()
    for page_file, times in ((own, 2), (front, 1)):
        text = after[page_file].decode()
        assert text.count("<picture>") == text.count("</picture>") == times
        assert text.count(f'type="image/webp" srcset="{made_of.webp}"') == times
        assert text.count(f'srcset="{made_of.jpeg}"') == times
        assert f'"/{media.key}"' not in text
    assert all(crop.path in after[own].decode() for crop in made_of.crops)
    async with studio.database.begin() as connection:
        await connection.execute(sa.update(page).values(generation=page.c.generation + 1, hash=None))
    await write_all(studio)
    assert tree(studio) == after
