"""API keys: 256 random bits, shown once and kept as a hash, each with a role, or one for each section."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.keyring import announce_keys
from pressroom_ingest.tables import api_key
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.database import UtcTime, insert
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id

_SHA256, _NOW = sa.bindparam("sha256", type_=sa.Text), sa.bindparam("now", type_=UtcTime)
WHOSE = sa.select(api_key.c.id, api_key.c.name, api_key.c.role, api_key.c.sections).where(
    sa.or_(
        api_key.c.secret_sha256 == _SHA256,
        sa.and_(api_key.c.previous_sha256 == _SHA256, api_key.c.previous_until > _NOW),
    ),
    api_key.c.revoked_at.is_(None),
    sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > _NOW),
)
"""Whose secret it is. Built once: every request asks it."""

Role = Literal["reader", "contributor", "editor", "admin"]
RANK: dict[str, int] = {"reader": 0, "contributor": 1, "editor": 2, "admin": 3}
PREFIX = "prk_"
SECRET_CHARS_MIN = 32
OPERATORS_OWN = "setting-"
"""What the id of a key begins with whose secret is a setting."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request, and from where."""

    id: str
    name: str
    role: Role
    sections: Mapping[str, Role] = field(default_factory=dict)
    address: str = ""

    def role_in(self, section: str) -> Role:
        """The role in a section: its own, else that of its main section, else the key's."""
        main = section.partition("/")[0]
        return self.sections.get(section) or self.sections.get(main) or self.role

    def may(self, role: Role, section: str = "") -> bool:
        return RANK[self.role_in(section)] >= RANK[role]

    def may_somewhere(self, role: Role) -> bool:
        return any(RANK[each] >= RANK[role] for each in [self.role, *self.sections.values()])


def demand(actor: Actor, role: Role, section: str) -> None:
    """Raises 403 where the actor's role in a section does not suffice. No section: the role for everything."""
    if not actor.may(role, section):
        where = f" in {section}" if section else ""
        has = actor.role_in(section)
        raise Problem(403, f"Your key's role{where} is {has}; this needs {article_of(role)} {role}.")


def article_of(role: Role) -> str:
    return "an" if role[0] in "ae" else "a"


def digest(secret: str) -> str:
    """SHA-256: the secret is random, so nothing slower is needed, and looking it up by hash leaks no timing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyUses:
    """When each key was used last, in memory until it is written: a request shall not wait for that."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}

    def note(self, key_id: str, now: datetime) -> None:
        self._seen[key_id] = now

    def take(self) -> dict[str, datetime]:
        seen, self._seen = self._seen, {}
        return seen


class Keys:
    """The keys, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def actor(self, secret: str) -> Actor | None:
        """Whose secret it is; None when nobody's, expired or revoked. The one before a rotation counts for a while."""
        asked = {"sha256": digest(secret), "now": self._clock.now()}
        row = (await self._connection.execute(WHOSE, asked)).one_or_none()
        return None if row is None else Actor(row.id, row.name, row.role, row.sections or {})

    async def create(
        self, name: str, role: Role, *, sections: Mapping[str, Role] | None = None, expires_at: datetime | None = None
    ) -> tuple[dict[str, Any], str]:
        """A new key, and its secret: the only time that it is seen."""
        secret = PREFIX + secrets.token_urlsafe(32)
        key_id = new_id()
        await self._store(key_id, name, role, secret, sections=dict(sections or {}), expires_at=expires_at)
        return await self.show(key_id), secret

    async def rotate(self, key_id: str, *, overlap_h: int) -> tuple[dict[str, Any], str]:
        """A new secret for a key. The old is good for `overlap_h` hours more. Raises 404, and 409 for a dead key."""
        row = await self._row(key_id)
        if row.id.startswith(OPERATORS_OWN):
            raise Problem(409, "This key's secret is the setting PRESSROOM_ADMIN_KEY; change it there.")
        if row.revoked_at is not None:
            raise Problem(409, "The key was revoked; make a new one.")
        secret = PREFIX + secrets.token_urlsafe(32)
        await self._connection.execute(
            sa.update(api_key)
            .where(api_key.c.id == key_id)
            .values(
                secret_sha256=digest(secret),
                previous_sha256=row.secret_sha256,
                previous_until=self._clock.now() + timedelta(hours=overlap_h),
            )
        )
        await announce_keys(self._connection, self._clock)
        return await self.show(key_id), secret

    async def ensure(self, name: str, role: Role, secret: str) -> None:
        """The operator's own first key. Raises a problem when it is short."""
        if len(secret) < SECRET_CHARS_MIN:
            raise Problem(422, f"An admin key needs at least {SECRET_CHARS_MIN} characters.")
        await self._store(f"{OPERATORS_OWN}{digest(secret)[:12]}", name, role, secret)

    async def _store(self, key_id: str, name: str, role: Role, secret: str, **more: Any) -> None:
        await self._connection.execute(
            insert(self._connection, api_key)
            .values(id=key_id, name=name, role=role, secret_sha256=digest(secret), created_at=self._clock.now(), **more)
            .on_conflict_do_nothing()
        )
        await announce_keys(self._connection, self._clock)

    async def _row(self, key_id: str) -> Any:
        row = (await self._connection.execute(sa.select(api_key).where(api_key.c.id == key_id))).one_or_none()
        if row is None:
            raise Problem(404, f"There is no key {key_id!r}.")
        return row

    async def show(self, key_id: str) -> dict[str, Any]:
        return _view(await self._row(key_id))

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
        await announce_keys(self._connection, self._clock)

    async def used(self, seen: Mapping[str, datetime]) -> None:
        """Keep when keys were used last."""
        if seen:
            statement = (
                sa.update(api_key).where(api_key.c.id == sa.bindparam("key")).values(last_used_at=sa.bindparam("at"))
            )
            await self._connection.execute(statement, [{"key": key, "at": at} for key, at in seen.items()])

    async def any_admin(self) -> bool:
        statement = sa.select(api_key.c.id).where(api_key.c.role == "admin", api_key.c.revoked_at.is_(None)).limit(1)
        return await self._connection.scalar(statement) is not None


def _view(row: Any) -> dict[str, Any]:
    def text(moment: datetime | None) -> str | None:
        return None if moment is None else rfc3339(moment)

    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "sections": row.sections or {},
        "created_at": text(row.created_at),
        "expires_at": text(row.expires_at),
        "last_used_at": text(row.last_used_at),
        "previous_until": text(row.previous_until),
        "revoked_at": text(row.revoked_at),
    }
