"""Which card each article has, by the version rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import card as table
from pressroom_shared.database import Insert, on_both
from pressroom_shared.events import Outcome


def _put(put: Insert, *, replay: bool) -> Insert:
    """Newer wins; of a replay, as new wins too."""
    newer = put.excluded.version >= table.c.version if replay else put.excluded.version > table.c.version
    taken = {each.name: put.excluded[each.name] for each in table.c if each is not table.c.article_id}
    return put.on_conflict_do_update(index_elements=[table.c.article_id], set_=taken, where=newer)


# The statements of every card are built once.
HELD = sa.select(table).where(table.c.article_id == sa.bindparam("of_article"))
PUT = {replay: on_both(table, partial(_put, replay=replay)) for replay in (False, True)}


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
        row = (await self._connection.execute(HELD, {"of_article": article_id})).one_or_none()
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
        result = await self._connection.execute(PUT[replay][self._connection.dialect.name], values)
        return bool(result.rowcount)
