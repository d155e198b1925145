"""Fronts as editors have curated them: which articles stand in which slot, by the version rule."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.lists import HOME, OPINION, PICKS, TRENDING
from pressroom_render.tables import curated, front
from pressroom_shared.among import among
from pressroom_shared.database import insert
from pressroom_shared.events import FrontChanged

LEAD = "lead"
EDITORS_PICK = "editors_pick"
SLOTS = (LEAD, EDITORS_PICK, "opinion", "trending")
RAIL_SLOTS = ((PICKS, EDITORS_PICK), (OPINION, "opinion"), (TRENDING, "trending"))
"""The lists that fill what an editor leaves of a slot."""


@dataclass(frozen=True)
class Slots:
    """Article ids by slot, the first on top."""

    rows: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, slot: str) -> list[str]:
        return self.rows.get(slot, [])

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(each for row in self.rows.values() for each in row)

    def rails(self) -> Slots:
        """What stands in rails: all but what leads."""
        return Slots({slot: self[slot] for _, slot in RAIL_SLOTS})

    def only(self, ids: Container[str]) -> Slots:
        """What of it is among these."""
        return Slots({slot: [each for each in row if each in ids] for slot, row in self.rows.items()})

    def without(self, article_id: str) -> Slots:
        return self.only(self.ids - {article_id})


def filled(chosen: list[str], automatic: Iterable[str], size: int, slots: Slots) -> list[str]:
    """A slot of a front: what an editor chose, then, up to `size`, others that stand in none of its slots."""
    return [*chosen, *[each for each in automatic if each not in slots.ids][: max(0, size - len(chosen))]]


def front_list(name: str) -> str:
    """The list that a front shows."""
    return HOME if name == HOME else f"section:{name}"


# The statements of every page are built once.
SLOTS_OF = (
    sa.select(curated.c.front, curated.c.slot, curated.c.article_id)
    .where(among(curated.c.front, "names"))
    .order_by(curated.c.front, curated.c.slot, curated.c.position)
)
FRONTS_WITH = sa.select(curated.c.front).where(curated.c.article_id == sa.bindparam("article_id")).distinct()


class Curation:
    """The curated fronts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: FrontChanged) -> bool:
        """Take a front in if it is newer; a replay also if it is the held version. Says whether it was taken."""
        data = event.data
        newer = front.c.version <= data.version if event.replay else front.c.version < data.version
        statement = insert(self._connection, front).values(name=data.front, version=data.version)
        result = await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[front.c.name], set_={"version": data.version}, where=newer)
        )
        if not result.rowcount:
            return False
        await self._connection.execute(sa.delete(curated).where(curated.c.front == data.front))
        rows = [
            {"front": data.front, "slot": slot, "position": position, "article_id": article_id}
            for slot in SLOTS
            for position, article_id in enumerate(dict.fromkeys(getattr(data, slot)))
        ]
        if rows:
            await self._connection.execute(sa.insert(curated), rows)
        return True

    async def slots(self, names: Iterable[str]) -> dict[str, Slots]:
        """What stands where on each of these fronts; articles that are not live among them."""
        rows: dict[str, dict[str, list[str]]] = {each: {} for each in names}
        for name, slot, article_id in (await self._connection.execute(SLOTS_OF, {"names": rows})).all():
            rows[name].setdefault(slot, []).append(article_id)
        return {name: Slots(found) for name, found in rows.items()}

    async def fronts_with(self, article_id: str) -> set[str]:
        """Every front where an editor has put an article."""
        return set((await self._connection.execute(FRONTS_WITH, {"article_id": article_id})).scalars().all())
