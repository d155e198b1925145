"""Fronts: which articles an editor has put where. Each change is an event that renders the front anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles
from pressroom_ingest.keys import Actor, demand
from pressroom_ingest.tables import front
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds, rfc3339
from pressroom_shared.database import insert
from pressroom_shared.events import Front, FrontChanged
from pressroom_shared.http import FieldError, Problem, invalid
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES
from pressroom_shared.site import Site

HOME = "home"
SLOTS = ("lead", "editors_pick", "opinion", "trending")


class Fronts:
    """The fronts, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, site: Site, articles: Articles) -> None:
        self._connection = connection
        self._clock = clock
        self._site = site
        self._articles = articles

    async def show(self, name: str) -> dict[str, Any]:
        """A front's slots; all empty where nobody has put anything. Raises 404 for what is no front."""
        self._known(name)
        row = (await self._connection.execute(sa.select(front).where(front.c.front == name))).one_or_none()
        if row is None:
            return self._view(name, {}, 0, None, None)
        return self._view(name, row.slots, row.version, row.at, row.actor_name)

    async def put(
        self, name: str, slots: dict[str, list[str]], *, if_match: str | None, actor: Actor
    ) -> dict[str, Any]:
        """Curate a front. Raises 404, 412, and 422 naming each place whose article is not there."""
        before = await self.show(name)
        demand(actor, "editor", "" if name == HOME else name)
        if if_match is not None and if_match.strip() not in {"*", f'"{before["version"]}"'}:
            who = f"{before['by']} changed the front at {before['updated_at']}" if before["by"] else "The front is new"
            raise Problem(412, f"{who}. Read it again, and repeat your change.")
        await self._check(slots)
        now = self._clock.now()
        version = max(before["version"] + 1, microseconds(now))
        values = {"slots": slots, "version": version, "actor_id": actor.id, "actor_name": actor.name, "at": now}
        statement = insert(self._connection, front).values(front=name, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[front.c.front], set_=values, where=front.c.version < version
            )
        )
        event = _event(name, slots, version, now)
        await outbox.add(
            self._connection,
            stream=ARTICLES,
            event_id=event.id,
            article_id=event.subject,
            version=version,
            created_at=now,
            payload=event.encode(),
        )
        return await self.show(name)

    async def events(self) -> list[FrontChanged]:
        """Every front that was ever curated, as it is now."""
        rows = await self._connection.execute(sa.select(front).order_by(front.c.front))
        return [_event(row.front, row.slots, row.version, row.at) for row in rows]

    def _known(self, name: str) -> None:
        if name != HOME and name not in self._site.section_keys:
            raise Problem(404, f"There is no front {name!r}: a front is `home` or a section.")

    async def _check(self, slots: dict[str, list[str]]) -> None:
        known = await self._articles.exists([each for ids in slots.values() for each in ids])
        wrong = [
            FieldError(f"{slot}.{place}", f"There is no article {each!r}.")
            for slot, ids in slots.items()
            for place, each in enumerate(ids)
            if each not in known
        ]
        wrong += [FieldError(slot, "An article stands there twice.") for slot, ids in slots.items() if twice(ids)]
        if wrong:
            raise invalid(wrong)

    @staticmethod
    def _view(
        name: str, slots: dict[str, list[str]], version: int, at: datetime | None, by: str | None
    ) -> dict[str, Any]:
        return {
            "front": name,
            **{slot: slots.get(slot, []) for slot in SLOTS},
            "version": version,
            "updated_at": rfc3339(at) if at else None,
            "by": by,
        }


def _event(name: str, slots: dict[str, list[str]], version: int, at: datetime) -> FrontChanged:
    data = Front(front=name, version=version, at=at, **{slot: slots.get(slot, []) for slot in SLOTS})
    return FrontChanged(id=new_id(), source="/ingest", subject=f"front:{name}", time=at, data=data)


def twice(ids: list[str]) -> bool:
    return len(ids) != len(set(ids))
