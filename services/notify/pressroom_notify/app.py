"""The composition root of notify: the readers' desk, the consumer, the planner, the sender and the reporter."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from pressroom_notify import metrics
from pressroom_notify.api import add_routes
from pressroom_notify.api.limits import BodyLimit
from pressroom_notify.articles import Articles
from pressroom_notify.desk import Desk, signing_key
from pressroom_notify.digests import Digests
from pressroom_notify.fanouts import Fanouts
from pressroom_notify.handlers import Work, on_article_published, on_article_unpublished, on_keys
from pressroom_notify.ledger import Ledger
from pressroom_notify.readers import Readers
from pressroom_notify.reports import Reports
from pressroom_notify.sender import Sender
from pressroom_notify.settings import Settings
from pressroom_notify.smtp import read_smtp_url
from pressroom_notify.tables import article
from pressroom_notify.tokens import Signer
from pressroom_notify.workers import Worker
from pressroom_shared.admins import KeyRings
from pressroom_shared.alarms import Alarming
from pressroom_shared.clock import Clock, SystemClock
from pressroom_shared.database import migrate, open_database
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, KeysChanged
from pressroom_shared.http import HttpServer, create_http
from pressroom_shared.inventories import answer_inventories, held_in
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.running import Runnable, run_until_stopped
from pressroom_shared.shell import Shell
from pressroom_shared.site import load_site
from pressroom_shared.sitestore import open_site_store
from pressroom_shared.streams import Consumer, Relay

log = logging.getLogger(__name__)
SOURCE = "/notify"
ABOUT = "Readers' subscriptions: what they follow, and how they are told."
NO_MAIL = "No mail server is set: PRESSROOM_SMTP_URL is empty. Readers can subscribe, and their mails wait."
TEND_S = 5.0

Ready = Callable[[], Awaitable[str | None]]


@asynccontextmanager
async def open_desk(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Desk]:
    """The desk on a migrated database, with the key that signs unsubscribe addresses."""
    site = load_site(settings.site)
    store = open_site_store(settings.site_store_url, writable=False)
    clock = clock or SystemClock()
    async with open_database(settings.database) as database:
        await migrate(database, "pressroom_notify")
        async with database.begin() as connection:
            key = await signing_key(connection)
        yield Desk(database, site, settings, clock, Signer(key), Shell(store, site, clock))


def create_api(desk: Desk, ready: Ready | None = None) -> FastAPI:
    """The readers' API and pages over a desk. `ready` adds to readiness what the rest of the process has to say."""

    async def is_ready() -> str | None:
        async with desk.read() as readers:
            await readers.email("")
        return await ready() if ready is not None else None

    app = create_http(title="Pressroom notify", description=ABOUT, ready=is_ready)
    app.state.desk = desk
    app.add_middleware(BodyLimit, body_bytes_max=desk.settings.body_bytes_max)
    add_routes(app)
    return app


@dataclass(frozen=True, slots=True)
class Turns:
    """The pieces of work that are looked for again and again, each one transaction."""

    desk: Desk

    async def plan(self) -> bool:
        """Plan a chunk of readers."""
        desk = self.desk
        async with desk.database.read() as connection:
            if not await Fanouts(connection, desk.clock.now()).any():
                return False
        async with desk.database.begin(wake=False) as connection:
            planned = await Fanouts(connection, desk.clock.now()).plan(desk.settings.fanout_readers)
        if planned:
            metrics.PLANNED.inc(planned)
            desk.database.wake()
        return planned > 0

    async def report(self) -> bool:
        """Tell receipts the counts that have changed."""
        desk = self.desk
        async with desk.database.read() as connection:
            if not await Reports(connection, OutcomeOutbox(connection, desk.clock, SOURCE), desk.clock.now()).any():
                return False
        async with desk.database.begin(wake=False) as connection:
            outcomes = OutcomeOutbox(connection, desk.clock, SOURCE)
            told = await Reports(connection, outcomes, desk.clock.now()).tell()
        if told:
            desk.database.wake()
        return bool(told)

    async def tend(self) -> bool:
        """Take up what silent senders have left, gather digests, forget who never confirmed."""
        desk, now = self.desk, self.desk.clock.now()
        async with desk.database.begin(wake=False) as connection:
            ledger = Ledger(connection, desk.settings, "", now)
            reaped = await ledger.reap()
            gathered = await Digests(connection, desk.settings, now).gather()
            await Readers(connection, desk.settings, now).forget()
            await ledger.tell()
        metrics.REAPED.inc(reaped)
        if reaped or gathered:
            desk.database.wake()
        return bool(gathered)


@asynccontextmanager
async def unit_of_work(desk: Desk) -> AsyncIterator[Work]:
    """What a handler may touch; its effect and its outcome are committed together."""
    async with desk.database.begin() as connection:
        now = desk.clock.now()
        outcomes = OutcomeOutbox(connection, desk.clock, SOURCE)
        yield Work(
            Articles(connection), Fanouts(connection, now), outcomes, now, desk.site.hold_s, KeyRings(connection)
        )


async def main(settings: Settings) -> None:
    """Everything that notify does, until the process is stopped."""
    server = read_smtp_url(settings.smtp_url)
    async with open_desk(settings) as desk:
        consumer = Consumer(
            settings, group="notify", unit_of_work=lambda: unit_of_work(desk), batch_max=settings.events_batch
        )
        consumer.on(ArticlePublished, on_article_published)
        consumer.on(ArticleUnpublished, on_article_unpublished)
        consumer.on(KeysChanged, on_keys)
        held = (article.c.id, article.c.version, article.c.live, None, article.c.document)
        answer_inventories(consumer, lambda: held_in(desk.database, *held), settings, desk.clock)
        sender = Sender(desk.database, settings, desk.site, server, desk.signer, desk.clock) if server else None
        if sender is None:
            log.warning(NO_MAIL)

        async def ready() -> str | None:
            return consumer.not_ready() or (NO_MAIL if sender is None else sender.trouble)

        turns, idle_s = Turns(desk), settings.idle_s
        parts: list[Runnable] = [
            consumer,
            Relay(desk.database, settings, source=SOURCE),
            Worker("planning readers", turns.plan, desk.database, idle_s=idle_s),
            Worker("telling receipts", turns.report, desk.database, idle_s=idle_s, rest_s=settings.report_s),
            Worker("tending", turns.tend, desk.database, idle_s=idle_s, rest_s=min(TEND_S, settings.lease_s / 3)),
            HttpServer(create_api(desk, ready), settings.http_host, settings.http_port),
        ]
        looks = {"mail": lambda: sender.trouble if sender else None}
        parts.append(Alarming(settings, looks, desk.clock))
        await run_until_stopped(*parts, *([sender] if sender else []))
