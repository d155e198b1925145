"""What editors have put on fronts, by the version rule. What they leave open is filled by what is newest."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.lists import HOME, OPINION, PICKS, TRENDING
from pressroom_render.tables import front as table
from pressroom_shared.database import insert
from pressroom_shared.events import Front

SLOTS = {PICKS: "editors_pick", TRENDING: "trending", OPINION: "opinion"}
"""A rail's list, and the slot of the home page that goes before it."""


@dataclass(frozen=True, slots=True)
class Slots:
    """The article ids of one front, by slot; live or not."""

    lead: list[str] = field(default_factory=list)
    rails: dict[str, list[str]] = field(default_factory=dict)

    def of(self, rail: str) -> list[str]:
        return self.rails.get(rail, [])

    def names(self, article_id: str) -> bool:
        """Whether a rail shows this article."""
        return any(article_id in ids for ids in self.rails.values())


class Curation:
    """The fronts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, curated: Front, *, replay: bool) -> bool:
        """Take it in if it is newer (or as new, for a replay). Says whether it was."""
        slots = {"lead": curated.lead, **{name: getattr(curated, slot) for name, slot in SLOTS.items()}}
        given = sa.literal(curated.version)
        statement = insert(self._connection, table).values(name=curated.front, version=curated.version, slots=slots)
        result = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.name],
                set_={"version": curated.version, "slots": slots},
                where=given >= table.c.version if replay else given > table.c.version,
            )
        )
        return bool(result.rowcount)

    async def slots(self, name: str = HOME) -> Slots:
        found = await self._connection.scalar(sa.select(table.c.slots).where(table.c.name == name))
        return Slots(found["lead"], {rail: found[rail] for rail in SLOTS}) if found else Slots()
