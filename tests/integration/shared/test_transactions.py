"""Transactions on connections that stay open: whole or not there, in turn, and none is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pressroom_shared import database as database_module
from pressroom_shared.database import READERS, Database, open_database
from pressroom_shared.transactions import Transactions

NUMBER = sa.table("number", sa.column("n", sa.Integer))
PUT = sa.insert(NUMBER).values(n=sa.bindparam("n"))
COUNT = sa.select(sa.func.count()).select_from(NUMBER)


class Refused(Exception):
    """Something went wrong in the middle."""


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(database_module, "WRITE_WAIT_S", 0.2)
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/transactions.db") as database:
        async with database.begin() as connection:
            await connection.execute(sa.text("CREATE TABLE number (n INTEGER UNIQUE)"))
        yield database


async def put(database: Database, *numbers: int, way: str) -> None:
    """`kept`: as the driver executes statements that it knows; `sqlalchemy`: as text that is new each time."""
    async with database.begin() as connection:
        for n in numbers:
            if n < 0:
                raise Refused
            if way == "kept":
                await connection.execute(PUT, {"n": n})
            else:
                await connection.execute(sa.text(f"INSERT INTO number VALUES ({n})"))


async def count(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(COUNT) or 0


async def tables(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(sa.text("SELECT count(*) FROM sqlite_master")) or 0


@pytest.mark.parametrize("way", ["kept", "sqlalchemy"])
async def test_a_transaction_is_whole_or_not_there(database: Database, way: str) -> None:
    for start in (0, 10, 20):
        await put(database, start, start + 1, way=way)
        with pytest.raises(Refused):
            await put(database, start + 2, -1, way=way)
        with pytest.raises(sa.exc.IntegrityError):
            await put(database, start + 3, start, way=way)
    assert await count(database) == 6


async def test_a_connection_that_cannot_undo_is_replaced_and_what_went_wrong_first_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    await put(database, 1, way="kept")
    with monkeypatch.context() as patch:
        patch.setattr(Transactions, "_rolled_back", broken)
        with pytest.raises(Refused):
            await put(database, 2, -1, way="kept")
    assert await count(database) == 1
    await put(database, 2, way="kept")
    assert await count(database) == 2


async def test_ways_may_be_mixed_in_one_transaction(database: Database) -> None:
    for start in (0, 10, 20):
        async with database.begin() as connection:
            await connection.execute(PUT, {"n": start})
            await connection.execute(sa.text(f"INSERT INTO number VALUES ({start + 1})"))
            async with connection.begin_nested() as inner:
                await connection.execute(PUT, {"n": start + 2})
                await inner.rollback()
            await connection.execute(PUT, {"n": start + 3})
    assert await count(database) == 9


async def test_a_view_is_of_one_moment(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.scalar(COUNT) == 0
        await put(database, 1, way="kept")
        assert await connection.scalar(COUNT) == 0
    assert await count(database) == 1


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_who_is_cancelled_leaves_a_connection_that_works(database: Database, times: int) -> None:
    inside = asyncio.Event()

    async def hold() -> None:
        async with database.begin() as connection:
            await connection.execute(PUT, {"n": 1})
            inside.set()
            await asyncio.Event().wait()

    for _ in range(3):
        inside.clear()
        task = asyncio.create_task(hold())
        await inside.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await count(database) == 0
    await put(database, 1, way="kept")
    assert await count(database) == 1


async def test_there_are_no_more_connections_than_there_may_be_and_who_waits_too_long_is_told(
    database: Database,
) -> None:
    async with database.begin():
        with pytest.raises(sa.exc.TimeoutError, match=r"within 0\.2 s"):
            await put(database, 1, way="kept")
    async with asyncio.timeout(5):
        together = asyncio.Barrier(READERS)

        async def look() -> None:
            async with database.read() as connection:
                assert await connection.scalar(COUNT) == 0
                await together.wait()

        await asyncio.gather(*(look() for _ in range(2 * READERS)))
    await put(database, 1, way="kept")


async def test_writers_take_turns_in_the_order_of_asking(database: Database) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        async with database.begin() as connection:
            await connection.execute(PUT, {"n": number})
            order.append(number)

    await asyncio.gather(*(write(number) for number in range(20)))
    assert order == list(range(20))


async def test_who_is_given_sqlalchemys_connection_sees_that_it_is_in_a_transaction(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.run_sync(lambda given: given.in_transaction()), "Alembic would commit by itself"
        await connection.execute(PUT, {"n": 1})
    assert await count(database) == 1


START = """
import asyncio, sys
from pressroom_shared.database import migrate, open_database

async def start():
    async with open_database(sys.argv[1]) as database:
        print("ready", flush=True)
        sys.stdin.readline()
        await migrate(database, "pressroom_render")

asyncio.run(start())
"""


async def test_replicas_that_migrate_at_once_do_it_one_after_the_other(tmp_path: Path) -> None:
    replicas = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", START, f"sqlite+aiosqlite:///{tmp_path}/render.db"), stdin=PIPE, stdout=PIPE
        )
        for _ in range(4)
    ]
    for each in replicas:
        assert each.stdout is not None
        assert await each.stdout.readline() == b"ready\n"
    await asyncio.gather(*(each.communicate(b"\n") for each in replicas))
    assert [each.returncode for each in replicas] == [0] * 4


async def test_a_new_file_that_another_process_is_at_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/new.db") as database:
        reading = asyncio.ensure_future(tables(database))
        await asyncio.wait({reading}, timeout=0.1)
        assert not reading.done(), "the file cannot be in WAL yet"
        other.execute("COMMIT")
        other.close()
        assert await reading == 0


async def test_another_process_is_waited_for_no_longer_than_is_allowed(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(database_module, "SQLITE_BUSY_TIMEOUT_MS", 100)
    async with open_database(database.url) as impatient:
        other = sqlite3.connect(tmp_path / "transactions.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            await put(impatient, 1, way="kept")
        assert await count(impatient) == 0, "readers do not wait"
        other.execute("COMMIT")
        other.close()
        await put(impatient, 1, way="kept")
        assert await count(impatient) == 1
