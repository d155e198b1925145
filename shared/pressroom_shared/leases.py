"""A lease: of several replicas one does the work, and another takes over when it stops renewing."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.clock import Clock
from pressroom_shared.database import Insert, UtcTime, on_both
from pressroom_shared.outbox import LEASE


def _take(insert: Insert) -> Insert:
    return insert.values(
        name=sa.bindparam("name"), owner=sa.bindparam("owner"), expires_at=sa.bindparam("expires_at")
    ).on_conflict_do_update(
        index_elements=[LEASE.c.name],
        set_={"owner": insert.excluded.owner, "expires_at": insert.excluded.expires_at},
        where=sa.or_(LEASE.c.owner == insert.excluded.owner, LEASE.c.expires_at < sa.bindparam("now", type_=UtcTime)),
    )


TAKE = on_both(LEASE, _take)


class Lease:
    """One named lease, asked for by one owner."""

    def __init__(self, name: str, owner: str, *, ttl_s: float, clock: Clock) -> None:
        self.name = name
        self.owner = owner
        self._ttl = timedelta(seconds=ttl_s)
        self._clock = clock

    async def take(self, connection: AsyncConnection) -> bool:
        """Take it when it is free, expired or ours; renews what is ours. Says whether we hold it."""
        now = self._clock.now()
        asked = {"name": self.name, "owner": self.owner, "expires_at": now + self._ttl, "now": now}
        return bool((await connection.execute(TAKE[connection.dialect.name], asked)).rowcount)

    async def release(self, connection: AsyncConnection) -> None:
        """Give it back, so that another need not wait for its end."""
        await connection.execute(
            sa.update(LEASE)
            .where(LEASE.c.name == self.name, LEASE.c.owner == self.owner)
            .values(expires_at=self._clock.now() - timedelta(seconds=1))
        )

    async def note(self, connection: AsyncConnection) -> str | None:
        note: str | None = await connection.scalar(sa.select(LEASE.c.note).where(LEASE.c.name == self.name))
        return note

    async def write_note(self, connection: AsyncConnection, note: str) -> None:
        """Keep one line for whoever holds the lease next."""
        await connection.execute(sa.update(LEASE).where(LEASE.c.name == self.name).values(note=note))
