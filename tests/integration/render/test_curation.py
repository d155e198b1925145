"""Curated fronts: what an editor has put somewhere stands there, and the newest fills the rest."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest

from pressroom_render.app import Studio
from pressroom_render.handlers import on_front
from pressroom_shared.clock import from_microseconds
from pressroom_shared.events import ArticlePublished, FrontChanged
from tests.examples import curated, published, unpublished, version
from tests.integration.render.conftest import Event, studio_in, take_in, tree, write_all

LEAD = re.compile(r'<h2 class="hed (?:xl|l)"><a href="([^"]+)">')
RAIL = re.compile(r"<h2>Editor’s pick</h2>.*?</(?:section|aside)>", re.DOTALL)


async def curate(studio: Studio, event: FrontChanged) -> None:
    async with studio.work() as work:
        await on_front(event, work)


def story(name: str, number: int = 1, **fields: Any) -> ArticlePublished:
    """An article whose path and headline carry its name; those of a later letter are newer."""
    first = from_microseconds(version(ord(name[0]) - ord("a")))
    base: dict[str, Any] = {"id": name, "slug": name, "path": path(name), "headline": f"Headline {name}"}
    return published(number, **base | {"first_published_at": first} | fields)


def path(name: str) -> str:
    return f"/business/2026/11/23/{name}/"


async def page(studio: Studio, key: str = "index.html") -> str:
    await write_all(studio)
    return tree(studio)[key].decode()


def lead(text: str) -> str:
    found = LEAD.search(text)
    assert found
    return found[1]


async def some(studio: Studio, names: str) -> None:
    for each in names:
        await take_in(studio, story(each))


async def test_the_editors_lead_leads_and_nothing_stands_twice(studio: Studio) -> None:
    await some(studio, "abcdef")
    assert lead(await page(studio)) == path("f"), "the newest, as long as nobody says otherwise"
    await curate(studio, curated(1, lead=["b", "d"], editors_pick=["a"]))
    home = await page(studio)
    assert lead(home) == path("b")
    assert home.index("Headline d") < home.index("Headline f")
    picks = RAIL.search(home)
    assert picks
    assert "Headline a" in picks[0]
    assert [home.count(f"Headline {each}<") for each in "abcdef"] == [1] * 6


async def test_a_section_has_a_front_of_its_own(studio: Studio) -> None:
    await some(studio, "abc")
    await take_in(studio, story("o", kind="opinion", section="opinion", path="/opinion/2026/11/23/o/"))
    await curate(studio, curated(1, front="business", lead=["a"], opinion=["o"], trending=["c"]))
    text = await page(studio, "business/index.html")
    assert lead(text) == path("a")
    assert "Headline o" in text, "an editor may put what is of another section there"
    assert text.count("Headline c<") == 1
    assert lead(await page(studio)) != path("a"), "the home page is another front"


async def test_what_is_not_live_is_passed_over_until_it_is_and_falls_out_when_withdrawn(studio: Studio) -> None:
    await some(studio, "ab")
    await curate(studio, curated(1, lead=["z"], editors_pick=["z"]))
    assert lead(await page(studio)) == path("b")
    await take_in(studio, story("z", first_published_at=from_microseconds(version(-9))))
    assert lead(await page(studio)) == path("z")
    assert "Headline z" in await page(studio, f"{path('a')[1:]}index.html"), "beside articles, too"
    await take_in(studio, unpublished(3, id="z", path=path("z")))
    assert lead(await page(studio)) == path("b")
    assert not [name for name, body in tree(studio).items() if b"Headline z" in body]


async def test_what_another_section_waits_for_comes_there_when_it_is_published(studio: Studio) -> None:
    await some(studio, "a")
    await curate(studio, curated(1, front="world", lead=["z"]))
    assert "Nothing has been published here yet." in await page(studio, "world/index.html")
    await take_in(studio, story("z", first_published_at=from_microseconds(version(-9))))
    assert lead(await page(studio, "world/index.html")) == path("z")


async def test_a_pick_comes_beside_every_article_when_it_is_published(studio: Studio) -> None:
    await some(studio, "abcdefghijkl")
    await curate(studio, curated(1, editors_pick=["z"]))
    await write_all(studio)
    old: dict[str, Any] = {
        "section": "opinion",
        "path": "/opinion/2026/11/23/z/",
        "first_published_at": from_microseconds(version(-9)),
    }
    await take_in(studio, story("z", **old, tags=[], authors=[]))
    await write_all(studio)
    for each in "abcdefghijkl":
        picks = RAIL.search(tree(studio)[f"{path(each)[1:]}index.html"].decode())
        assert picks, each
        assert "Headline z" in picks[0]


async def test_the_newest_choice_wins_in_any_order_and_a_replay_writes_again(studio: Studio) -> None:
    await some(studio, "abc")
    newer, older = curated(2, lead=["b"]), curated(1, lead=["a"])
    for event in (newer, older, newer, curated(1, lead=["a"], replay=True)):
        await curate(studio, event)
        assert lead(await page(studio)) == path("b")
    await curate(studio, curated(2, lead=["a"], replay=True))
    assert lead(await page(studio)) == path("a"), "a replay applies at the held version"
    await curate(studio, curated(3))
    assert lead(await page(studio)) == path("c"), "an empty front fills itself"


async def test_a_front_that_the_newspaper_does_not_have_makes_no_page(studio: Studio) -> None:
    await some(studio, "a")
    await curate(studio, curated(1, front="gardening", lead=["a"]))
    await write_all(studio)
    assert "gardening/index.html" not in tree(studio)


async def test_a_choice_beside_articles_excludes_the_article_itself(studio: Studio) -> None:
    await some(studio, "ab")
    await curate(studio, curated(1, editors_pick=["a"]))
    own = await page(studio, f"{path('a')[1:]}index.html")
    other = await page(studio, f"{path('b')[1:]}index.html")
    assert not RAIL.search(own)
    picks = RAIL.search(other)
    assert picks
    assert "Headline a" in picks[0]


@pytest.mark.timeout(600)  # two sites are built; how long that takes is no matter
@pytest.mark.parametrize("seed", range(3))
async def test_incremental_is_byte_for_byte_a_full_build_with_curated_fronts(
    seed: int, studio: Studio, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    newest: dict[str, Event | FrontChanged] = {}
    names = "abcdefghijklmnop"
    for number in range(1, 45):
        event: Event | FrontChanged
        if chance.random() < 0.3:
            front = chance.choice(["home", "home", "business", "opinion"])
            slots: dict[str, Any] = {
                slot: chance.sample(names, chance.randrange(4))
                for slot in ("lead", "editors_pick", "opinion", "trending")
            }
            event = curated(number, front=front, **slots)
            key = front
        else:
            key = chance.choice(names)
            section = chance.choice(["business", "business/economy", "opinion", "trending"])
            event = story(
                key,
                number,
                section=section,
                path=f"/{section.partition('/')[0]}/2026/11/23/{key}/",
                headline=f"Headline {key} {chance.randrange(2)}",
                kind="opinion" if section == "opinion" else "news",
            )
            if key in newest and chance.random() < 0.3:
                event = unpublished(number, id=key, path=getattr(newest[key].data, "path", ""))
        newest[key] = event
        await (curate(studio, event) if isinstance(event, FrontChanged) else take_in(studio, event))
        if chance.random() < 0.3:
            await write_all(studio)
    await write_all(studio)
    events = list(newest.values())
    chance.shuffle(events)
    async with studio_in(tmp_path / "full") as other:
        for event in events:
            await (curate(other, event) if isinstance(event, FrontChanged) else take_in(other, event))
        await write_all(other)
        full = tree(other)
    incremental = tree(studio)
    assert incremental.keys() == full.keys()
    assert [name for name in full if incremental[name] != full[name]] == []
