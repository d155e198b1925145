"""An article and its translations name each other, for readers and for machines, whoever comes or goes first."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from pressroom_render.app import Studio
from pressroom_shared.events import ArticlePublished
from tests.examples import published, unpublished
from tests.integration.render.conftest import meanwhile, take_in, tree, write_all

ENGLISH, SPANISH, ARABIC = "0193a0f0-0000-7000-8000-0000000000e1", "spanish", "arabic"


def original(number: int = 1, **fields: Any) -> ArticlePublished:
    return published(number, **({"id": ENGLISH, "slug": "cranes", "path": "/world/2026/11/23/cranes/"} | fields))


def spanish(number: int = 2, **fields: Any) -> ArticlePublished:
    return published(
        number,
        id=SPANISH,
        language="es",
        headline="Las gruas paran",
        translation_of=ENGLISH,
        path="/world/2026/11/23/gruas/",
        **fields,
    )


def arabic(number: int = 3) -> ArticlePublished:
    path = "/world/2026/11/23/rafiat/"
    return published(number, id=ARABIC, language="ar", headline="توقفت الرافعات", translation_of=ENGLISH, path=path)


async def page(studio: Studio, slug: str) -> str:
    await write_all(studio)
    return tree(studio)[f"world/2026/11/23/{slug}/index.html"].decode()


def alternates(html: str) -> dict[str, str]:
    return dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="http://localhost:8080([^"]+)">', html))


ALL = {
    "en-US": "/world/2026/11/23/cranes/",
    "es": "/world/2026/11/23/gruas/",
    "ar": "/world/2026/11/23/rafiat/",
    "x-default": "/world/2026/11/23/cranes/",
}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
async def test_each_names_all_languages_in_whatever_order_they_came(studio: Studio, order: tuple[int, ...]) -> None:
    events = [original(), spanish(), arabic()]
    for each in order:
        await take_in(studio, events[each])
        await write_all(studio)
    for slug in ("cranes", "gruas", "rafiat"):
        assert alternates(await page(studio, slug)) == ALL
    english = await page(studio, "cranes")
    assert (
        '<dd lang="es" dir="ltr"><a href="/world/2026/11/23/gruas/" hreflang="es">Las gruas paran</a></dd>' in english
    )
    assert '"workTranslation":[' in english
    assert '"translationOfWork":{' in await page(studio, "gruas")


async def test_what_is_no_longer_there_is_no_longer_named(studio: Studio) -> None:
    for event in (original(), spanish(), arabic()):
        await take_in(studio, event)
    await write_all(studio)
    await take_in(studio, unpublished(4, id=SPANISH, path="/world/2026/11/23/gruas/"))
    without = {name: path for name, path in ALL.items() if name != "es"}
    assert alternates(await page(studio, "cranes")) == alternates(await page(studio, "rafiat")) == without
    await take_in(studio, unpublished(5, id=ENGLISH, path="/world/2026/11/23/cranes/"))
    assert alternates(await page(studio, "rafiat")) == {}


LATER = datetime(2027, 1, 1, tzinfo=UTC)


async def test_a_translation_names_an_original_that_comes_while_its_page_is_made(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands nowhere near it: the translation alone leads to it, and has not said so yet."""
    await take_in(studio, spanish())
    meanwhile(monkeypatch, lambda: take_in(studio, original(section="sport", first_published_at=LATER)))
    assert alternates(await page(studio, "gruas"))["en-US"] == "/world/2026/11/23/cranes/"


async def test_a_moved_original_is_named_where_it_is_now_and_a_translation_may_become_none(studio: Studio) -> None:
    await take_in(studio, original())
    await take_in(studio, spanish())
    await write_all(studio)
    await take_in(studio, original(4, slug="derricks", path="/world/2026/11/23/derricks/"))
    assert alternates(await page(studio, "gruas"))["en-US"] == "/world/2026/11/23/derricks/"
    moved = spanish(5).data.model_dump() | {"translation_of": None}
    for name in ("version", "revision", "published_at", "announcements", "body_text"):
        moved.pop(name)
    await take_in(studio, published(5, **moved))
    assert alternates(await page(studio, "gruas")) == alternates(await page(studio, "derricks")) == {}


async def test_an_article_without_translations_names_no_language(studio: Studio) -> None:
    await take_in(studio, original())
    html = await page(studio, "cranes")
    assert alternates(html) == {}
    assert "In other languages" not in html
