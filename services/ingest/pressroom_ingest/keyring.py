"""Every change of the keys goes to all services as one event that holds the whole ring of them, hashes only."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import api_key
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.events import ApiKey, KeyRing, KeysChanged
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES

SOURCE = "/ingest"
SUBJECT = "keys"


async def announce_keys(connection: AsyncConnection, clock: Clock) -> None:
    """Tell every service which keys there are now, in the transaction that changed them.

    The rows are locked before the version is taken, so that whoever changes one at the same time is newer, or seen.
    """
    rows = await connection.execute(sa.select(api_key).order_by(api_key.c.created_at, api_key.c.id).with_for_update())
    now = clock.now()
    keys = [
        ApiKey(
            id=row.id,
            name=row.name,
            role=row.role,
            sections=row.sections or {},
            secret_sha256=row.secret_sha256,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
            expires_at=row.expires_at,
            previous_sha256=row.previous_sha256,
            previous_until=row.previous_until,
        )
        for row in rows
    ]
    ring = KeyRing(version=microseconds(now), keys=keys)
    event = KeysChanged(id=new_id(), source=SOURCE, subject=SUBJECT, time=now, data=ring)
    await outbox.add(
        connection,
        stream=ARTICLES,
        event_id=event.id,
        article_id=SUBJECT,
        version=ring.version,
        payload=event.encode(),
        created_at=now,
    )
