"""The composition root of search: every process reads and answers; the one with the lock writes, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from pressroom_search import api, page
from pressroom_search.asking import Line
from pressroom_search.batching import Batches
from pressroom_search.engine import Readable
from pressroom_search.folder import Folder
from pressroom_search.handlers import Work, on_article
from pressroom_search.inventory import held_in_index
from pressroom_search.keeper import Keeper
from pressroom_search.reader import Reader
from pressroom_search.settings import Settings
from pressroom_shared.alarms import Alarming
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.events import ArticlePublished, ArticleUnpublished
from pressroom_shared.http import HttpServer, create_http
from pressroom_shared.inventories import answer_inventories
from pressroom_shared.running import run_until_stopped
from pressroom_shared.shell import Shell
from pressroom_shared.site import Site, load_site
from pressroom_shared.sitestore import open_site_store
from pressroom_shared.streams import Consumer, OutcomePublisher

ABOUT = "Readers' search: articles, suggestions while one types, related articles."
SOURCE = "/search"


def create_api(
    reader: Readable, site: Site, settings: Settings, shell: Shell, not_ready: Callable[[], str | None] = lambda: None
) -> FastAPI:
    """The API and the search page over whatever can be read."""

    async def ready() -> str | None:
        if not await asyncio.to_thread(lambda: reader.exists):
            return "There is no index to read yet; the process that writes makes it in a moment."
        return not_ready()

    app = create_http(title="Pressroom search", description=ABOUT, ready=ready)
    app.state.reader = reader
    app.state.site = site
    app.state.settings = settings
    app.state.shell = shell
    app.state.line = Line(settings)
    app.include_router(api.router)
    app.include_router(page.router)
    return app


def make_keeper(folder: Folder, site: Site, settings: Settings, outcomes: OutcomePublisher, clock: Clock) -> Keeper:
    """The part that stands by for the lock, and with it consumes the stream."""

    def make_consumer(batches: Batches) -> Consumer[Work]:
        work = Work(batches, outcomes, clock)

        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[Work]:
            yield work

        consumer = Consumer(settings, group="search", unit_of_work=unit_of_work, clock=clock)
        consumer.on(ArticlePublished, on_article)
        consumer.on(ArticleUnpublished, on_article)
        answer_inventories(consumer, lambda: held_in_index(folder), settings, clock)
        return consumer

    return Keeper(folder, site.zone, settings, make_consumer)


async def main(settings: Settings) -> None:
    """Everything that search does, until the process is stopped."""
    clock = SystemClock()
    site = load_site(settings.site)
    shell = Shell(open_site_store(settings.site_store_url, writable=False), site)
    folder = Folder(settings.index_dir)
    folder.prepare()
    outcomes = OutcomePublisher(settings.redis_url, SOURCE)
    try:
        keeper = make_keeper(folder, site, settings, outcomes, clock)
        app = create_api(Reader(folder, site, settings, clock), site, settings, shell, keeper.not_ready)
        server = HttpServer(app, settings.http_host, settings.http_port)
        await run_until_stopped(server, keeper, Alarming(settings, {}, clock))
    finally:
        await outcomes.close()
