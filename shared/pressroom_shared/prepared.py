"""Statements that are executed again and again on SQLite, without what SQLAlchemy does around each execution.

SQLAlchemy takes ten times as long to execute a statement as SQLite to find a row: 30 us and 3. It still builds and
compiles each; here the text is kept, with what turns parameters and columns into their types, and given to the driver
where that would run it on the loop. Everything else goes SQLAlchemy's way: a statement that is met for the first time
or is no constant, one that is long or crosses for another reason, one whose parameters are wrong, and PostgreSQL.

What must stay true: both ways give the same rows and errors, and say the same of how many there were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.compiler import SQLCompiler

from pressroom_shared.sqlite_driver import LoopConnection

T = TypeVar("T")

Process = Callable[[Any], Any]
Parameters = Mapping[str, Any]


class Answer(IteratorResult[Any]):
    """The rows of a statement, and how many it changed."""

    def __init__(self, names: SimpleResultMetaData, rows: Sequence[Any], rowcount: int) -> None:
        super().__init__(names, iter(rows))
        self.rowcount = rowcount


class Prepared:
    """A statement as SQLite takes it."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.text = compiled.string
        self.gives_rows = bool(compiled._result_columns)  # noqa: SLF001  # documented for who writes dialects
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        self._keys = [bind.key for bind in binds]
        self._given = {bind.key: bind.effective_value for bind in binds if not bind.required}
        processes_in = [bind.type.dialect_impl(dialect).bind_processor(dialect) for bind in binds]
        self._processes_in = [(place, process) for place, process in enumerate(processes_in) if process]
        columns = compiled._result_columns  # noqa: SLF001
        self._names = SimpleResultMetaData([each.keyname for each in columns]) if columns else None
        processes = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
        self._processes = processes if any(processes) else None

    def arguments(self, given: Parameters) -> list[Any]:
        """What stands for each `?`. Raises `KeyError` where one is missing."""
        every = {**self._given, **given} if self._given else given
        values = [every[key] for key in self._keys]
        for place, process in self._processes_in:
            values[place] = process(values[place])
        return values

    def answer(self, cursor: sqlite3.Cursor, rows: list[Any]) -> Answer:
        names = self._names or SimpleResultMetaData([each[0] for each in cursor.description or ()])
        return Answer(names, self.typed(rows), cursor.rowcount)

    def typed(self, rows: list[Any]) -> list[Any]:
        """Rows as SQLite gives them, in the types of their columns."""
        processes = self._processes
        if processes is None:
            return rows
        return [
            tuple(process(value) if process else value for process, value in zip(processes, row, strict=True))
            for row in rows
        ]


class Statements:
    """What was compiled. One for a process: its statements are the same on each connection."""

    def __init__(self) -> None:
        self._met: WeakKeyDictionary[Any, dict[tuple[str, ...], Prepared | None]] = WeakKeyDictionary()

    def prepared(self, statement: Any, given: Parameters, dialect: Dialect) -> Prepared | None:
        """None for one that is met for the first time, and so may never be met again; and for what is not to be kept.

        Of what changes rows the parameters' names are part: they may name columns.
        """
        known = self._met.get(statement)
        if known is None:
            self._met[statement] = {}
            return None
        names = tuple(given) if statement.is_dml else ()
        if names not in known:
            known[names] = _compiled(statement, names, dialect)
        return known[names]


def _compiled(statement: Any, names: tuple[str, ...], dialect: Dialect) -> Prepared | None:
    compiled = statement.compile(dialect=dialect, column_keys=sorted(names) or None)
    if not isinstance(compiled, SQLCompiler):
        return None
    filled_in = compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch
    by_name = compiled._result_columns and not compiled._ordered_columns  # noqa: SLF001
    if filled_in or by_name:
        return None
    return Prepared(compiled, dialect)


STATEMENTS = Statements()


class Transaction(AsyncConnection):
    """A connection of `Engine`. Whoever has it sees no difference."""

    __slots__ = ("_driver",)

    _driver: LoopConnection

    @property
    def driver(self) -> LoopConnection:
        """SQLite's side of it."""
        try:
            return self._driver
        except AttributeError:
            assert self.sync_connection is not None
            raw: Any = self.sync_connection.connection.dbapi_connection
            self._driver = raw
            return self._driver

    async def execute(self, statement: Any, parameters: Any = None, **options: Any) -> Any:
        """As `AsyncConnection.execute`."""
        answer = None if options.get("execution_options") else self._at_once(statement, parameters)
        return await super().execute(statement, parameters, **options) if answer is None else answer

    async def run_sync(self, fn: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """As `AsyncConnection.run_sync`. Who is given SQLAlchemy's connection shall see that it is in a transaction:
        Alembic would else commit by itself after each step."""
        if not self.in_transaction():
            await self.begin()
        return await super().run_sync(fn, *arguments, **keywords)

    def _at_once(self, statement: Any, parameters: Any) -> Answer | None:
        """None: it goes SQLAlchemy's way."""
        rows: Sequence[Parameters] = parameters if isinstance(parameters, list) else [parameters or {}]
        if not rows:
            return None
        prepared = STATEMENTS.prepared(statement, rows[0], self.dialect)
        if prepared is None or (len(rows) > 1 and prepared.gives_rows):
            return None
        found = self._run(self.driver.at_once, prepared, rows)
        return None if found is None else prepared.answer(*found)

    def each_at_once(self, statement: Any, several: Sequence[Parameters]) -> list[list[Any]] | None:
        """The rows that it reads with each of these. None: one after the other, as any statement."""
        prepared = STATEMENTS.prepared(statement, several[0], self.dialect)
        found = None if prepared is None else self._run(self.driver.each_at_once, prepared, several)
        return None if found is None or prepared is None else [prepared.typed(each) for each in found]

    def _run(self, run: Callable[[str, list[Any]], T], prepared: Prepared, rows: Sequence[Parameters]) -> T | None:
        """None: something is wrong with the parameters. SQLAlchemy says what."""
        try:
            arguments = [prepared.arguments(each) for each in rows]
        except (ValueError, LookupError, AttributeError, TypeError):
            return None
        try:
            return run(prepared.text, arguments)
        except sqlite3.Error as error:
            # Never tried again: SQLite may have undone the transaction, and a second try would be committed by itself.
            raise refused(prepared.text, arguments, error, self.dialect) from error


async def execute_each(
    connection: AsyncConnection, statement: Any, several: Sequence[Parameters]
) -> Sequence[Sequence[Any]]:
    """The rows that a statement reads with each of several parameters.

    On SQLite, where asking costs next to nothing, cheaper than one question that is put together of all of them.
    """
    if not several:
        return []
    if isinstance(connection, Transaction) and (found := connection.each_at_once(statement, several)) is not None:
        return found
    return [(await connection.execute(statement, one)).all() for one in several]


def refused(text: str, arguments: Sequence[Any], error: sqlite3.Error, dialect: Dialect) -> BaseException:
    """What SQLite refuses, as SQLAlchemy says it."""
    return sa.exc.DBAPIError.instance(text, arguments, error, sqlite3.Error, dialect=dialect)


class Engine(AsyncEngine):
    """Of SQLite."""

    _connection_cls = Transaction
