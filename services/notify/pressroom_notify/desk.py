"""The readers' desk: what the API and the pages work with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.readers import Readers
from pressroom_notify.settings import Settings
from pressroom_notify.tables import secret
from pressroom_notify.tokens import Signer, new_key
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database, insert
from pressroom_shared.shell import Shell
from pressroom_shared.site import Site

SIGNING_KEY = "signing"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request has."""

    database: Database
    site: Site
    settings: Settings
    clock: Clock
    signer: Signer
    shell: Shell

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Readers]:
        """The readers, in a transaction that commits at the end."""
        async with self.database.begin() as connection:
            yield Readers(connection, self.settings, self.clock.now())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Readers]:
        async with self.database.read() as connection:
            yield Readers(connection, self.settings, self.clock.now())


async def signing_key(connection: AsyncConnection) -> bytes:
    """The key of every unsubscribe address: made once, and kept with the readers."""
    statement = insert(connection, secret).values(name=SIGNING_KEY, value=new_key())
    await connection.execute(statement.on_conflict_do_nothing())
    key: bytes | None = await connection.scalar(sa.select(secret.c.value).where(secret.c.name == SIGNING_KEY))
    assert key is not None
    return key
