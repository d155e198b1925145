"""The version rule by the machine of `tests/sink_contract.py`, on the pages' projection and in plain SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from pressroom_render.projection import Projection
from pressroom_render.tables import metadata as render_tables
from pressroom_shared.clock import SystemClock
from pressroom_shared.database import Database, insert, new_metadata, open_database
from pressroom_shared.events import ArticlePublished
from tests.sink_contract import AnEvent, Sink, sink_machine

tables = new_metadata()
article = sa.Table(
    "article",
    tables,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
)
telling = sa.Table(
    "telling",
    tables,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)


class PlainSink:
    """The rule of design.md, one conditional upsert; it tells readers of what was applied live."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle(self, event: AnEvent) -> None:
        values = {"version": event.data.version, "live": isinstance(event, ArticlePublished)}
        version = event.data.version
        newer = article.c.version <= version if event.replay else article.c.version < version
        async with self._database.begin() as connection:
            applied = await connection.execute(
                insert(connection, article)
                .values(id=event.data.id, **values)
                .on_conflict_do_update(index_elements=[article.c.id], set_=values, where=newer)
            )
            if applied.rowcount and not event.replay:
                await connection.execute(sa.insert(telling).values(id=event.data.id, version=version))

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(article).where(article.c.id == article_id))).one_or_none()
        return None if row is None else (row.version, row.live)

    async def told(self) -> list[tuple[str, int]]:
        async with self._database.read() as connection:
            return [(row.id, row.version) for row in await connection.execute(sa.select(telling))]


class PagesSink:
    """Render's projection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle(self, event: AnEvent) -> None:
        async with self._database.begin() as connection:
            await Projection(connection).apply(event, now=SystemClock().now())

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        async with self._database.read() as connection:
            held = await Projection(connection).held(article_id)
        return None if held is None else (held.version, held.article is not None)

    async def told(self) -> list[tuple[str, int]]:
        return []


@asynccontextmanager
async def open_plain(folder: Path) -> AsyncIterator[Sink]:
    async with _open(folder, tables) as database:
        yield PlainSink(database)


@asynccontextmanager
async def open_pages(folder: Path) -> AsyncIterator[Sink]:
    async with _open(folder, render_tables) as database:
        yield PagesSink(database)


@asynccontextmanager
async def _open(folder: Path, metadata: sa.MetaData) -> AsyncIterator[Database]:
    async with open_database(f"sqlite+aiosqlite:///{folder / 'sink.db'}", durable=False) as database:
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        yield database


TestPlainSink = sink_machine(open_plain).TestCase
TestPages = sink_machine(open_pages).TestCase


class CarelessSink(PlainSink):
    """Takes whatever comes last."""

    async def handle(self, event: AnEvent) -> None:
        async with self._database.begin() as connection:
            values = {"version": event.data.version, "live": isinstance(event, ArticlePublished)}
            await connection.execute(
                insert(connection, article)
                .values(id=event.data.id, **values)
                .on_conflict_do_update(index_elements=[article.c.id], set_=values)
            )


@asynccontextmanager
async def open_careless(folder: Path) -> AsyncIterator[Sink]:
    async with _open(folder, tables) as database:
        yield CarelessSink(database)


def test_the_machine_finds_a_sink_that_takes_whatever_comes_last() -> None:
    machine = sink_machine(open_careless, examples=100, shrinks=False)
    with pytest.raises(AssertionError):
        machine.TestCase("runTest").runTest()
