"""Render's studio on a real database and real files, with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pressroom_render import bodies, writer
from pressroom_render.app import Studio, open_studio, prepare_site
from pressroom_render.drawers import Drawers
from pressroom_render.handlers import on_article
from pressroom_render.settings import Settings
from pressroom_render.writer import PageWriter
from pressroom_shared.clock import ManualClock
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, Outcome

SITE = """
title = "The Test Courier"
tagline = "News from the harbor"
base_url = "http://localhost:8080"
timezone = "America/New_York"
language = "en-US"
[sender]
name = "The Test Courier"
address = "news@courier.example"
[[sections]]
slug = "business"
name = "Business"
color = ["#785000", "#dab35f"]
sections = [{ slug = "economy", name = "Economy" }]
[[sections]]
slug = "world"
name = "World"
[[sections]]
slug = "trending"
name = "Trending"
[[sections]]
slug = "opinion"
name = "Opinion"
"""

Event = ArticlePublished | ArticleUnpublished
OpenStudio = Callable[..., AbstractAsyncContextManager[Studio]]


def make_settings(folder: Path, database_url: str = "") -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.toml").write_text(SITE)
    return Settings(
        site=folder / "site.toml",
        data_dir=folder,
        database_url=database_url,
        pages_coalesce_s=0,
        pages_sweep_s=0,
        pages_bulk_s=0,
        pages_archive_s=0,
    )


@asynccontextmanager
async def studio_in(folder: Path, database_url: str = "", now: datetime | None = None) -> AsyncIterator[Studio]:
    async with open_studio(make_settings(folder, database_url), ManualClock(now)) as studio:
        await prepare_site(studio)
        yield studio


@pytest.fixture
async def studio(tmp_path: Path, database_url: str) -> AsyncIterator[Studio]:
    async with studio_in(tmp_path, database_url) as studio:
        yield studio


@pytest.fixture(scope="module")
def drawers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawers]:
    """Shared by a module's tests: a process that draws takes a second to start."""
    drawers = Drawers(make_settings(tmp_path_factory.mktemp("drawers")))
    yield drawers
    drawers.close()


async def take_in(studio: Studio, event: Event, *, in_bulk: bool = False) -> Outcome | None:
    """Handle one event, as the consumer would."""
    async with studio.work() as work:
        return await on_article(event, replace(work, urgent=not in_bulk))


def writer_of(studio: Studio) -> PageWriter:
    return studio.page_writer()


async def write_all(studio: Studio) -> None:
    writer = writer_of(studio)
    while await writer.write_batch():
        pass


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]) -> None:
    """Once, while a batch of pages is made of what was read: something happens."""
    make_all, loop = bodies.make_all, asyncio.get_running_loop()

    def slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(writer, "make_all", make_all)
        asyncio.run_coroutine_threadsafe(_wait_for(happens), loop).result(60)
        return make_all(*arguments)

    monkeypatch.setattr(writer, "make_all", slowly)


async def _wait_for(happens: Callable[[], Awaitable[object]]) -> None:
    await happens()


def tree(studio: Studio) -> dict[str, bytes]:
    """Every public page, by its place."""
    root = studio.store.path("www")
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
