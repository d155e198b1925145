"""What a change of site file, address or template would do is said before, and one rebuild does just that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pressroom_render import checking
from pressroom_render.app import Studio, look_watch, open_studio, rebuild_site
from pressroom_render.checking import check
from pressroom_shared.clock import ManualClock
from tests.examples import published
from tests.integration.render.conftest import SITE, make_settings, studio_in, take_in, tree, write_all, writer_of
from tests.waiting import until

TEMPLATES = Path(checking.__file__).parent / "templates"
ARTICLE = "/business/2026/11/23/harbour-cranes-stand-still/"
ELSEWHERE = SITE.replace("http://localhost:8080", "https://courier.example")


async def newspaper(folder: Path) -> dict[str, bytes]:
    """A site that is written; what it holds."""
    async with studio_in(folder) as studio:
        await take_in(studio, published())
        await write_all(studio)
        return tree(studio)


@asynccontextmanager
async def beside(folder: Path, site: str = SITE) -> AsyncIterator[Studio]:
    """A studio with today's files, as a command has it that is run beside the processes."""
    settings = make_settings(folder)
    settings.site.write_text(site)
    async with open_studio(settings, ManualClock()) as studio:
        yield studio


def change(folder: Path, template: str, old: str, new: str) -> None:
    """The newspaper's own version of a template."""
    (folder / "templates").mkdir(exist_ok=True)
    text = (TEMPLATES / template).read_text()
    assert old in text
    (folder / "templates" / template).write_text(text.replace(old, new))


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """The pages that differ, without their compressed copies."""
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {name for name in names if not name.endswith((".br", ".gz"))}


async def test_nothing_would_change_where_nothing_changed(tmp_path: Path) -> None:
    await newspaper(tmp_path)
    told: list[tuple[int, int]] = []
    async with beside(tmp_path) as studio:
        changes = await check(studio, lambda done, total: told.append((done, total)))
    assert (changes.total, changes.waiting, changes.another_look) == (0, 0, False)
    assert changes.pages > 20
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] >= changes.pages


async def test_a_template_changes_its_kind_of_page_and_the_check_writes_nothing(tmp_path: Path) -> None:
    before = await newspaper(tmp_path)
    change(tmp_path, "article.html", 'class="standfirst"', 'class="standfirst ours"')
    async with beside(tmp_path) as studio:
        changes = await check(studio)
        assert changes.another_look
        assert changes.document()["kinds"] == {"article": {"changed": 1, "new": 0, "gone": 0, "examples": [ARTICLE]}}
        assert changes.told() == [
            f"1 of {changes.pages} pages would change:",
            f"  article      1 changed: {ARTICLE}",
            "`pressroom site rebuild` does it in one step.",
        ]
        assert tree(studio) == before


async def test_what_the_check_counts_is_what_one_rebuild_changes(tmp_path: Path) -> None:
    before = await newspaper(tmp_path)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "about.md").write_text("# About us\n\nWe are here.")
    async with beside(tmp_path, ELSEWHERE) as studio:
        changes = await check(studio)
        assert changes.counts["standing"] == {"new": 1}
        assert changes.counts["article"] == {"changed": 1}
        await rebuild_site(studio)
        assert "shell" not in changes.counts
        other_formats = {each for each in changed(before, tree(studio)) if each.endswith(("/atom.xml", "/feed.json"))}
        assert changes.total == len(changed(before, tree(studio)) - other_formats - {"atom.xml", "feed.json"})
        assert b"https://courier.example" in tree(studio)[f"{ARTICLE[1:]}index.html"]
        again = await check(studio)
        assert (again.total, again.another_look) == (0, False)


async def test_what_is_about_to_be_written_is_not_taken_for_a_change(tmp_path: Path) -> None:
    await newspaper(tmp_path)
    async with beside(tmp_path) as studio:
        await take_in(studio, published(2, headline="Cranes move again"))
        changes = await check(studio)
    assert changes.total == 0
    assert changes.waiting > 5


async def test_who_knows_the_former_look_alone_puts_no_page_in_place_after_a_rebuild(tmp_path: Path) -> None:
    await newspaper(tmp_path)
    change(tmp_path, "base.html", "<body>", '<body class="ours">')
    (tmp_path / "templates").rename(tmp_path / "later")
    async with studio_in(tmp_path) as old:
        (tmp_path / "later").rename(tmp_path / "templates")
        async with beside(tmp_path) as new:
            await rebuild_site(new)
            await take_in(old, published(2, headline="Cranes move again"))
            rebuilt, stop = tree(new), asyncio.Event()
            writer = writer_of(old)
            running = asyncio.create_task(writer.run(stop))
            async with asyncio.timeout(10):
                await look_watch(old).run(stop)  # ends, so that its process starts again
                await until(lambda: writer.trouble is not None)
            stop.set()
            await running
            assert "another look" in (writer.trouble or "")
            assert tree(new) == rebuilt
            await write_all(new)
            page = tree(new)[f"{ARTICLE[1:]}index.html"]
            assert b"Cranes move again" in page
            assert b'<body class="ours">' in page
