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
    author: str | None = None
    """Whose picture belongs on it; None: nobody's."""
    drawn: dict[str, Any] | None = None
    """What it says (`Card.document`), where it has an author: so it can be drawn again with another picture."""


class Cards:
    """The cards, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def held(self, article_id: str) -> HeldCard | None:
        row = (await self._connection.execute(sa.select(table).where(table.c.article_id == article_id))).one_or_none()
        if row is None:
            return None
        outcome = Outcome.model_validate(row.outcome)
        return HeldCard(row.version, row.live, row.name, row.former, row.warning, outcome, row.author, row.drawn)

    async def by(self, author: str, limit: int) -> list[str]:
        """The articles on whose cards an author's picture belongs, the newest versions first."""
        statement = sa.select(table.c.article_id).where(table.c.author == author, table.c.live)
        return list((await self._connection.execute(statement.order_by(table.c.version.desc()).limit(limit))).scalars())

    async def renew(self, held: HeldCard, name: str, warning: str, drawn: dict[str, Any]) -> bool:
        """The same article's card was drawn anew. Says whether it was still the one that was held."""
        former = [each for each in dict.fromkeys([*held.former, held.name]) if each != name]
        result = await self._connection.execute(
            sa.update(table)
            .where(table.c.article_id == held.outcome.article_id)
            .where(table.c.version == held.version, table.c.name == held.name, table.c.live)
            .values(name=name, former=former, warning=warning, drawn=drawn)
        )
        return bool(result.rowcount)

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
            "author": card.author,
            "drawn": card.drawn,
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
