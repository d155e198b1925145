"""Inventories: what each sink says that it holds, and where that differs from what ingest has.

Asked for by an event that every sink reads; the answers come by pages, in any order, perhaps twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.operation_tables import adoption, inventory, inventory_page
from pressroom_ingest.tables import article, tombstone
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.database import insert
from pressroom_shared.events import Inventory, InventoryRequest, InventoryRequested
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, SINKS

SOURCE = "/ingest"
Kind = Literal["missing", "behind", "ahead", "unknown", "purged", "differs"]
KEPT_INVENTORIES = 5

WORDS: dict[str, str] = {
    "missing": "the sink has never had it",
    "behind": "the sink holds an older version",
    "ahead": "the sink holds a newer version than ingest has",
    "unknown": "ingest has no such article",
    "purged": "it was purged, and the sink has it still",
    "differs": "the same version with other contents",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """One article of which a sink holds something else than ingest has. A version of 0: none."""

    group: str
    article_id: str
    kind: Kind
    ours: int
    theirs: int
    path: str = ""
    gone: bool = False
    """Whether the sink holds it as withdrawn."""

    def view(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "article_id": self.article_id,
            "kind": self.kind,
            "ours": self.ours or None,
            "theirs": self.theirs or None,
            "detail": WORDS[self.kind],
        }


class Inventories:
    """The inventories, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def ask(self) -> str:
        """Ask every sink what it holds. Returns the request's id; older inventories are forgotten."""
        await self._forget()
        now, request_id = self._clock.now(), new_id()
        event = InventoryRequested(
            id=new_id(), source=SOURCE, subject="inventory", time=now, data=InventoryRequest(request_id=request_id)
        )
        await outbox.add(
            self._connection,
            stream=ARTICLES,
            event_id=event.id,
            article_id="inventory",
            version=microseconds(now),
            payload=event.encode(),
            created_at=now,
        )
        # Page 0 is ours: the request itself, so that an answer to nothing is told from one to this.
        await self._connection.execute(
            sa.insert(inventory_page).values(request_id=request_id, group="", page=0, last=False, at=now)
        )
        return request_id

    async def record(self, page: Inventory) -> None:
        """Take one page of one sink's answer. A repeat changes nothing."""
        statement = insert(self._connection, inventory_page).values(
            request_id=page.request_id, group=page.group, page=page.page, last=page.last, at=page.at
        )
        await self._connection.execute(statement.on_conflict_do_nothing())
        if not page.items:
            return
        rows = [
            {
                "request_id": page.request_id,
                "group": page.group,
                "article_id": each.id,
                "version": each.version,
                "withdrawn": each.withdrawn,
                "path": each.path,
                "hash": each.hash,
            }
            for each in page.items
        ]
        await self._connection.execute(insert(self._connection, inventory).on_conflict_do_nothing(), rows)

    async def answered(self, request_id: str) -> list[str]:
        """The sinks whose answer is whole. Raises 404 for a request that nobody made."""
        rows = (
            await self._connection.execute(sa.select(inventory_page).where(inventory_page.c.request_id == request_id))
        ).all()
        if not rows:
            raise Problem(404, f"There is no inventory {request_id!r}.")
        pages = Counter(row.group for row in rows)
        whole = {row.group for row in rows if row.last and pages[row.group] == row.page}
        return [group for group in SINKS if group in whole]

    async def drift(self, request_id: str, *, limit: int) -> list[Drift]:
        """Where the sinks that have answered differ from ingest, `limit` of each sink at most."""
        found: list[Drift] = []
        for group in await self.answered(request_id):
            found += await self._drift_of(request_id, group, limit)
        return found

    async def hashed(self, request_id: str, group: str, *, after: str, limit: int) -> list[tuple[str, int, str]]:
        """Id, version and hash of what a sink holds in the version that ingest has, in the order of ids."""
        statement = (
            sa.select(inventory.c.article_id, inventory.c.version, inventory.c.hash)
            .join(article, article.c.id == inventory.c.article_id)
            .where(
                inventory.c.request_id == request_id,
                inventory.c.group == group,
                inventory.c.version == article.c.version,
                inventory.c.hash != "",
                inventory.c.article_id > after,
            )
            .order_by(inventory.c.article_id)
            .limit(limit)
        )
        return [(row.article_id, row.version, row.hash) for row in await self._connection.execute(statement)]

    async def _drift_of(self, request_id: str, group: str, limit: int) -> list[Drift]:
        theirs = (
            sa.select(inventory.c.article_id, inventory.c.version, inventory.c.withdrawn, inventory.c.path)
            .where(inventory.c.request_id == request_id, inventory.c.group == group)
            .subquery()
        )
        withdrawn = article.c.state == "withdrawn"
        known = (
            sa.select(article.c.id, article.c.version, theirs.c.version.label("theirs"), theirs.c.withdrawn)
            .outerjoin(theirs, theirs.c.article_id == article.c.id)
            .where(
                article.c.version.is_not(None),
                sa.or_(
                    theirs.c.version.is_(None),
                    theirs.c.version != article.c.version,
                    sa.and_(theirs.c.withdrawn, sa.not_(withdrawn)),
                    sa.and_(sa.not_(theirs.c.withdrawn), withdrawn),
                ),
            )
            .order_by(article.c.id)
            .limit(limit)
        )
        strange = (
            sa.select(theirs.c.article_id, theirs.c.version, theirs.c.path, tombstone.c.version.label("purged"))
            .outerjoin(article, article.c.id == theirs.c.article_id)
            .outerjoin(tombstone, tombstone.c.article_id == theirs.c.article_id)
            .where(sa.or_(article.c.id.is_(None), article.c.version.is_(None)), sa.not_(theirs.c.withdrawn))
            .order_by(theirs.c.article_id)
            .limit(limit)
        )
        found = [
            Drift(group, row.id, _kind(row.version, row.theirs), row.version, row.theirs or 0, gone=bool(row.withdrawn))
            for row in await self._connection.execute(known)
        ]
        found += [
            Drift(group, row.article_id, "unknown" if row.purged is None else "purged", 0, row.version, row.path)
            for row in await self._connection.execute(strange)
        ]
        return found

    async def _forget(self) -> None:
        """Keep the last few."""
        ids = (
            await self._connection.execute(
                sa.select(inventory_page.c.request_id)
                .where(inventory_page.c.page == 0)
                .order_by(inventory_page.c.request_id.desc())
                .offset(KEPT_INVENTORIES - 1)
            )
        ).scalars()
        for request_id in list(ids):
            await self._connection.execute(sa.delete(inventory).where(inventory.c.request_id == request_id))
            await self._connection.execute(sa.delete(adoption).where(adoption.c.request_id == request_id))
            await self._connection.execute(sa.delete(inventory_page).where(inventory_page.c.request_id == request_id))


def _kind(ours: int, theirs: int | None) -> Kind:
    if theirs is None:
        return "missing"
    if theirs == ours:
        return "differs"
    return "behind" if theirs < ours else "ahead"


def by_kind(drift: Sequence[Drift]) -> dict[str, int]:
    return dict(Counter(each.kind for each in drift))
