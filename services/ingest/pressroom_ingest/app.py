"""The composition root of ingest: the API, the relay and the receipts' consumer in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from pressroom_ingest.api import add_routes
from pressroom_ingest.bulk import Feeder
from pressroom_ingest.caretaker import Caretaker
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.events import SOURCE, EventBuilder
from pressroom_ingest.handlers import on_outcome
from pressroom_ingest.limits import BodyLimit
from pressroom_ingest.operating import operation_parts
from pressroom_ingest.purging import Eraser
from pressroom_ingest.rates import Rates
from pressroom_ingest.scheduler import Scheduler
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.database import migrate, open_database
from pressroom_shared.events import OutcomeReported
from pressroom_shared.http import HttpServer, create_http
from pressroom_shared.keys import GROUPS
from pressroom_shared.running import Runnable, run_until_stopped
from pressroom_shared.site import load_site
from pressroom_shared.sitestore import open_site_store
from pressroom_shared.streams import OUTCOMES, Consumer, Relay
from pressroom_shared.streams.client import connect

RECEIPTS_AT_ONCE = 100
ABOUT = "The editors' API: write, publish, correct and withdraw articles."


@asynccontextmanager
async def open_desk(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Desk]:
    """The desk on a migrated database, with the operator's first key in it."""
    site = load_site(settings.site)
    store = open_site_store(settings.site_store_url)
    async with open_database(settings.database) as database:
        await migrate(database, "pressroom_ingest")
        desk = Desk(database, site, store, settings, clock or SystemClock())
        if settings.admin_key is not None:
            async with desk.begin() as work:
                await work.keys.ensure("PRESSROOM_ADMIN_KEY", "admin", settings.admin_key.get_secret_value())
        yield desk


def create_api(desk: Desk, waiters: Waiters, rates: Rates | None = None) -> FastAPI:
    """The API over a desk. It is ready when the database answers: editors can save while Redis is away."""

    async def ready() -> str | None:
        async with desk.read() as work:
            await work.keys.any_admin()
        return None

    app = create_http(title="Pressroom", description=ABOUT, ready=ready)
    app.state.desk = desk
    app.state.waiters = waiters
    app.state.rates = rates or Rates(per_s=desk.settings.rate_per_s, burst=desk.settings.rate_burst)
    app.add_middleware(
        BodyLimit,
        body_bytes_max=desk.settings.body_bytes_max,
        media_bytes_max=desk.settings.media_bytes_max,
        import_bytes_max=desk.settings.import_bytes_max,
    )
    add_routes(app)
    return app


async def main(settings: Settings) -> None:
    """Everything that ingest does, until the process is stopped."""
    async with open_desk(settings) as desk:
        waiters = Waiters()
        rates = Rates(per_s=settings.rate_per_s, burst=settings.rate_burst, redis_url=settings.redis_url)

        heard: dict[int, set[str]] = {}

        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[Work]:
            """Takes many outcomes; who waits for one is told once it is committed."""
            articles: set[str] = set()
            async with desk.begin(wake=False) as work:  # a receipt is nothing to relay
                heard[id(work)] = articles
                try:
                    yield work
                finally:
                    del heard[id(work)]
            for article_id in articles:
                waiters.tell(article_id)

        async def on_outcome_then_tell(event: OutcomeReported, work: Work) -> None:
            await on_outcome(event, work)
            heard[id(work)].add(event.data.article_id)

        receipts = Consumer(
            settings, group="receipts", stream=OUTCOMES, unit_of_work=unit_of_work, batch_max=RECEIPTS_AT_ONCE
        )
        receipts.on(OutcomeReported, on_outcome_then_tell)
        relay = Relay(
            desk.database, settings, source=SOURCE, encode=EventBuilder(desk), trims=tuple(GROUPS), has_bulk=True
        )
        server = HttpServer(create_api(desk, waiters, rates), settings.http_host, settings.http_port)
        redis = connect(settings.redis_url)
        eraser = Eraser(desk.database, desk.store, redis)
        parts: list[Runnable] = [server, relay, receipts, Scheduler(desk), Feeder(desk), Caretaker(desk), eraser]
        try:
            await run_until_stopped(*parts, *operation_parts(desk))
        finally:
            await rates.close()
            await redis.aclose()
