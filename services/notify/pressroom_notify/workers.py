"""Work that is looked for again and again: planning readers, telling receipts, taking up what was left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from pressroom_shared.database import Database
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

Turn = Callable[[], Awaitable[bool]]
"""Does a bounded piece of work in one transaction, and says whether there may be more."""


class Worker:
    """Takes turns until it is stopped: at once after a commit, and otherwise every `idle_s`."""

    def __init__(self, name: str, turn: Turn, database: Database, *, idle_s: float, rest_s: float = 0) -> None:
        self._name = name
        self._turn = turn
        self._idle_s = idle_s
        self._rest_s = rest_s
        self._wakeup = Wakeup()
        database.on_commit(self._wakeup)

    async def run(self, stop: asyncio.Event) -> None:
        """An error of the database is waited out; the work is still there afterwards."""
        while not stop.is_set():
            try:
                more = await self._turn()
            except (SQLAlchemyError, OSError) as error:
                log.warning("%s waits: %s", self._name, error)
                await pause(stop, self._idle_s)
                continue
            if self._rest_s:
                await pause(stop, self._rest_s)
            if not more:
                await self._wakeup.wait(self._idle_s)
