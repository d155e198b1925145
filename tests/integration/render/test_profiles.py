"""Authors' and tags' pages: what the newsroom says of them, and old addresses that lead to the new ones."""

from __future__ import annotations

from itertools import permutations

import httpx
import pytest

from pressroom_render.api import router
from pressroom_render.app import Studio
from pressroom_render.handlers import on_profile
from pressroom_render.profiles import Profiles
from pressroom_shared.events import AuthorChanged, TagChanged
from pressroom_shared.http import create_http
from tests.examples import described, published
from tests.integration.render.conftest import studio_in, take_in, tree, write_all

PICTURE = {"id": "m", "key": "media/ab/ab.jpg", "media_type": "image/jpeg", "width": 900, "height": 900, "bytes": 9}
PAGE = "author/ines-falk/index.html"


async def describe(studio: Studio, event: AuthorChanged | TagChanged) -> None:
    async with studio.work() as work:
        await on_profile(event, work)


async def page(studio: Studio, key: str) -> str:
    await write_all(studio)
    return tree(studio)[key].decode()


async def test_an_authors_page_shows_who_they_are(studio: Studio) -> None:
    await take_in(studio, published())
    assert 'class="profile"' not in await page(studio, PAGE)
    event = described(
        "author",
        "ines-falk",
        name="Ines M. Falk",
        title="Coast correspondent",
        bio="Walks the **quays**. <script>alert(1)</script>",
        picture=PICTURE | {"alt": "Ines on the quay", "credit": "T. Lind"},
        links=[{"text": "Write to Ines", "url": "mailto:ines@courier.example"}],
    )
    await describe(studio, event)
    text = await page(studio, PAGE)
    for part in (
        "<h1>Ines M. Falk</h1>",
        "Coast correspondent",
        "<strong>quays</strong>",
        'src="/media/ab/ab.jpg"',
        'alt="Ines on the quay"',
        "T. Lind",
        'href="mailto:ines@courier.example"',
    ):
        assert part in text
    assert "<script>alert" not in text
    assert "Ines M. Falk" in await page(studio, "author/ines-falk/feed.xml")


async def test_a_tags_page_has_the_newsrooms_name_for_it(studio: Studio) -> None:
    await take_in(studio, published())
    await describe(studio, described("tag", "harbour", name="The Harbour"))
    assert "<h1>The Harbour</h1>" in await page(studio, "tag/harbour/index.html")


async def test_the_newest_profile_wins_in_any_order_and_who_wrote_nothing_has_no_page(studio: Studio) -> None:
    await take_in(studio, published())
    for event in (
        described("author", "ines-falk", 2, name="Second"),
        described("author", "ines-falk", 1, name="First"),
    ):
        await describe(studio, event)
        assert "<h1>Second</h1>" in await page(studio, PAGE)
    await describe(studio, described("author", "ines-falk", 2, name="Mended", replay=True))
    assert "<h1>Mended</h1>" in await page(studio, PAGE)
    await describe(studio, described("author", "nobody"))
    await write_all(studio)
    assert "author/nobody/index.html" not in tree(studio)


async def test_an_old_address_leads_to_the_new_one(studio: Studio) -> None:
    await describe(studio, described("author", "ines-falk", 1, former_slugs=["i-falk"]))
    await describe(studio, described("tag", "harbor", 1, former_slugs=["harbour", "hafen"]))

    async def ready() -> str | None:
        return None

    app = create_http(title="t", ready=ready)
    app.state.studio = studio
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://r") as client:
        for old, new in (
            ("/author/i-falk/", "/author/ines-falk/"),
            ("/author/i-falk", "/author/ines-falk/"),
            ("/author/i-falk/atom.xml", "/author/ines-falk/atom.xml"),
            ("/tag/hafen/page/3/", "/tag/harbor/"),
        ):
            moved = await client.get(old)
            assert (moved.status_code, moved.headers["location"]) == (301, f"http://localhost:8080{new}")
        for unknown in ("/author/ines-falk/", "/author/harbour/", "/tag/other/", "/author/i-falk/x/"):
            assert (await client.get(unknown)).status_code == 404


async def test_where_an_address_leads_does_not_depend_on_the_order_of_events(studio: Studio) -> None:
    events = [
        described("tag", "b", 1, former_slugs=["a"]),
        described("tag", "c", 2, former_slugs=["a", "b"]),
        described("tag", "a", 3),
        described("tag", "d", 4, former_slugs=["b"]),
    ]
    for order in permutations(events):
        async with studio.database.begin() as connection:
            for each in (*order, order[0]):
                await Profiles(connection).apply(each)
            found = [await Profiles(connection).leads_to("tag", each) for each in "abcd"]
            assert found == [None, "d", None, None], order
            await connection.rollback()


@pytest.mark.parametrize("profile_first", [True, False])
async def test_incremental_is_byte_for_byte_a_full_build_with_profiles(
    studio: Studio, tmp_path_factory: pytest.TempPathFactory, profile_first: bool
) -> None:
    articles = [published(1, id=f"a{n}", path=f"/world/2026/11/23/a{n}/", headline=f"A {n}") for n in range(65)]
    profile = described("author", "ines-falk", name="Ines M. Falk", bio="Walks.")
    for article in articles:
        await take_in(studio, article)
    await write_all(studio)
    await describe(studio, profile)
    await write_all(studio)
    async with studio_in(tmp_path_factory.mktemp("full")) as other:
        if profile_first:
            await describe(other, profile)
        for article in articles:
            await take_in(other, article)
        if not profile_first:
            await describe(other, profile)
        await write_all(other)
        assert tree(studio) == tree(other)
    assert "author/ines-falk/page/1/index.html" in tree(studio)
