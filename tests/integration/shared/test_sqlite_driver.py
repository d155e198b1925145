"""Short statements run on the loop, long ones in the connection's thread; whatever moves, nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared import sqlite_driver
from pressroom_shared.database import Database, open_database
from pressroom_shared.sqlite_driver import ROWS_MAX, STEPS_MAX, TRIALS, Places
from tests.waiting import until

# Counts to :n in SQLite's virtual machine, and says which thread it ran in.
COUNT = sa.text(
    "SELECT ran_in(count(*)), count(*) FROM"
    " (WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :n) SELECT n FROM up)"
)
FILL = sa.text(
    "INSERT INTO number (n) WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :n)"
    " SELECT n FROM up WHERE ran_in(n) > 0"
)
LONG = STEPS_MAX * 4


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """What was learned, apart from what other tests taught."""
    monkeypatch.setattr(sqlite_driver, "PLACES", Places())
    return sqlite_driver.PLACES


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/driver.db") as database:
        async with database.begin() as connection:
            await connection.execute(sa.text("CREATE TABLE number (n INTEGER)"))
        yield database


async def threads(connection: AsyncConnection) -> list[bool]:
    """Gets an entry with each statement that calls `ran_in`: whether it ran on the loop."""
    on_loop: list[bool] = []
    loop = threading.get_ident()

    def ran_in(value: int) -> int:
        on_loop.append(threading.get_ident() == loop)
        return value

    raw: Any = (await connection.get_raw_connection()).dbapi_connection
    raw.raw.create_function("ran_in", 1, ran_in)
    return on_loop


async def test_a_statement_moves_to_the_loop_once_it_has_shown_to_be_short(database: Database) -> None:
    async with database.read() as connection:
        on_loop = await threads(connection)
        for _ in range(TRIALS + 2):
            assert (await connection.execute(COUNT, {"n": 3})).one()[1] == 3
    assert on_loop == [False] * TRIALS + [True, True]


async def test_a_long_statement_stays_in_the_thread(database: Database) -> None:
    async with database.read() as connection:
        on_loop = await threads(connection)
        for _ in range(TRIALS + 2):
            assert (await connection.execute(COUNT, {"n": LONG})).one()[1] == LONG
    assert on_loop == [False] * (TRIALS + 2)


async def test_a_read_that_grows_long_is_interrupted_and_answers_from_the_thread(
    database: Database, places: Places
) -> None:
    async with database.read() as connection:
        on_loop = await threads(connection)
        for _ in range(TRIALS):
            await connection.execute(COUNT, {"n": 3})
        del on_loop[:]
        assert (await connection.execute(COUNT, {"n": LONG})).one()[1] == LONG
        assert on_loop == [False]  # on the loop it did not get as far as counting
        assert not places.on_loop(str(COUNT).replace(":n", "?"))
        assert (await connection.execute(COUNT, {"n": 3})).one()[1] == 3
        assert on_loop == [False, False]


async def test_a_read_interrupted_within_a_write_transaction_leaves_it_whole(database: Database) -> None:
    async with database.begin() as connection:
        await threads(connection)
        await connection.execute(sa.text("INSERT INTO number VALUES (7)"))
        for _ in range(TRIALS):
            await connection.execute(COUNT, {"n": 3})
        assert (await connection.execute(COUNT, {"n": LONG})).one()[1] == LONG
    async with database.read() as connection:
        assert (await connection.scalars(sa.text("SELECT n FROM number"))).all() == [7]


async def test_a_write_that_grows_long_is_let_finish_and_crosses_the_next_time(database: Database) -> None:
    async with database.begin() as connection:
        on_loop = await threads(connection)
        for _ in range(TRIALS):
            await connection.execute(FILL, {"n": 1})
        await connection.execute(FILL, {"n": LONG})
        assert on_loop[TRIALS:] == [True] * LONG
        del on_loop[:]
        await connection.execute(FILL, {"n": 1})
        assert on_loop == [False]
    async with database.read() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM number")) == LONG + TRIALS + 1


async def test_a_statement_on_few_rows_moves_to_the_loop_and_on_many_crosses(database: Database) -> None:
    put = sa.text("INSERT INTO number VALUES (ran_in(:n))")
    async with database.begin() as connection:
        on_loop = await threads(connection)
        for _ in range(TRIALS + 1):
            await connection.execute(put, [{"n": 1}, {"n": 2}])
        assert on_loop == [False] * 2 * TRIALS + [True] * 2
        del on_loop[:]
        await connection.execute(put, [{"n": n} for n in range(ROWS_MAX + 1)])
        assert on_loop == [False] * (ROWS_MAX + 1)
    async with database.read() as connection:
        total = await connection.scalar(sa.text("SELECT count(*) FROM number"))
        assert total == 2 * (TRIALS + 1) + ROWS_MAX + 1


async def test_waiting_for_another_writer_and_for_the_disk_never_runs_on_the_loop(database: Database) -> None:
    ran: list[tuple[str, bool]] = []
    loop = threading.get_ident()
    for _ in range(TRIALS + 2):
        async with database.begin() as connection:
            raw: Any = (await connection.get_raw_connection()).dbapi_connection
            raw.raw.set_trace_callback(lambda statement: ran.append((statement, threading.get_ident() == loop)))
            await connection.execute(sa.text("INSERT INTO number VALUES (1)"))
    assert {on_loop for statement, on_loop in ran if statement == "COMMIT"} == {False}
    assert ("INSERT INTO number VALUES (1)", True) in ran
    assert ("BEGIN IMMEDIATE", True) in ran, "nobody else writes"
    del ran[:]
    other = sqlite3.connect(database.url.partition(":///")[2], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with database.begin() as connection:
            await connection.execute(sa.text("INSERT INTO number VALUES (2)"))

    writing = asyncio.create_task(write())
    await until(lambda: ("BEGIN IMMEDIATE", False) in ran)
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing


async def test_an_error_on_the_loop_is_the_databases_own(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE once (n INTEGER UNIQUE)"))
        put = sa.text("INSERT INTO once VALUES (:n)")
        for n in range(TRIALS):
            await connection.execute(put, {"n": n})
        with pytest.raises(sa.exc.IntegrityError):
            await connection.execute(put, {"n": 0})


@pytest.mark.parametrize("times", [1, 2])
async def test_who_is_cancelled_while_the_thread_works_leaves_no_half_transaction(
    database: Database, times: int
) -> None:
    began, release = threading.Event(), threading.Event()

    def block(value: int) -> int:
        began.set()
        release.wait(10)
        return value

    async def slow() -> None:
        async with database.begin() as connection:
            raw: Any = (await connection.get_raw_connection()).dbapi_connection
            raw.raw.create_function("block", 1, block)
            await connection.execute(sa.text("INSERT INTO number VALUES (1)"))
            await connection.execute(sa.text("INSERT INTO number SELECT block(2)"))

    task = asyncio.create_task(slow())
    await until(began.is_set)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
    async with database.begin() as connection:
        await connection.execute(sa.text("INSERT INTO number VALUES (3)"))
    async with database.read() as connection:
        assert (await connection.scalars(sa.text("SELECT n FROM number"))).all() == [3]
