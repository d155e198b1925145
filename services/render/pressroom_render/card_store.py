"""Which card each article has, by the version rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import card as table
from pressroom_shared.database import insert
from pressroom_shared.events import Outcome


@dataclass(frozen=True, slots=True)
class HeldCard:
    """The card of an article, or the tombstone of a withdrawn one."""

    version: int
    live: bool
    name: str
    former: list[str]
    warning: str
    outcome: Outcome


class Cards:
    """The cards, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held(self, article_id: str) -> HeldCard | None:
        row = (await self._connection.execute(sa.select(table).where(table.c.article_id == article_id))).one_or_none()
        if row is None:
            return None
        return HeldCard(row.version, row.live, row.name, row.former, row.warning, Outcome.model_validate(row.outcome))

    async def put(self, card: HeldCard, *, replay: bool) -> bool:
        """Store what was drawn and said, if it is newer (or as new, for a replay). Says whether it was."""
        values: dict[str, Any] = {
            "article_id": card.outcome.article_id,
            "version": card.version,
            "live": card.live,
            "name": card.name,
            "former": card.former,
            "warning": card.warning,
            "outcome": card.outcome.model_dump(mode="json"),
        }
        given = sa.literal(card.version)
        statement = insert(self._connection, table).values(**values)
        result = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.article_id],
                set_={key: value for key, value in values.items() if key != "article_id"},
                where=given >= table.c.version if replay else given > table.c.version,
            )
        )
        return bool(result.rowcount)
