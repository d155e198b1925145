"""Who may operate a service: each keeps the newest ring of API keys that ingest announced, and asks nobody."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.database import insert
from pressroom_shared.events import ApiKey, KeyRing, KeysChanged

ONLY = "ring"


def key_ring_table(metadata: sa.MetaData) -> sa.Table:
    """Add the table `key_ring` to a service's metadata: one row."""
    return sa.Table(
        "key_ring",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )


KEY_RING = key_ring_table(sa.MetaData())


def find_key(ring: KeyRing, secret: str, now: datetime) -> ApiKey | None:
    """Whose secret it is; None when nobody's, expired or revoked.

    Secrets are 256 random bits, so comparing their hashes tells nothing by its timing.
    """
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    return next((key for key in ring.keys if key.opens(sha256, now)), None)


class KeyRings:
    """The newest ring, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: KeysChanged) -> None:
        """Keep a ring if it is newer than the one held, or, on a replay, as new."""
        version = event.data.version
        values = {"version": version, "document": event.data.model_dump(mode="json")}
        newer = KEY_RING.c.version <= version if event.replay else KEY_RING.c.version < version
        statement = insert(self._connection, KEY_RING).values(name=ONLY, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[KEY_RING.c.name], set_=values, where=newer)
        )

    async def find(self, secret: str, now: datetime) -> ApiKey | None:
        """Whose secret it is; None when nobody's, expired or revoked, or when no ring has come yet."""
        document = await self._connection.scalar(sa.select(KEY_RING.c.document).where(KEY_RING.c.name == ONLY))
        return None if document is None else find_key(KeyRing.model_validate(document), secret, now)
