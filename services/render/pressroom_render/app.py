"""The composition root of render: `pages` writes files, `cards` draws, `http` answers for what is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render import api, card_api
from pressroom_render.addresses import standing_pages
from pressroom_render.card_style import load_style
from pressroom_render.compose import Composer
from pressroom_render.compression import compressed_best
from pressroom_render.drawers import Drawers
from pressroom_render.gather import Memory
from pressroom_render.handlers import Work, on_article, on_front, on_keys, on_preview, on_profile
from pressroom_render.letter_mail import LetterMail
from pressroom_render.letters import LetterKeeper
from pressroom_render.looks import LookWatch, keep_look, look_of
from pressroom_render.pages import Pages
from pressroom_render.previews import PreviewWriter
from pressroom_render.projection import Projection
from pressroom_render.purge import Purger
from pressroom_render.rebuild import Progress, no_progress, rebuild
from pressroom_render.settings import Settings
from pressroom_render.standing import read_standing
from pressroom_render.stylesheet import Assets, assets
from pressroom_render.tables import article
from pressroom_render.templating import Templates
from pressroom_render.writer import ALL, LISTS, NEWS, SWEEPS, PageWriter, Urgency
from pressroom_shared.alarms import Alarming, full_disk
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.courtesy import Courtesy
from pressroom_shared.database import Database, migrate, open_database
from pressroom_shared.errors import SiteFileError
from pressroom_shared.events import (
    ArticlePreviewed,
    ArticlePublished,
    ArticleUnpublished,
    AuthorChanged,
    FrontChanged,
    KeysChanged,
    TagChanged,
)
from pressroom_shared.http import HttpServer, create_http
from pressroom_shared.inventories import answer_inventories, held_in, whole_in
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.running import Runnable, Task
from pressroom_shared.site import Site, load_site
from pressroom_shared.sitestore import SiteStore, open_site_store
from pressroom_shared.streams import Consumer, Relay, is_bulk

SOURCE = "/render"
TEXTS = (".css", ".js")
EVENTS_MAX = 16
BULK_EVENTS_MAX = 4
"""How many events are taken in by one transaction. What is live waits for one that takes in bulk."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What every process of render has."""

    settings: Settings
    site: Site
    store: SiteStore
    database: Database
    clock: Clock
    assets: Assets
    composer: Composer
    courtesy: Courtesy
    memory: Memory

    def pages(self, connection: AsyncConnection) -> Pages:
        settings = self.settings
        return Pages(
            connection,
            self.clock,
            self.site,
            coalesce_s=settings.pages_coalesce_s,
            archive_s=settings.pages_archive_s,
            sweep_s=settings.pages_sweep_s,
            bulk_s=settings.pages_bulk_s,
        )

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """What a handler of `pages` works with, in one transaction."""
        async with self.database.begin() as connection:
            outcomes = OutcomeOutbox(connection, self.clock, "/render/pages")
            pages = self.pages(connection)
            yield Work.on(connection, pages, outcomes, self.clock, self.memory, urgent=not is_bulk())

    def page_writer(self, urgency: Urgency = ALL) -> PageWriter:
        return PageWriter(
            self.database,
            self.store,
            self.composer,
            self.settings,
            self.clock,
            urgency,
            memory=self.memory,
            courtesy=self.courtesy,
        )


@asynccontextmanager
async def open_studio(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Studio]:
    """The studio on a migrated database."""
    composer, found = read_look(settings)
    store = open_site_store(settings.site_store_url)
    async with open_database(settings.database) as database:
        await migrate(database, "pressroom_render")
        courtesy = Courtesy(settings.bulk_rests)
        memory = Memory(settings.pages_memory_bytes_max)
        yield Studio(
            settings, composer.site, store, database, clock or SystemClock(), found, composer, courtesy, memory
        )


def read_look(settings: Settings) -> tuple[Composer, Assets]:
    """What pages are made with, as the files have it now. Raises `SiteFileError`."""
    site, own = load_site(settings.site), settings.site.parent / "templates"
    found = assets(site, own)
    return Composer(site, found, Templates(own), read_standing(settings.site.parent / "pages", site)), found


def look_watch(studio: Studio) -> LookWatch:
    """Part of every process of render. Files that cannot be read while they are being changed are no new look."""

    def read_again() -> str:
        try:
            return read_look(studio.settings)[0].look
        except SiteFileError:
            return ""

    return LookWatch(studio.database, studio.composer.look, read_again)


async def prepare_site(studio: Studio) -> None:
    """Stylesheet and font in place; every page marked when the look or the site file has changed since."""
    await put_assets(studio)
    found = studio.composer.look
    async with studio.database.begin() as connection:
        if await look_of(connection) != found:
            await studio.pages(connection).mark_all(sorted(studio.composer.standing))
            await keep_look(connection, found)


async def rebuild_site(studio: Studio, progress: Progress = no_progress) -> int:
    """Every page with today's look, in one step. Says how many pages there are."""
    await put_assets(studio)
    async with studio.database.begin() as connection:
        await studio.pages(connection).mark_dirty(standing_pages(studio.site, sorted(studio.composer.standing)))
    memory = Memory(studio.settings.pages_memory_bytes_max)
    return await rebuild(studio.database, studio.store, studio.composer, studio.clock, memory, progress)


async def put_assets(studio: Studio) -> None:
    """Those that are not there yet; texts with their compressed copies, made once and as small as can be."""
    for key, body in studio.assets.files.items():
        copies = await asyncio.to_thread(compressed_best, body) if key.endswith(TEXTS) else []
        for suffix, content in (*copies, ("", body)):
            if not await studio.store.exists(f"{key}{suffix}"):
                await studio.store.put(f"{key}{suffix}", content)


async def pages_parts(studio: Studio) -> list[Runnable]:
    """The `pages` group: takes events in, writes pages, relays outcomes."""
    await prepare_site(studio)

    consumer = Consumer(
        studio.settings,
        group="pages",
        unit_of_work=studio.work,
        batch_max=EVENTS_MAX,
        bulk_batch_max=BULK_EVENTS_MAX,
        bulk_shares=True,
        courtesy=studio.courtesy,
    )
    consumer.on(ArticlePublished, on_article)
    consumer.on(ArticleUnpublished, on_article)
    consumer.on(FrontChanged, on_front)
    consumer.on(AuthorChanged, on_profile)
    consumer.on(TagChanged, on_profile)
    consumer.on(KeysChanged, on_keys)
    consumer.on(ArticlePreviewed, on_preview)
    held = (article.c.id, article.c.version, article.c.live, article.c.path, article.c.document)
    answer_inventories(
        consumer,
        lambda: held_in(studio.database, *held),
        studio.settings,
        studio.clock,
        whole=lambda ids: whole_in(studio.database, *held, ids=ids),
    )
    writers = [studio.page_writer(urgency) for urgency in (NEWS, LISTS, SWEEPS)]

    def trouble() -> str | None:
        return next((each.trouble for each in writers if each.trouble), None)

    purger = Purger(studio.settings.purge_url, studio.site) if studio.settings.purge_url else None
    if purger is not None:
        for each in writers:
            each.on_written = purger.add

    async def ready() -> str | None:
        return consumer.not_ready() or trouble()

    server = _health(studio, "Pressroom pages", ready, studio.settings.pages_http_port)
    previews = PreviewWriter(studio.database, studio.store, studio.composer, studio.clock)
    relay = Relay(studio.database, studio.settings, source=SOURCE)
    site_folder = studio.store.path("www").parent
    looks = {
        "pages": trouble,
        "disk:site": lambda: full_disk(studio.settings, site_folder, of="the site store"),
    }
    alarming = Alarming(studio.settings, looks, studio.clock)
    parts: list[Runnable] = [consumer, *writers, previews, relay, server, alarming, look_watch(studio)]
    if purger is not None:
        parts.append(purger)
    if studio.settings.smtp_url:
        parts.append(LetterMail(studio.database, studio.settings, studio.site, studio.clock))
    return parts


def create_api(studio: Studio, drawers: Drawers) -> FastAPI:
    """What the gateway asks for a page that is not there, the forms, and cards to look at."""

    async def ready() -> str | None:
        async with studio.database.read() as connection:
            await Projection(connection).held("")
        return None

    app = create_http(title="Pressroom render", ready=ready)
    app.state.studio = studio
    style = load_style(studio.settings.site)
    app.state.previews = card_api.Previews(studio.database, studio.store, studio.site, style, drawers, studio.clock)
    app.include_router(card_api.router)
    app.include_router(api.router)  # last: it answers every path
    return app


async def http_parts(studio: Studio) -> list[Runnable]:
    """The HTTP side of render, in a process of its own."""
    drawers = Drawers(studio.settings)
    server = HttpServer(create_api(studio, drawers), studio.settings.http_host, studio.settings.http_port)

    async def serve(stop: asyncio.Event) -> None:
        try:
            await server.run(stop)
        finally:
            drawers.close()

    settings = studio.settings
    keeper = LetterKeeper(
        studio.database, studio.clock, letters_days=settings.letters_days, tips_days=settings.tips_days
    )
    return [Task(serve), keeper, look_watch(studio)]


def _health(studio: Studio, title: str, ready: Callable[[], Awaitable[str | None]], port: int) -> HttpServer:
    return HttpServer(create_http(title=title, ready=ready), studio.settings.http_host, port)
