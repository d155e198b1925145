"""Which look the pages have: kept in the database, so that no process writes pages in an older one beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import design
from pressroom_shared.database import Database, insert
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

SITE = "site"
WATCH_S = 2
"""How often a process looks whether the pages have another look by now."""

LOOK = sa.select(design.c.hash).where(design.c.name == sa.bindparam("of"))


async def look_of(connection: AsyncConnection) -> str | None:
    """What the pages look like; None before the first start."""
    found: str | None = await connection.scalar(LOOK, {"of": SITE})
    return found


async def keep_look(connection: AsyncConnection, look: str) -> None:
    """From when this is committed, only who has this look puts pages in place."""
    statement = insert(connection, design).values(name=SITE, hash=look)
    await connection.execute(statement.on_conflict_do_update(index_elements=[design.c.name], set_={"hash": look}))


class LookWatch:
    """Ends its process once the site was rebuilt with another look, so that it starts again with that one.

    Only where the files that a new start reads give that look: a process that cannot have it stays, and writes nothing.
    """

    def __init__(self, database: Database, look: str, read_again: Callable[[], str]) -> None:
        self._database = database
        self._look = look
        self._read_again = read_again

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await pause(stop, WATCH_S)
            try:
                async with self._database.read() as connection:
                    now = await look_of(connection)
            except (OSError, sa.exc.DBAPIError):
                continue  # whoever needs the database says so
            if now not in {None, self._look} and await asyncio.to_thread(self._read_again) == now:
                log.info("The site was rebuilt with another look: this process starts again with it.")
                return
