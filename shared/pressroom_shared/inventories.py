"""How a sink answers `pressroom.inventory.requested.v1`: what it holds, by pages in the order of ids.

In a sink's `app.py`: `answer_inventories(consumer, lambda: held_in(database, article.c.id, …), settings, clock)`.
A sink that keeps articles whole gives them, too: ingest can take back from it what it has lost itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.events import (
    INVENTORY_ITEMS_MAX,
    Article,
    Inventory,
    InventoryItem,
    InventoryReported,
    InventoryRequest,
    InventoryRequested,
    Withdrawal,
    content_hash,
)
from pressroom_shared.ids import new_id
from pressroom_shared.keys import FIELD, OPERATIONS
from pressroom_shared.settings import Settings
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.consumer import Consumer

Pages = AsyncIterator[Sequence[InventoryItem]]
GiveWhole = Callable[[Sequence[str]], Pages]

HASHED_ROWS_MAX = 100
"""Documents that are read and hashed at a time."""

WHOLE_BYTES_MAX = 1024 * 1024
"""A report of whole articles has no more of them than that, but one at least."""


def answer_inventories(
    consumer: Consumer[Any],
    held: Callable[[], Pages],
    settings: Settings,
    clock: Clock,
    *,
    whole: GiveWhole | None = None,
) -> None:
    """Have a consumer answer, with what `held` yields: pages of `INVENTORY_ITEMS_MAX` at most; asked for documents,
    with what `whole` yields of these ids. A sink that keeps none says nothing to that.

    The answer goes out before the request is acked; one that was cut short is given again, whole.
    """

    async def answer(event: InventoryRequested, _work: Any) -> None:
        if event.data.documents and whole is None:
            return
        pages = whole(event.data.ids) if event.data.documents and whole else held()
        if event.data.ids:
            pages = _only(pages, frozenset(event.data.ids))
        redis = connect(settings.redis_url)
        try:
            async for report in inventory_reports(event.data, consumer.group, pages, clock):
                await redis.xadd(OPERATIONS, {FIELD: report.encode()})
        finally:
            await redis.aclose()

    consumer.on(InventoryRequested, answer)


async def inventory_reports(
    request: InventoryRequest, group: str, pages: Pages, clock: Clock
) -> AsyncIterator[InventoryReported]:
    """The events that say it; one at least, for holding nothing is an answer."""
    number, held = 1, None
    async for page in pages:
        if held is not None:
            yield _report(request, group, number, held, last=False, now=clock.now())
            number += 1
        held = page
    yield _report(request, group, number, held or [], last=True, now=clock.now())


def _report(
    request: InventoryRequest, group: str, number: int, items: Sequence[InventoryItem], *, last: bool, now: datetime
) -> InventoryReported:
    data = Inventory(
        request_id=request.request_id,
        group=group,
        page=number,
        last=last,
        documents=request.documents,
        items=list(items),
        at=now,
    )
    return InventoryReported(id=new_id(), source=f"/{group}", subject=group, time=now, data=data)


async def held_in(
    database: Database,
    article_id: sa.ColumnElement[str],
    version: sa.ColumnElement[int],
    live: sa.ColumnElement[bool],
    path: sa.ColumnElement[str] | None = None,
    document: sa.ColumnElement[Any] | None = None,
) -> Pages:
    """What a table holds: a row an article, tombstones among them. `document` is what it was given, to be hashed."""
    statement = _rows(article_id, version, live, path, document)
    count = INVENTORY_ITEMS_MAX if document is None else HASHED_ROWS_MAX
    after = ""
    while True:
        async with database.read() as connection:
            rows = (
                await connection.execute(statement.where(article_id > after).order_by(article_id).limit(count))
            ).all()
        if not rows:
            return
        yield await asyncio.to_thread(_items, rows)
        after = rows[-1].id


async def whole_in(
    database: Database,
    article_id: sa.ColumnElement[str],
    version: sa.ColumnElement[int],
    live: sa.ColumnElement[bool],
    path: sa.ColumnElement[str] | None,
    document: sa.ColumnElement[Any],
    *,
    ids: Sequence[str],
) -> Pages:
    """The live ones of these articles, whole; by pages that fit into an event."""
    statement = _rows(article_id, version, live, path, document)
    page: list[InventoryItem] = []
    size = 0
    for each in ids:
        async with database.read() as connection:
            row = (await connection.execute(statement.where(article_id == each, live))).one_or_none()
        if row is None:
            continue
        if page and size + len(row.document) > WHOLE_BYTES_MAX:
            yield page
            page, size = [], 0
        article = await asyncio.to_thread(Article.model_validate_json, row.document)
        page.append(InventoryItem(id=row.id, version=row.version, path=row.path, article=article))
        size += len(row.document)
    yield page


def _rows(
    article_id: sa.ColumnElement[str],
    version: sa.ColumnElement[int],
    live: sa.ColumnElement[bool],
    path: sa.ColumnElement[str] | None,
    document: sa.ColumnElement[Any] | None,
) -> sa.Select[Any, Any, Any, Any, Any]:
    """The document as its text: it is parsed in a thread, and not by the driver on the event loop."""
    text = sa.literal("") if document is None else sa.cast(document, sa.Text)
    where = sa.literal("") if path is None else path
    return sa.select(
        article_id.label("id"),
        version.label("version"),
        live.label("live"),
        where.label("path"),
        text.label("document"),
    )


def _items(rows: Sequence[Any]) -> list[InventoryItem]:
    return [
        InventoryItem(id=row.id, version=row.version, withdrawn=not row.live, path=row.path, hash=_hash(row))
        for row in rows
    ]


def _hash(row: Any) -> str:
    if not row.document:
        return ""
    kind = Article if row.live else Withdrawal
    return content_hash(kind.model_validate_json(row.document))


async def _only(pages: Pages, ids: Collection[str]) -> Pages:
    async for page in pages:
        yield [each for each in page if each.id in ids]


async def in_pages(items: Sequence[InventoryItem]) -> Pages:
    """A list of items by pages."""
    for start in range(0, len(items), INVENTORY_ITEMS_MAX):
        yield items[start : start + INVENTORY_ITEMS_MAX]
