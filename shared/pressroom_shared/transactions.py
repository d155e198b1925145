"""Transactions on connections to SQLite that stay open.

SQLAlchemy takes a connection from its pool, begins, commits, and gives it back cleaned: a quarter of a millisecond, for
a transaction that reads one row in 0.01 ms. Here a connection is had as it was left, and the driver is told to begin
and to end. What goes SQLAlchemy's way within it still has a transaction of SQLAlchemy's, which finds that one begun.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from pressroom_shared.prepared import Engine, Transaction, refused
from pressroom_shared.sqlite_driver import LoopConnection


class Transactions:
    """As many at a time as there may be connections; others wait in line, in the order of asking."""

    def __init__(self, engine: Engine, connections_max: int, *, begin: str, wait_s: float) -> None:
        """`begin`: how one begins. `wait_s`: how long one waits in line before it gives up."""
        self._engine = engine
        self._begin = begin
        self._wait_s = wait_s
        self._turn = asyncio.Semaphore(connections_max)
        self._free: list[Transaction] = []
        self._closed = False

    @property
    def dialect(self) -> sa.Dialect:
        return self._engine.dialect

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """Commits at the end, is undone on an error. Raises `sqlalchemy.exc.TimeoutError` when none got free,
        `sqlalchemy.exc.DBAPIError` when SQLite refuses."""
        await self._wait_for_turn()
        try:
            connection = self._free.pop() if self._free else await self._open()
        except BaseException:
            self._turn.release()
            raise
        try:
            await self._started(connection)
            yield connection
            await self._committed(connection)
        except BaseException:
            # In a task of its own: whoever is cancelled again leaves a connection that is whole.
            await asyncio.shield(asyncio.ensure_future(self._undo(connection)))
            raise
        await self._give_back(connection)

    async def dispose(self) -> None:
        """Close what is free; what is still at something is closed when it ends."""
        self._closed = True
        while self._free:
            await self._free.pop().close()
        await self._engine.dispose()

    async def _wait_for_turn(self) -> None:
        if not self._turn.locked():
            await self._turn.acquire()
            return
        try:
            async with asyncio.timeout(self._wait_s):
                await self._turn.acquire()
        except TimeoutError:
            raise sa.exc.TimeoutError(f"No connection to the database got free within {self._wait_s} s.") from None

    async def _open(self) -> Transaction:
        connection = await self._engine.connect()
        assert isinstance(connection, Transaction)
        return connection

    async def _started(self, connection: Transaction) -> None:
        try:
            await connection.driver.start(self._begin)
        except sqlite3.Error as error:
            raise refused(self._begin, (), error, self.dialect) from error

    async def _committed(self, connection: Transaction) -> None:
        if _is_sqlalchemys(connection):
            await connection.commit()
            return
        driver = connection.driver
        try:
            await driver.end(driver.raw.commit)
        except sqlite3.Error as error:
            raise refused("COMMIT", (), error, self.dialect) from error

    async def _undo(self, connection: Transaction) -> None:
        """Undo what was done. A connection that cannot even do that is closed, which undoes it too: the error that
        led here is the one to tell."""
        try:
            if not connection.invalidated:  # as SQLAlchemy does when it is cancelled in the middle of a statement
                await self._rolled_back(connection)
        except (sqlite3.Error, sa.exc.SQLAlchemyError, ValueError):
            await connection.invalidate()
        finally:
            await self._give_back(connection)

    async def _give_back(self, connection: Transaction) -> None:
        try:
            if connection.invalidated or self._closed:
                await connection.close()
            else:
                self._free.append(connection)
        finally:
            self._turn.release()

    async def _rolled_back(self, connection: Transaction) -> None:
        driver: LoopConnection = connection.driver
        if _is_sqlalchemys(connection):
            await connection.rollback()
        else:
            await driver.end(driver.raw.rollback)


def _is_sqlalchemys(connection: Transaction) -> bool:
    """Whether something went SQLAlchemy's way, so that it has a transaction to end."""
    return connection.sync_connection is not None and connection.sync_connection.get_transaction() is not None
