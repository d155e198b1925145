"""A sink says what it holds when it is asked, by pages, through its consumer on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pressroom_shared.clock import SystemClock
from pressroom_shared.database import Database, new_metadata, open_database
from pressroom_shared.events import (
    INVENTORY_ITEMS_MAX,
    InventoryReported,
    InventoryRequest,
    InventoryRequested,
    content_hash,
    decode,
)
from pressroom_shared.ids import new_id
from pressroom_shared.inventories import answer_inventories, held_in, whole_in
from pressroom_shared.keys import FIELD, OPERATIONS
from tests.examples import START, published, unpublished
from tests.streams import Log, consumer_of, keep, nothing_pending, publish, running, settings
from tests.waiting import until

metadata = new_metadata()
article = sa.Table(
    "article",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("document", sa.JSON),
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as database:
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


async def reports(redis: Any) -> list[InventoryReported]:
    events = [decode(fields[FIELD.encode()]) for _, fields in await redis.xrange(OPERATIONS)]
    return [each for each in events if isinstance(each, InventoryReported)]


@pytest.mark.parametrize("count", [0, 1, INVENTORY_ITEMS_MAX, INVENTORY_ITEMS_MAX + 1])
async def test_what_is_held_is_said_by_pages_and_the_last_says_so(
    database: Database, redis: Any, redis_url: str, tmp_path: Path, count: int
) -> None:
    rows = [{"id": f"a{n:05}", "version": n + 1, "live": n != 0, "path": f"/{n}/"} for n in range(count)]
    if rows:
        async with database.begin() as connection:
            await connection.execute(sa.insert(article), rows)
    given = settings(redis_url, tmp_path)
    consumer = consumer_of(Log(), given, keep)
    columns = (article.c.id, article.c.version, article.c.live, article.c.path)
    answer_inventories(consumer, lambda: held_in(database, *columns), given, SystemClock())
    request = InventoryRequest(request_id="r1")
    await publish(redis, InventoryRequested(id="e1", source="/ingest", subject="inventory", time=START, data=request))
    async with running(consumer):
        pages = max(1, -(-count // INVENTORY_ITEMS_MAX))
        said = await until(lambda: _so_many(redis, pages))
    assert [(each.data.group, each.data.page, each.data.last) for each in said] == [
        ("search", number, number == pages) for number in range(1, pages + 1)
    ]
    items = [item for each in said for item in each.data.items]
    assert [(item.id, item.version, not item.withdrawn, item.path) for item in items] == [
        tuple(row.values()) for row in rows
    ]


async def test_what_was_given_is_hashed_and_whole_articles_come_when_they_are_asked_for(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    body = "The cranes stopped. " * 30_000  # two of them are more than a report takes
    given = [published(1, id=each, body_text=body).data for each in ("a", "b", "c")]
    gone = unpublished(2, id="d").data
    rows = [(each, True) for each in given] + [(gone, False)]
    async with database.begin() as connection:
        for each, live in rows:
            values = {"id": each.id, "version": each.version, "live": live, "path": each.path}
            await connection.execute(sa.insert(article).values(**values, document=each.model_dump(mode="json")))
    columns = (article.c.id, article.c.version, article.c.live, article.c.path, article.c.document)
    streams = settings(redis_url, tmp_path)
    consumer = consumer_of(Log(), streams, keep)
    answer_inventories(
        consumer,
        lambda: held_in(database, *columns),
        streams,
        SystemClock(),
        whole=lambda ids: whole_in(database, *columns, ids=ids),
    )
    requests = [
        InventoryRequest(request_id="all"),
        InventoryRequest(request_id="some", ids=["b"]),
        InventoryRequest(request_id="whole", ids=["a", "c", "d", "nobody"], documents=True),
    ]
    for request in requests:
        event = InventoryRequested(id=new_id(), source="/ingest", subject="inventory", time=START, data=request)
        await publish(redis, event)
    async with running(consumer):
        said = await until(lambda: _so_many(redis, 4))
    held = {item.id: item.hash for report in said if report.data.request_id == "all" for item in report.data.items}
    assert held == {each.id: content_hash(each) for each, _ in rows}
    assert [item.id for report in said if report.data.request_id == "some" for item in report.data.items] == ["b"]
    whole = [report.data for report in said if report.data.request_id == "whole"]
    assert [(each.page, each.last, each.documents) for each in whole] == [(1, False, True), (2, True, True)]
    assert [item.article for each in whole for item in each.items] == [given[0], given[2]]


async def test_a_sink_that_keeps_no_articles_says_nothing_when_they_are_asked_for(
    database: Database, redis: Any, redis_url: str, tmp_path: Path
) -> None:
    streams = settings(redis_url, tmp_path)
    consumer = consumer_of(Log(), streams, keep)
    columns = (article.c.id, article.c.version, article.c.live)
    answer_inventories(consumer, lambda: held_in(database, *columns), streams, SystemClock())
    for request_id, documents in (("whole", True), ("versions", False)):
        request = InventoryRequest(request_id=request_id, ids=["a"], documents=documents)
        event = InventoryRequested(id=new_id(), source="/ingest", subject="inventory", time=START, data=request)
        await publish(redis, event)
    async with running(consumer):
        await until(lambda: _so_many(redis, 1))
        await until(lambda: nothing_pending(redis))
    assert [each.data.request_id for each in await reports(redis)] == ["versions"]


async def _so_many(redis: Any, count: int) -> Any:
    found = await reports(redis)
    return found if len(found) == count else None
