"""Statements that are kept give what SQLAlchemy's own way gives: rows, types, counts, errors."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared import prepared
from pressroom_shared.among import among
from pressroom_shared.database import Database, UtcTime, on_both, open_database
from pressroom_shared.prepared import Answer, Statements, execute_each
from pressroom_shared.sqlite_driver import PLACES, STEPS_MAX

OFTEN = 6
"""Met, tried in the thread, run on the loop: by then a statement is where it stays."""

METADATA = sa.MetaData()
NOTE = sa.Table(
    "note",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("at", UtcTime),
    sa.Column("document", sa.JSON),
)
AT = datetime(2026, 11, 25, 12, 0, 0, 123, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"id": "a", "number": 1, "live": True, "at": AT, "document": {"headline": "Wind & tide"}},
    {"id": "b", "number": 2, "live": False, "at": None, "document": ["ü"]},
    {"id": "c", "number": 3, "live": True, "at": AT, "document": None},
]
PUT = on_both(
    NOTE,
    lambda put: put.on_conflict_do_update(index_elements=["id"], set_={"number": NOTE.c.number + put.excluded.number}),
)["sqlite"]
OTHER = NOTE.alias()

SELECTS: list[tuple[Any, dict[str, Any]]] = [
    (sa.select(NOTE).where(among(NOTE.c.id, "ids")).order_by(NOTE.c.id), {"ids": ["a", "b", "nobody"]}),
    (sa.select(NOTE.c.id, OTHER.c.id).join(OTHER, OTHER.c.number == NOTE.c.number + 1), {}),
    (sa.select(NOTE.c.document, (NOTE.c.number + 1).label("next")).where(NOTE.c.at == sa.bindparam("at")), {"at": AT}),
    (sa.select(sa.func.max(NOTE.c.at)).where(NOTE.c.live, NOTE.c.number < 10), {}),
    (sa.select(NOTE.c.at.is_not(None), sa.case((NOTE.c.live, "yes"), else_="no")).order_by(NOTE.c.id).limit(2), {}),
    (sa.text("SELECT id, count(*) AS number FROM note WHERE number >= :least GROUP BY id"), {"least": 2}),
    (sa.select(NOTE.c.id).where(NOTE.c.id.in_(["a", "c"])), {}),
]


@pytest.fixture(autouse=True)
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    monkeypatch.setattr(prepared, "STATEMENTS", Statements())
    return prepared.STATEMENTS


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/notes.db") as database:
        async with database.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            await connection.execute(sa.insert(NOTE), ROWS)
        yield database


async def often(connection: AsyncConnection, statement: Any, parameters: Any = None) -> list[Any]:
    """The answers of many executions."""
    return [await connection.execute(statement, parameters) for _ in range(OFTEN)]


@pytest.mark.parametrize(("statement", "parameters"), SELECTS)
async def test_rows_and_their_types_are_the_same(
    database: Database, statement: Any, parameters: dict[str, Any]
) -> None:
    async with database.read() as connection:
        own, *_, kept = await often(connection, statement, parameters)
        rows, expected = kept.all(), own.all()
        assert rows == expected
        assert expected
        assert [row._fields for row in rows] == [row._fields for row in expected]
        assert [[type(value) for value in row] for row in rows] == [[type(value) for value in row] for row in expected]


async def test_what_is_constant_is_kept_and_what_is_built_each_time_is_not(
    database: Database, statements: Statements
) -> None:
    async with database.read() as connection:
        assert isinstance((await often(connection, *SELECTS[0]))[-1], Answer)
        for number in range(OFTEN):
            answer: Any = await connection.execute(sa.select(NOTE.c.id).where(NOTE.c.number == number))
            assert not isinstance(answer, Answer)
        narrower = SELECTS[0][0].where(NOTE.c.number == 2)
        assert [row.id for row in await connection.execute(narrower, SELECTS[0][1])] == ["b"]
    del answer, narrower
    gc.collect()
    shapes = 4  # SQLAlchemy's own cache, which is bounded, holds the first of each
    assert len(statements._met) == shapes


async def test_changes_say_how_many_rows_they_changed(database: Database) -> None:
    by_id = sa.update(NOTE).where(NOTE.c.id == sa.bindparam("of")).values(live=sa.bindparam("now_live"))
    taken = sa.update(NOTE).where(NOTE.c.live).values(number=NOTE.c.number + 1).returning(NOTE.c.id, NOTE.c.live)
    gone = sa.delete(NOTE).where(NOTE.c.id == sa.bindparam("of"))
    async with database.begin() as connection:
        for each in await often(connection, by_id, {"of": "b", "now_live": True}):
            assert each.rowcount == 1
        for each in await often(connection, by_id, {"of": "nobody", "now_live": True}):
            assert each.rowcount == 0
        for each in await often(connection, taken):
            assert sorted(each.all()) == [("a", True), ("b", True), ("c", True)]
        assert [each.rowcount for each in await often(connection, gone, {"of": "a"})] == [1] + [0] * (OFTEN - 1)


async def test_many_rows_are_put_once_each(database: Database) -> None:
    rows = [{**row, "number": 10} for row in ROWS]
    async with database.begin() as connection:
        answers = await often(connection, PUT, rows)
        assert isinstance(answers[-1], Answer)
        await often(connection, PUT, rows[:1])
        await often(connection, PUT, [{"id": "d", "number": 1, "live": False}])
    async with database.read() as connection:
        numbers = dict((await connection.execute(sa.select(NOTE.c.id, NOTE.c.number))).all())
    assert numbers == {"a": 1 + 20 * OFTEN, "b": 2 + 10 * OFTEN, "c": 3 + 10 * OFTEN, "d": OFTEN}


async def test_errors_are_sqlalchemys_own(database: Database) -> None:
    insert = sa.insert(NOTE)
    async with database.begin() as connection:
        for number in range(OFTEN):
            await connection.execute(insert, {**ROWS[0], "id": f"new {number}"})
        with pytest.raises(sa.exc.IntegrityError, match=r"UNIQUE constraint failed: note\.id"):
            await connection.execute(insert, {**ROWS[0], "id": "new 0"})
        await often(connection, *SELECTS[0])
        with pytest.raises(sa.exc.StatementError, match="'ids'"):
            await connection.execute(SELECTS[0][0], {})
        with pytest.raises(sa.exc.StatementError):
            await connection.execute(SELECTS[2][0], {"at": "no moment"})


BY_NUMBER = (
    sa.select(NOTE.c.id, NOTE.c.at, NOTE.c.live).where(NOTE.c.number >= sa.bindparam("least")).order_by(NOTE.c.id)
)


COUNTED = "WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {last}) SELECT max(n) FROM up"


async def test_each_of_several_parameters_gives_its_own_rows(database: Database) -> None:
    several = [{"least": 2}, {"least": 9}, {"least": 1}]
    expected = [[("b", None, False), ("c", AT, True)], [], [("a", AT, True), ("b", None, False), ("c", AT, True)]]
    async with database.read() as connection:
        for _ in range(OFTEN):
            assert [list(map(tuple, rows)) for rows in await execute_each(connection, BY_NUMBER, several)] == expected
        assert await execute_each(connection, BY_NUMBER, []) == []
        with pytest.raises(sa.exc.StatementError, match="'least'"):
            await execute_each(connection, BY_NUMBER, [{"least": 1}, {}])


async def test_what_takes_long_is_asked_of_each_in_the_thread(database: Database) -> None:
    """As is said of one statement in `sqlite_driver.py`: nothing on the loop takes more than some steps."""
    up_to = sa.text(COUNTED.format(last=":last"))
    async with database.read() as connection:
        for _ in range(OFTEN):
            assert await execute_each(connection, up_to, [{"last": 2}, {"last": 3}]) == [[(2,)], [(3,)]]
        assert PLACES.on_loop(COUNTED.format(last="?"))
        found = await execute_each(connection, up_to, [{"last": 2}, {"last": 100 * STEPS_MAX}])
        assert found == [[(2,)], [(100 * STEPS_MAX,)]]
        assert not PLACES.on_loop(COUNTED.format(last="?"))


async def test_what_is_undone_is_undone_for_kept_statements_too(database: Database) -> None:
    change = sa.update(NOTE).values(number=sa.bindparam("to"))

    async def cancelled() -> None:
        async with database.begin() as connection:
            await often(connection, change, {"to": 99})
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await cancelled()
    async with database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.max(NOTE.c.number))) == 3
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            await often(connection, change, {"to": 99})


async def test_what_the_database_refuses_is_not_tried_again(database: Database) -> None:
    """SQLite may have undone the whole transaction by then: a second try would be committed by itself."""
    calls: list[int] = []

    def once_full(number: int) -> int:
        calls.append(number)
        if number == 7:
            raise OSError(28, "No space left on device")
        return number

    change = sa.text("UPDATE note SET number = once_full(:to)")
    async with database.begin() as connection:
        raw: Any = (await connection.get_raw_connection()).dbapi_connection
        raw.raw.create_function("once_full", 1, once_full)
        await often(connection, change, {"to": 1})
        with pytest.raises(sa.exc.OperationalError):
            await connection.execute(change, {"to": 7})
    assert calls.count(7) == 1
