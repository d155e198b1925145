"""Notes that the newsroom writes to itself on an article. No reader ever sees one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.keys import Actor
from pressroom_ingest.tables import note
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id


class Notes:
    """The notes, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def add(self, article_id: str, text: str, *, revision: int, actor: Actor) -> dict[str, Any]:
        note_id = new_id()
        await self._connection.execute(
            sa.insert(note).values(
                id=note_id,
                article_id=article_id,
                revision=revision,
                text=text,
                actor_id=actor.id,
                actor_name=actor.name,
                at=self._clock.now(),
            )
        )
        return _view(await self._row(article_id, note_id))

    async def page(self, article_id: str, *, before: str, limit: int) -> list[dict[str, Any]]:
        """Newest first."""
        statement = sa.select(note).where(note.c.article_id == article_id).order_by(note.c.id.desc()).limit(limit)
        if before:
            statement = statement.where(note.c.id < before)
        return [_view(row) for row in await self._connection.execute(statement)]

    async def remove(self, article_id: str, note_id: str, actor: Actor) -> None:
        """Raises 404, and 403 for another's note unless an admin asks."""
        row = await self._row(article_id, note_id)
        if row.actor_id != actor.id and not actor.may("admin"):
            raise Problem(403, f"The note is {row.actor_name}'s; only they or an admin may remove it.")
        await self._connection.execute(sa.delete(note).where(note.c.id == note_id))

    async def _row(self, article_id: str, note_id: str) -> Any:
        statement = sa.select(note).where(note.c.article_id == article_id, note.c.id == note_id)
        row = (await self._connection.execute(statement)).one_or_none()
        if row is None:
            raise Problem(404, f"The article {article_id!r} has no note {note_id!r}.")
        return row


def _view(row: Any) -> dict[str, Any]:
    return {"id": row.id, "revision": row.revision, "text": row.text, "by": row.actor_name, "at": rfc3339(row.at)}
