"""How a sink answers `pressroom.inventory.requested.v1`: what it holds, by pages in the order of ids.

In a sink's `app.py`: `answer_inventories(consumer, lambda: held_in(database, article.c.id, …), settings, clock)`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.events import (
    INVENTORY_ITEMS_MAX,
    Inventory,
    InventoryItem,
    InventoryReported,
    InventoryRequest,
    InventoryRequested,
)
from pressroom_shared.ids import new_id
from pressroom_shared.keys import FIELD, OPERATIONS
from pressroom_shared.settings import Settings
from pressroom_shared.streams.client import connect
from pressroom_shared.streams.consumer import Consumer

Pages = AsyncIterator[Sequence[InventoryItem]]


def answer_inventories(consumer: Consumer[Any], held: Callable[[], Pages], settings: Settings, clock: Clock) -> None:
    """Have a consumer answer, with what `held` yields: pages of `INVENTORY_ITEMS_MAX` at most.

    The answer goes out before the request is acked; one that was cut short is given again, whole.
    """

    async def answer(event: InventoryRequested, _work: Any) -> None:
        redis = connect(settings.redis_url)
        try:
            async for report in inventory_reports(event.data, consumer.group, held(), clock):
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
    data = Inventory(request_id=request.request_id, group=group, page=number, last=last, items=list(items), at=now)
    return InventoryReported(id=new_id(), source=f"/{group}", subject=group, time=now, data=data)


async def held_in(
    database: Database,
    article_id: sa.ColumnElement[str],
    version: sa.ColumnElement[int],
    live: sa.ColumnElement[bool],
    path: sa.ColumnElement[str] | None = None,
) -> Pages:
    """What a table holds: a row an article, tombstones among them."""
    where = sa.literal("") if path is None else path
    after = ""
    while True:
        statement = sa.select(article_id.label("id"), version.label("version"), live.label("live"), where.label("path"))
        async with database.read() as connection:
            rows = (
                await connection.execute(
                    statement.where(article_id > after).order_by(article_id).limit(INVENTORY_ITEMS_MAX)
                )
            ).all()
        if not rows:
            return
        yield [InventoryItem(id=row.id, version=row.version, withdrawn=not row.live, path=row.path) for row in rows]
        after = rows[-1].id


async def in_pages(items: Sequence[InventoryItem]) -> Pages:
    """A list of items by pages."""
    for start in range(0, len(items), INVENTORY_ITEMS_MAX):
        yield items[start : start + INVENTORY_ITEMS_MAX]
