"""The `cards` process: draws the social card of each article, apart from the pages and never in their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.app import SOURCE, Studio, look_watch
from pressroom_render.card_handlers import CardStore, CardWork, on_article, on_author, on_preview
from pressroom_render.card_store import Cards
from pressroom_render.card_style import Style, load_style
from pressroom_render.drawers import Drawers
from pressroom_render.image_store import Images
from pressroom_render.portraits import Portraits
from pressroom_render.tables import card
from pressroom_shared.events import ArticlePreviewed, ArticlePublished, ArticleUnpublished, AuthorChanged
from pressroom_shared.http import HttpServer, create_http
from pressroom_shared.inventories import answer_inventories, held_in
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.running import Runnable, Task
from pressroom_shared.streams import Consumer, Relay

HANDLED_A_DRAWER = 2
"""One whose card is being drawn, and one that reads or writes its files."""


def card_work(studio: Studio, drawers: Drawers, style: Style) -> CardWork:
    """What the handlers of `cards` work with."""

    def store(connection: AsyncConnection) -> CardStore:
        outcomes = OutcomeOutbox(connection, studio.clock, "/render/cards")
        return CardStore(
            Cards(connection), Images(connection), Portraits(connection), studio.pages(connection), outcomes
        )

    @asynccontextmanager
    async def read() -> AsyncIterator[CardStore]:
        async with studio.database.read() as connection:
            yield store(connection)

    @asynccontextmanager
    async def begin() -> AsyncIterator[CardStore]:
        async with studio.database.begin() as connection:
            yield store(connection)

    return CardWork(read, begin, drawers, studio.store, studio.site, style, studio.clock)


async def cards_parts(studio: Studio) -> list[Runnable]:
    """The `cards` group: draws, stores, has the article's page written again, relays outcomes."""
    drawers = Drawers(studio.settings)
    style = load_style(studio.settings.site)

    @asynccontextmanager
    async def work() -> AsyncIterator[CardWork]:
        yield card_work(studio, drawers, style)

    at_once = HANDLED_A_DRAWER * studio.settings.cards_workers  # whoever waits for a drawer waits in the stream
    settings = studio.settings.model_copy(update={"streams_workers": at_once})
    consumer = Consumer(settings, group="cards", unit_of_work=work)
    consumer.on(ArticlePublished, on_article)
    consumer.on(ArticleUnpublished, on_article)
    consumer.on(AuthorChanged, on_author)
    consumer.on(ArticlePreviewed, on_preview)
    held = (card.c.article_id, card.c.version, card.c.live)
    answer_inventories(consumer, lambda: held_in(studio.database, *held), studio.settings, studio.clock)

    async def ready() -> str | None:
        return consumer.not_ready()

    app = create_http(title="Pressroom cards", ready=ready)
    server = HttpServer(app, studio.settings.http_host, studio.settings.cards_http_port)

    async def consume(stop: asyncio.Event) -> None:
        try:
            await consumer.run(stop)  # ends when what is in flight has been drawn
        finally:
            drawers.close()

    return [Task(consume), Relay(studio.database, studio.settings, source=SOURCE), server, look_watch(studio)]
