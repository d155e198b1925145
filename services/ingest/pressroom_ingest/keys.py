"""API keys: 256 random bits, shown once and kept as a hash, each with a role."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import api_key
from pressroom_shared.clock import Clock
from pressroom_shared.database import insert
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id

Role = Literal["contributor", "editor", "admin"]
RANK: dict[str, int] = {"contributor": 1, "editor": 2, "admin": 3}
PREFIX = "prk_"
SECRET_CHARS_MIN = 32


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request."""

    id: str
    name: str
    role: Role
    address: str = ""

    def may(self, role: Role) -> bool:
        return RANK[self.role] >= RANK[role]


def digest(secret: str) -> str:
    """SHA-256: the secret is random, so nothing slower is needed, and looking it up by hash leaks no timing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keys:
    """The keys, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def actor(self, secret: str) -> Actor | None:
        """Whose secret it is; None when nobody's or revoked."""
        row = (
            await self._connection.execute(
                sa.select(api_key.c.id, api_key.c.name, api_key.c.role).where(
                    api_key.c.secret_sha256 == digest(secret), api_key.c.revoked_at.is_(None)
                )
            )
        ).one_or_none()
        return None if row is None else Actor(*row)

    async def create(self, name: str, role: Role) -> tuple[dict[str, Any], str]:
        """A new key, and its secret: the only time that it is seen."""
        secret = PREFIX + secrets.token_urlsafe(32)
        key_id = new_id()
        await self._store(key_id, name, role, secret)
        return await self.show(key_id), secret

    async def ensure(self, name: str, role: Role, secret: str) -> None:
        """The operator's own first key. Raises a problem when it is short."""
        if len(secret) < SECRET_CHARS_MIN:
            raise Problem(422, f"An admin key needs at least {SECRET_CHARS_MIN} characters.")
        await self._store(f"setting-{digest(secret)[:12]}", name, role, secret)

    async def _store(self, key_id: str, name: str, role: Role, secret: str) -> None:
        await self._connection.execute(
            insert(self._connection, api_key)
            .values(id=key_id, name=name, role=role, secret_sha256=digest(secret), created_at=self._clock.now())
            .on_conflict_do_nothing()
        )

    async def show(self, key_id: str) -> dict[str, Any]:
        row = (await self._connection.execute(sa.select(api_key).where(api_key.c.id == key_id))).one_or_none()
        if row is None:
            raise Problem(404, f"There is no key {key_id!r}.")
        return _view(row)

    async def list(self) -> list[dict[str, Any]]:
        rows = await self._connection.execute(sa.select(api_key).order_by(api_key.c.created_at, api_key.c.id))
        return [_view(row) for row in rows]

    async def revoke(self, key_id: str) -> None:
        await self.show(key_id)
        await self._connection.execute(
            sa.update(api_key)
            .where(api_key.c.id == key_id, api_key.c.revoked_at.is_(None))
            .values(revoked_at=self._clock.now())
        )

    async def any_admin(self) -> bool:
        statement = sa.select(api_key.c.id).where(api_key.c.role == "admin", api_key.c.revoked_at.is_(None)).limit(1)
        return await self._connection.scalar(statement) is not None


def _view(row: Any) -> dict[str, Any]:
    def text(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "created_at": text(row.created_at),
        "revoked_at": text(row.revoked_at),
    }
