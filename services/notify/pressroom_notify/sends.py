"""Sends: what the ledger holds, for whoever operates it. Readers are named by their id, never by their address."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import delivery
from pressroom_shared.clock import rfc3339

State = Literal[
    "queued", "leased", "sending", "sent", "deferred", "failed", "suppressed", "uncertain", "digest", "cancelled"
]


class Sends:
    """The ledger as it is read, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(
        self, *, article_id: str | None, state: State | None, before: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Mails, the newest first; those before an id."""
        statement = sa.select(delivery).order_by(delivery.c.id.desc()).limit(limit)
        if article_id is not None:
            statement = statement.where(delivery.c.article_id == article_id)
        if state is not None:
            statement = statement.where(delivery.c.state == state)
        if before is not None:
            statement = statement.where(delivery.c.id < before)
        return [_view(row) for row in await self._connection.execute(statement)]

    async def counts(self, article_id: str) -> dict[str, int]:
        """How many mails of an article are in each state."""
        statement = sa.select(delivery.c.state, sa.func.count()).where(delivery.c.article_id == article_id)
        return dict((await self._connection.execute(statement.group_by(delivery.c.state))).all())


def _view(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "article_id": row.article_id or None,
        "reader_id": row.reader_id,
        "channel": row.channel,
        "occasion": row.occasion.partition(":")[0],
        "state": row.state,
        "version": row.version,
        "tries": row.tries,
        "not_before": rfc3339(row.not_before),
        "created_at": rfc3339(row.created_at),
        "changed_at": rfc3339(row.changed_at),
        "detail": row.detail,
    }
