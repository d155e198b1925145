"""One database of one service: SQLite by default, PostgreSQL by its URL; SQLAlchemy Core on both.

On SQLite a single connection writes: who wants to write waits in line for it, in the order of asking. Readers have
connections of their own and see the last commit.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util.concurrency import await_

from pressroom_shared.clock import from_microseconds, microseconds
from pressroom_shared.errors import StoreError
from pressroom_shared.prepared import Engine
from pressroom_shared.sqlite_driver import BEGIN_WRITING, LoopDialect, is_busy
from pressroom_shared.transactions import Transactions
from pressroom_shared.wakeups import Wakeup

SQLITE_BUSY_TIMEOUT_MS = 15_000
"""How long a writer waits for another process's transaction."""

SQLITE_RETRY_S = 0.01
"""How long one waits before it tries again what SQLite does not wait for."""

WRITE_WAIT_S = 30
"""How long a writer waits in line in its own process before it gives up."""

READERS = 4
WRITER_CACHE_KB = 16_000
READER_CACHE_KB = 8_000
"""Of the database's pages, for each connection; below it is the system's own cache."""

POSTGRES_CONNECTIONS = 10

Insert = sqlite.Insert | postgresql.Insert


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds since the epoch: exact, and sorted alike everywhere."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


def new_metadata() -> sa.MetaData:
    """Metadata whose constraints have names, so that migrations can name them."""
    return sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def row_id() -> sa.BigInteger:
    """The type of a key that counts up by itself, on both databases."""
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def insert(connection: AsyncConnection, table: sa.TableClause) -> Any:
    """The dialect's own INSERT, which knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def on_both(table: sa.TableClause, build: Callable[[Any], Any]) -> dict[str, Any]:
    """A statement on each dialect's own INSERT, by dialect: built once, for what is executed often."""
    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}


class Database:
    """Hands out transactions. Made by `open_database`."""

    def __init__(self, url: str, writer: AsyncEngine | Transactions, reader: AsyncEngine | Transactions) -> None:
        self.url = url
        self.dialect = writer.dialect.name
        self._writer = writer
        self._reader = reader
        self._wakeups: list[Wakeup] = []

    def on_commit(self, wakeup: Wakeup) -> None:
        """Set `wakeup` after every write transaction that commits in this process."""
        self._wakeups.append(wakeup)

    @asynccontextmanager
    async def begin(self, *, wake: bool = True) -> AsyncIterator[AsyncConnection]:
        """A write transaction: commits at the end, rolls back on an error. `wake=False` for mere bookkeeping."""
        async with self._writer.begin() as connection:
            yield connection
        if wake:
            self.wake()

    def wake(self) -> None:
        """Wake whoever waits for a commit."""
        for wakeup in self._wakeups:
            wakeup.set()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A read-only view of one moment."""
        async with self._reader.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


@asynccontextmanager
async def open_database(url: str, *, durable: bool = True) -> AsyncIterator[Database]:
    """Open a database. `durable` keeps every commit through a power cut (SQLite `synchronous=FULL`).

    Raises `StoreError` when the URL is of neither kind or the folder cannot be made.
    """
    if url.startswith("sqlite+aiosqlite:///"):
        database = _open_sqlite(url, durable=durable)
    elif url.startswith(("postgresql+asyncpg://", "postgresql://", "postgres://")):
        database = _open_postgres(url)
    else:
        raise StoreError(
            f"{url.partition(':')[0]!r} is no database that Pressroom knows; use sqlite+aiosqlite or postgresql."
        )
    try:
        yield database
    finally:
        await database.close()


def _open_sqlite(url: str, *, durable: bool) -> Database:
    path = Path(url.removeprefix("sqlite+aiosqlite:///"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {path.parent} for the database cannot be made: {error.strerror}.") from error
    url_on_loop = f"sqlite+{LoopDialect.driver}:///{path}"
    writer = Engine(create_async_engine(url_on_loop, poolclass=sa.NullPool, begin=BEGIN_WRITING).sync_engine)
    reader = Engine(create_async_engine(url_on_loop, poolclass=sa.NullPool).sync_engine)
    _prepare_sqlite(writer, synchronous="FULL" if durable else "NORMAL", query_only=False)
    _prepare_sqlite(reader, synchronous="NORMAL", query_only=True)
    return Database(
        url,
        Transactions(writer, 1, begin=BEGIN_WRITING, wait_s=WRITE_WAIT_S),
        Transactions(reader, READERS, begin="BEGIN", wait_s=WRITE_WAIT_S),
    )


def _prepare_sqlite(engine: AsyncEngine, *, synchronous: str, query_only: bool) -> None:
    pragmas = [
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"cache_size=-{READER_CACHE_KB if query_only else WRITER_CACHE_KB}",
        f"query_only={'ON' if query_only else 'OFF'}",
    ]

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would be deferred
        cursor = connection.cursor()
        for pragma in pragmas:
            _execute_patiently(cursor, f"PRAGMA {pragma}")
        cursor.close()


def _execute_patiently(cursor: Any, statement: str) -> None:
    """Wait for other processes also where SQLite itself does not: it raises a lock to read into one to write only at
    once or not at all, and so refuses to bring a new file into WAL while a replica that starts too is at it."""
    give_up_at = time.monotonic() + SQLITE_BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute(statement)
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > give_up_at:
                raise
            await_(asyncio.sleep(SQLITE_RETRY_S))
        else:
            return


def _open_postgres(url: str) -> Database:
    engine = create_async_engine(
        "postgresql+asyncpg://" + url.partition("://")[2],
        pool_size=POSTGRES_CONNECTIONS,
        max_overflow=0,
        pool_timeout=WRITE_WAIT_S,
        pool_pre_ping=True,
    )
    return Database(url, engine, engine)


async def migrate(database: Database, package: str) -> None:
    """Bring the tables up to the newest migration of `package`. Several replicas may call it at once."""
    async with database.begin() as connection:
        if database.dialect == "postgresql":
            await connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": package})
        await connection.run_sync(_upgrade, package)


def _upgrade(connection: Connection, package: str, target: str = "heads") -> None:
    """`heads`, for migrations may have branches: tables of one part that know nothing of another's."""
    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(package) / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)

    def plan(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs(target, revision)  # noqa: SLF001  # what `alembic upgrade` itself calls

    with EnvironmentContext(config, scripts, fn=plan, destination_rev=target) as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()


async def migration_differences(database: Database, metadata: sa.MetaData) -> list[Any]:
    """What the migrated tables and `metadata` disagree on; empty when they agree."""

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with database.read() as connection:
        return await connection.run_sync(compare)
