"""Notify's own copy of the articles: what a mail is made from, and what is not to be told any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article as table
from pressroom_shared.database import insert
from pressroom_shared.events import Article, ArticlePublished, ArticleUnpublished, Withdrawal


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one article. Nothing announced up to `silent_until` is told any more."""

    version: int
    silent_until: int


@dataclass(frozen=True, slots=True)
class Applied(Held):
    """The event was newer, and is held now."""


@dataclass(frozen=True, slots=True)
class Repeat(Held):
    """The held version came again."""


@dataclass(frozen=True, slots=True)
class Stale(Held):
    """The event is older than what is held."""


class Articles:
    """The articles, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: ArticlePublished | ArticleUnpublished, now: datetime) -> Held:
        """Take an event in if it is newer. A replay and a withdrawal silence all that was announced so far."""
        data = event.data
        live = isinstance(data, Article)
        if isinstance(data, Withdrawal) and data.purged:  # not even its address is needed here
            data = data.model_copy(update={"path": "", "former_paths": [], "erased_media": []})
        values: dict[str, Any] = {
            "version": data.version,
            "live": live,
            "silent_until": data.version if event.replay or not live else 0,
            "document": data.model_dump(mode="json"),
            "received_at": now,
        }
        statement = insert(self._connection, table).values(id=data.id, **values)
        changes = values | {
            "silent_until": sa.case(
                (statement.excluded.silent_until > table.c.silent_until, statement.excluded.silent_until),
                else_=table.c.silent_until,
            )
        }
        applied = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.id], set_=changes, where=table.c.version < data.version
            )
        )
        row = (
            await self._connection.execute(
                sa.select(table.c.version, table.c.silent_until).where(table.c.id == data.id)
            )
        ).one()
        if applied.rowcount:
            return Applied(row.version, row.silent_until)
        kind = Repeat if row.version == data.version else Stale
        return kind(row.version, row.silent_until)
