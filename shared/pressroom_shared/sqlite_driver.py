"""SQLAlchemy's driver for SQLite on aiosqlite, without the crossings that most statements do not need.

SQLAlchemy's own crosses into the connection's thread four times a statement (open, execute, fetch, close). A crossing
wakes two threads and turns the interpreter's lock: some 0.2 ms, where SQLite needs 0.02 ms to find a row by its key.
Here a statement crosses once at most, and those that have shown to be short run on the event loop.

What must stay true: nothing that can wait runs on the loop. BEGIN IMMEDIATE waits for other processes' writers, COMMIT
for the disk: both cross. A statement is first run in the thread, and its steps in SQLite's virtual machine are counted
there; only what stayed below `STEPS_MAX` moves to the loop. Should it take more one day, a read is interrupted and
runs again in the thread, a write is let finish (an interrupted one would undo its transaction) and crosses the next
time.
Sources: sqlite.org/c3ref/progress_handler.html, sqlite.org/c3ref/interrupt.html.
"""

# ruff: noqa: SLF001  # it stands in for parts of SQLAlchemy and aiosqlite that have no public way in

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.util import EMPTY_DICT
from sqlalchemy.util.concurrency import await_

BEGIN_WRITING = "BEGIN IMMEDIATE"

STEPS_MAX = 5_000
"""Steps of SQLite's virtual machine that a statement may take on the loop: about a quarter of a millisecond."""

ROWS_MAX = 32
"""How many rows a statement may be given on the loop; with more it crosses, and nothing is learned of it."""

TRIALS = 2
"""How often a statement must have been short in the thread before it runs on the loop."""

DISTRUST = -10
"""Where counting starts again once a statement was long."""

STATEMENTS_MAX = 2_000
"""How many statements are remembered; then remembering starts anew."""


class Places:
    """Which statements have shown to be short. One for a process: its statements are the same on each connection."""

    def __init__(self) -> None:
        self._trials: dict[str, int] = {}

    def on_loop(self, statement: str) -> bool:
        return self._trials.get(statement, 0) >= TRIALS

    def was(self, statement: str, *, short: bool) -> None:
        """Learn from a run."""
        if len(self._trials) >= STATEMENTS_MAX:
            self._trials.clear()
        self._trials[statement] = self._trials.get(statement, 0) + 1 if short else DISTRUST


class Steps:
    """Counts what a statement takes. SQLite calls it about every `STEPS_MAX` steps, the first time perhaps sooner."""

    def __init__(self) -> None:
        self._calls = 0
        self._interrupts = False

    def start(self, *, interrupts: bool) -> None:
        self._calls = 0
        self._interrupts = interrupts

    def __call__(self) -> bool:
        """True interrupts the statement."""
        self._calls += 1
        return self._interrupts and self.too_many

    @property
    def too_many(self) -> bool:
        return self._calls > 1

    @property
    def interrupted(self) -> bool:
        return self._interrupts and self.too_many


PLACES = Places()


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """Executes and fetches in one go, on the loop or in the thread. Rows are held whole, as by SQLAlchemy's own."""

    __slots__ = ()
    _awaitable_cursor_close = False

    _adapt_connection: LoopConnection

    def __init__(self, adapt_connection: LoopConnection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = adapt_connection.raw.cursor()
        self._soft_closed_memoized = EMPTY_DICT
        self._rows = deque()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        """Run one statement; its rows are there afterwards."""
        connection = self._adapt_connection
        try:
            if operation == BEGIN_WRITING:
                connection.writes = True
            elif PLACES.on_loop(operation) and not connection.away and self._executed_on_loop(operation, parameters):
                return
            else:
                connection.steps.start(interrupts=False)
            self._rows = await_(connection.cross(self._run, operation, parameters))
            if operation != BEGIN_WRITING:
                PLACES.was(operation, short=not connection.steps.too_many)
        except (sqlite3.Error, ValueError) as error:
            connection._handle_exception(error)

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        """Run a statement on each of some rows: few may stay on the loop, many cross."""
        connection = self._adapt_connection
        few = len(seq_of_parameters) <= ROWS_MAX
        connection.steps.start(interrupts=False)
        try:
            if few and PLACES.on_loop(operation) and not connection.away:
                self._cursor.executemany(operation, seq_of_parameters)
                await_(_nothing())
            else:
                await_(connection.cross(self._cursor.executemany, operation, seq_of_parameters))
            if few:
                PLACES.was(operation, short=not connection.steps.too_many)
        except (sqlite3.Error, ValueError) as error:
            connection._handle_exception(error)

    def _executed_on_loop(self, operation: str, parameters: Any) -> bool:
        """False when it was a read that took too long, and must cross."""
        connection = self._adapt_connection
        connection.steps.start(interrupts=not connection.writes or operation.startswith("SELECT"))
        try:
            self._rows = self._run(operation, parameters)
        except sqlite3.OperationalError:
            if not connection.steps.interrupted:
                raise
            connection.steps.start(interrupts=False)
            return False
        PLACES.was(operation, short=not connection.steps.too_many)
        await_(_nothing())  # SQLAlchemy holds a statement that never awaits for a driver's mistake
        return True

    def _run(self, operation: str, parameters: Any) -> deque[Any]:
        self._cursor.execute(operation, parameters or ())
        return deque(self._cursor.fetchall() if self._cursor.description else ())

    async def _async_soft_close(self) -> None:
        """Nothing is open that would have to be closed elsewhere."""


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection was in the way (the low byte: sqlite.org/rescode.html#extrc)."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


async def _nothing() -> None:
    return None


class LoopConnection(AsyncAdapt_aiosqlite_connection):
    """A connection that knows whether it is in a write transaction, and whether its thread is still at something."""

    __slots__ = ("away", "steps", "writes")

    _cursor_cls: Any = Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.writes = False
        self.away = False
        self.steps = Steps()
        self.raw.set_progress_handler(self.steps, STEPS_MAX)

    @property
    def raw(self) -> sqlite3.Connection:
        connection: Any = self._connection
        raw: sqlite3.Connection = connection._conn
        return raw

    async def cross(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in the connection's thread, after all that was sent there before.

        Who is cancelled meanwhile leaves the thread at it; until something sent there later is done, all crosses.
        """
        connection: Any = self._connection
        async with self._execute_mutex:
            self.away = True
            try:
                result = await connection._execute(function, *arguments)
            except Exception:
                self.away = False
                raise
            self.away = False
            return result

    def at_once(self, operation: str, rows: list[list[Any]]) -> tuple[sqlite3.Cursor, list[Any]] | None:
        """Run a short statement on the loop, on each of some rows of parameters: its cursor, and the rows it gives.

        None when it must cross, and nothing was done. Raises `sqlite3.Error`: the transaction is to be undone.
        """
        if self.away or len(rows) > ROWS_MAX or not PLACES.on_loop(operation):
            return None
        cursor = self.raw.cursor()
        self.steps.start(interrupts=not self.writes or operation.startswith("SELECT"))
        try:
            if len(rows) == 1:
                cursor.execute(operation, rows[0])
            else:
                cursor.executemany(operation, rows)
            found = cursor.fetchall() if cursor.description else []
        except sqlite3.OperationalError:
            if not self.steps.interrupted:
                raise
            PLACES.was(operation, short=False)
            return None
        PLACES.was(operation, short=not self.steps.too_many)
        return cursor, found

    def each_at_once(self, operation: str, rows: list[list[Any]]) -> list[list[Any]] | None:
        """Run a short statement that reads, on the loop, with each of some rows of parameters: what each gives.

        None when it must cross. Raises `sqlite3.Error`: the transaction is to be undone.
        """
        if self.away or not PLACES.on_loop(operation):
            return None
        cursor = self.raw.cursor()
        self.steps.start(interrupts=True)
        try:
            found = [cursor.execute(operation, each).fetchall() for each in rows]
        except sqlite3.OperationalError:
            if not self.steps.interrupted:
                raise
            PLACES.was(operation, short=False)
            return None
        PLACES.was(operation, short=not self.steps.too_many)
        return found

    async def start(self, begin: str) -> None:
        """Begin a transaction, with that statement. Raises `sqlite3.Error`."""
        self.writes = begin == BEGIN_WRITING
        self.steps.start(interrupts=False)
        if self.away or (self.writes and not self._writes_at_once()):
            await self.cross(self.raw.execute, begin)
        elif not self.writes:
            self.raw.execute(begin)

    def _writes_at_once(self) -> bool:
        """Begin to write, on the loop. False when another process writes: that is waited for in the thread."""
        raw = self.raw
        (patience_ms,) = raw.execute("PRAGMA busy_timeout").fetchone()
        raw.execute("PRAGMA busy_timeout=0")
        try:
            raw.execute(BEGIN_WRITING)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            return False
        finally:
            raw.execute(f"PRAGMA busy_timeout={patience_ms}")
        return True

    async def end(self, end: Callable[[], None]) -> None:
        """Commit, or roll back. What was written waits for the disk, in the thread. Raises `sqlite3.Error`."""
        try:
            if self.writes or self.away:
                await self.cross(end)
            else:
                end()
        finally:
            self.writes = False

    def commit(self) -> None:
        self._end(self.raw.commit)

    def rollback(self) -> None:
        self._end(self.raw.rollback)

    async def _terminate_graceful_close(self) -> None:
        """The thread finishes what it is at, closes the connection, which undoes what was not committed, and ends.

        Nobody waits for that: aiosqlite's `close` waits for ever once its thread has ended, and whoever is cancelled
        twice would have it ended twice.
        """
        self._terminate_force_close()

    def _end(self, end: Callable[[], None]) -> None:
        try:
            if self.writes or self.away:
                await_(self.cross(end))
            else:
                end()
        except (sqlite3.Error, ValueError) as error:
            self._handle_exception(error)
        finally:
            self.writes = False


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite, with `LoopConnection`s."""

    def connect(self, *arguments: Any, **keywords: Any) -> LoopConnection:
        connection = self.aiosqlite.connect(*arguments, **keywords)
        connection._thread.daemon = True
        return LoopConnection(self, await_(connection))


class LoopDialect(SQLiteDialect_aiosqlite):
    """`sqlite+pressroom:///FILE`; `begin` is how a transaction of the engine begins.

    Said here and not by a listener: an engine that has one asks for listeners at every statement.
    """

    driver = "pressroom"
    supports_statement_cache = True

    def __init__(self, begin: str = "BEGIN", **options: Any) -> None:
        super().__init__(**options)
        self._begin = begin

    def do_begin(self, dbapi_connection: Any) -> None:
        if dbapi_connection.raw.in_transaction:  # begun by `start`
            return
        cursor = dbapi_connection.cursor()
        cursor.execute(self._begin)
        cursor.close()

    @classmethod
    def import_dbapi(cls) -> Driver:
        return Driver(__import__("aiosqlite"), __import__("sqlite3"))


registry.register("sqlite.pressroom", __name__, LoopDialect.__name__)
