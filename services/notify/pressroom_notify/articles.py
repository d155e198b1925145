"""Notify's own copy of the articles: what a mail is made from, and what is not to be told any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article as table
from pressroom_shared.database import Insert, on_both
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


def _newer(put: Insert) -> Insert:
    """Newer wins; what is silenced stays so."""
    more_silent = put.excluded.silent_until > table.c.silent_until
    taken: dict[str, Any] = {each.name: put.excluded[each.name] for each in table.c if each is not table.c.id}
    taken["silent_until"] = sa.case((more_silent, put.excluded.silent_until), else_=table.c.silent_until)
    return put.on_conflict_do_update(
        index_elements=[table.c.id], set_=taken, where=table.c.version < put.excluded.version
    )


# The statements of every article are built once.
UPSERT = on_both(table, _newer)
HELD = sa.select(table.c.version, table.c.silent_until).where(table.c.id == sa.bindparam("article_id"))


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
            "id": data.id,
            "version": data.version,
            "live": live,
            "silent_until": data.version if event.replay or not live else 0,
            "document": data.model_dump(mode="json"),
            "received_at": now,
        }
        applied = await self._connection.execute(UPSERT[self._connection.dialect.name], values)
        row = (await self._connection.execute(HELD, {"article_id": data.id})).one()
        if applied.rowcount:
            return Applied(row.version, row.silent_until)
        kind = Repeat if row.version == data.version else Stale
        return kind(row.version, row.silent_until)
