"""The audit log: who did what, when, and from where. Rows are only ever added; an address is erased after its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.keys import Actor
from pressroom_ingest.tables import audit
from pressroom_shared.clock import Clock, rfc3339

ADDRESS_CHARS_MAX = 64
ADD = sa.insert(audit)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a look into the log is asked for."""

    article_id: str = ""
    actor_id: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    """The log, in the transaction of what it tells of: neither is there without the other."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def add(self, actor: Actor, action: str, *, article_id: str = "", **detail: Any) -> None:
        """One line. `action` is a noun and a verb, `article.published`; `detail` holds no text of the article."""
        await self._connection.execute(
            ADD,
            {
                "at": self._clock.now(),
                "actor_id": actor.id,
                "actor_name": actor.name,
                "action": action,
                "article_id": article_id or None,
                "detail": detail,
                "address": actor.address[:ADDRESS_CHARS_MAX] or None,
            },
        )

    async def page(self, wanted: AuditFilter, *, before: int | None, limit: int) -> list[dict[str, Any]]:
        """Newest first."""
        statement = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        for column, value in (
            (audit.c.article_id, wanted.article_id),
            (audit.c.actor_id, wanted.actor_id),
        ):
            if value:
                statement = statement.where(column == value)
        if wanted.action:
            inside = audit.c.action.startswith(f"{wanted.action}.", autoescape=True)
            statement = statement.where(sa.or_(audit.c.action == wanted.action, inside))
        if wanted.since is not None:
            statement = statement.where(audit.c.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(audit.c.at < wanted.until)
        if before is not None:
            statement = statement.where(audit.c.id < before)
        return [_view(row) for row in await self._connection.execute(statement)]

    async def erase_addresses(self, *, before: datetime) -> int:
        """Forget from where things were done before a moment. Says of how many lines."""
        statement = sa.update(audit).where(audit.c.at < before, audit.c.address.is_not(None)).values(address=None)
        return int((await self._connection.execute(statement)).rowcount)


def _view(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "actor": {"id": row.actor_id, "name": row.actor_name},
        "action": row.action,
        "article_id": row.article_id,
        "detail": row.detail,
        "address": row.address,
    }
