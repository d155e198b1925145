"""The four sinks on their real stores, all by the same contract: pages, cards, search, notify."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pressroom_notify import handlers as notify
from pressroom_notify.app import unit_of_work
from pressroom_notify.tables import article as told_article
from pressroom_notify.tables import delivery
from pressroom_notify.tables import outbox as notify_outbox
from pressroom_render import card_handlers
from pressroom_render import handlers as pages
from pressroom_render.app import Studio
from pressroom_render.card_store import Cards
from pressroom_render.card_style import Style
from pressroom_render.cards_app import card_work
from pressroom_render.drawers import Drawers
from pressroom_render.projection import Projection
from pressroom_render.tables import outbox as render_outbox
from pressroom_search import handlers as search
from pressroom_search.engine import Change, Verdict
from pressroom_shared.database import Database
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, Outcome, OutcomeReported, decode
from pressroom_shared.settings import Settings
from pressroom_shared.streams import Consumer
from tests.integration.notify.conftest import Mailbox, Office, make_settings, office_in
from tests.integration.render.conftest import studio_in, write_all
from tests.integration.search.conftest import Engine, open_engine
from tests.sink_contract import AnEvent, SinkContract, SpeakingSink, handle, sink_machine

READER = "reader@post.example"


async def outcomes_in(database: Database, outbox: sa.Table, article_id: str) -> list[tuple[int, str]]:
    """What waits in a sink's outbox to be relayed."""
    async with database.read() as connection:
        payloads = list(await connection.scalars(sa.select(outbox.c.payload).order_by(outbox.c.id)))
    said = [event.data for event in map(decode, payloads) if isinstance(event, OutcomeReported)]
    return [(each.version, each.status) for each in said if each.article_id == article_id]


def consumer_of(group: str, unit: Any, on_published: Any, on_unpublished: Any) -> Consumer[Any]:
    consumer: Consumer[Any] = Consumer(Settings(), group=group, unit_of_work=unit)
    consumer.on(ArticlePublished, on_published)
    consumer.on(ArticleUnpublished, on_unpublished)
    return consumer


class PagesSink:
    group = "pages"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._consumer = consumer_of(self.group, studio.work, pages.on_article, pages.on_article)

    async def handle(self, event: AnEvent) -> None:
        await handle(self._consumer, event)

    async def settle(self) -> None:
        await write_all(self._studio)

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        async with self._studio.database.read() as connection:
            held = await Projection(connection).held(article_id)
        return None if held is None else (held.version, held.article is not None)

    async def said(self, article_id: str) -> list[tuple[int, str]]:
        return await outcomes_in(self._studio.database, render_outbox, article_id)

    async def told(self) -> list[tuple[str, int]]:
        return []

    async def shows(self, article_id: str) -> bool:
        return await self._studio.store.exists(f"www/business/2026/11/23/{article_id}/index.html")

    async def lose(self, article_id: str) -> None:
        await self._studio.store.delete(f"www/business/2026/11/23/{article_id}/index.html")


class CardsSink:
    group = "cards"

    def __init__(self, studio: Studio, drawers: Drawers) -> None:
        self._studio = studio
        self._drawers = drawers
        self._consumer = consumer_of(self.group, self._unit, card_handlers.on_article, card_handlers.on_article)

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[card_handlers.CardWork]:
        yield card_work(self._studio, self._drawers, Style())

    async def handle(self, event: AnEvent) -> None:
        await handle(self._consumer, event)

    async def settle(self) -> None:
        """All is done with the event."""

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        async with self._studio.database.read() as connection:
            held = await Cards(connection).held(article_id)
        return None if held is None else (held.version, held.live)

    async def said(self, article_id: str) -> list[tuple[int, str]]:
        return await outcomes_in(self._studio.database, render_outbox, article_id)

    async def told(self) -> list[tuple[str, int]]:
        return []

    async def shows(self, article_id: str) -> bool:
        return any(article_id in each.name for each in self._studio.store.path("cards").rglob("*"))

    async def lose(self, article_id: str) -> None:
        for each in [each for each in self._studio.store.path("cards").rglob("*") if article_id in each.name]:
            each.unlink()


class SearchSink:
    group = "search"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._said: list[Outcome] = []
        self._consumer = consumer_of(self.group, self._unit, search.on_article, search.on_article)

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[search.Work]:
        yield search.Work(self, self, self._engine.clock)

    async def take(self, change: Change) -> Verdict:
        (verdict,) = self._engine.apply(change)
        return verdict

    async def add(self, outcome: Outcome) -> None:
        self._said.append(outcome)

    async def handle(self, event: AnEvent) -> None:
        await handle(self._consumer, event)

    async def settle(self) -> None:
        """All is done with the event."""

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        held = self._engine.committer.held(article_id)
        return None if held is None else (held.version, held.live)

    async def said(self, article_id: str) -> list[tuple[int, str]]:
        return [(each.version, each.status) for each in self._said if each.article_id == article_id]

    async def told(self) -> list[tuple[str, int]]:
        return []

    async def shows(self, article_id: str) -> bool:
        return article_id in self._engine.ids("cranes")

    async def lose(self, article_id: str) -> None:
        """What it holds is what readers get."""


class NotifySink:
    group = "notify"

    def __init__(self, office: Office) -> None:
        self._office = office
        self._consumer = consumer_of(
            self.group, lambda: unit_of_work(office.desk), notify.on_article_published, notify.on_article_unpublished
        )

    async def handle(self, event: AnEvent) -> None:
        self._office.clock.advance(max(event.time - self._office.clock.now(), timedelta(0)))
        await handle(self._consumer, event)

    async def settle(self) -> None:
        await self._office.work()

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        statement = sa.select(told_article.c.version, told_article.c.live).where(told_article.c.id == article_id)
        async with self._office.desk.database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else (row.version, row.live)

    async def said(self, article_id: str) -> list[tuple[int, str]]:
        return await outcomes_in(self._office.desk.database, notify_outbox, article_id)

    async def told(self) -> list[tuple[str, int]]:
        """Each mail that arrived, by its own id."""
        return [(str(each["Message-ID"]), 0) for each in self._office.mailbox.to(READER)]

    async def shows(self, article_id: str) -> bool:
        """Whether a mail of it is still to go out."""
        statement = sa.select(delivery.c.id).where(
            delivery.c.article_id == article_id, delivery.c.state.in_(("queued", "leased", "sending", "deferred"))
        )
        async with self._office.desk.database.read() as connection:
            return (await connection.execute(statement)).first() is not None

    async def lose(self, article_id: str) -> None:
        """A mail that is sent is sent."""


@asynccontextmanager
async def open_pages(folder: Path) -> AsyncIterator[SpeakingSink]:
    async with studio_in(folder) as studio:
        yield PagesSink(studio)


@asynccontextmanager
async def open_cards(folder: Path) -> AsyncIterator[SpeakingSink]:
    async with studio_in(folder) as studio:
        drawers = Drawers(studio.settings)
        yield CardsSink(studio, drawers)
        drawers.close()


@asynccontextmanager
async def open_search(folder: Path) -> AsyncIterator[SpeakingSink]:
    engine = open_engine(folder)
    yield SearchSink(engine)
    engine.committer.close()


@asynccontextmanager
async def open_notify(folder: Path) -> AsyncIterator[SpeakingSink]:
    mailbox = Mailbox()
    mailbox.start()
    async with AsyncExitStack() as stack:
        stack.callback(mailbox.stop)
        office = await stack.enter_async_context(office_in(make_settings(folder, "", mailbox), mailbox))
        await office.subscribe(READER, "all")
        yield NotifySink(office)


class TestPages(SinkContract):
    open_sink = staticmethod(open_pages)


class TestCards(SinkContract):
    open_sink = staticmethod(open_cards)


class TestSearch(SinkContract):
    open_sink = staticmethod(open_search)


class TestNotify(SinkContract):
    open_sink = staticmethod(open_notify)


TestSearchInAnyOrder = sink_machine(open_search, examples=5, steps=15, shrinks=False).TestCase
