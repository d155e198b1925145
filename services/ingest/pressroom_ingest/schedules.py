"""What is to be published later. Kept in the database, so that no restart forgets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles, Head
from pressroom_ingest.keys import Actor, demand
from pressroom_ingest.publications import Publications, Wish
from pressroom_ingest.tables import article, later_than, publication, schedule
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.database import insert
from pressroom_shared.events import Change
from pressroom_shared.http import Problem

# Asked several times a second, and so built once.
NEXT_AT = sa.select(schedule.c.at).where(schedule.c.held.is_(None)).order_by(schedule.c.at).limit(1)
HELD = sa.select(sa.func.count()).select_from(schedule).where(schedule.c.held.is_not(None))


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One publication to come. `held` says why it waits for an editor though its time is over."""

    article_id: str
    at: datetime
    change: Change | None
    notify: bool | None
    note: str
    override_embargo: bool
    actor_id: str
    actor_name: str
    held: str | None

    @property
    def actor(self) -> Actor:
        """Who decided it; what the key may do now is of no matter any more."""
        return Actor(self.actor_id, self.actor_name, "admin" if self.override_embargo else "editor")

    @property
    def wish(self) -> Wish:
        return Wish(self.change, self.notify, self.note, self.override_embargo)


class Schedules:
    """The publications to come, in one transaction."""

    def __init__(
        self, connection: AsyncConnection, clock: Clock, articles: Articles, publications: Publications
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._articles = articles
        self._publications = publications

    async def set(self, article_id: str, wish: Wish, at: datetime, *, if_match: str | None, actor: Actor) -> Head:
        """Publish it at `at`, whatever is the newest revision then. Raises what publishing would raise."""
        head = await self._articles.head(article_id, lock=True)
        await self._articles.match(head, if_match, needed=False)
        newest = await self._articles.revision(article_id, head.revision)
        await self._publications.may_go_out(head, newest.article, wish, at=at, actor=actor)
        values = {
            "at": at,
            "change": wish.change,
            "notify": wish.notify,
            "note": wish.note,
            "override_embargo": wish.override_embargo,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "held": None,
        }
        await self._connection.execute(
            insert(self._connection, schedule)
            .values(article_id=article_id, **values)
            .on_conflict_do_update(index_elements=[schedule.c.article_id], set_=values)
        )
        await self._articles.set_state(head, "live" if head.state == "live" else "scheduled")
        return await self._articles.head(article_id)

    async def cancel(self, article_id: str, *, if_match: str | None, actor: Actor) -> Head:
        """Raises 409 when nothing is scheduled, or is no longer."""
        head = await self._articles.head(article_id, lock=True)
        demand(actor, "editor", head.section)
        await self._articles.match(head, if_match, needed=False)
        if not await self.drop(head):
            raise Problem(409, f"Nothing is scheduled for the article (its state is {head.state}).")
        return await self._articles.head(article_id)

    async def drop(self, head: Head) -> bool:
        """Forget what was scheduled for an article whose row is locked. Says whether there was anything."""
        gone = await self._connection.execute(sa.delete(schedule).where(schedule.c.article_id == head.id))
        if not gone.rowcount:
            return False
        if head.state == "scheduled":
            await self._articles.set_state(head, "withdrawn" if head.version else head.review_state)
        return True

    async def hold(self, article_id: str, reason: str) -> None:
        """Its time is over, and an editor must look first."""
        await self._connection.execute(
            sa.update(schedule).where(schedule.c.article_id == article_id).values(held=reason)
        )

    async def of(self, article_ids: list[str]) -> dict[str, Scheduled]:
        statement = sa.select(schedule).where(schedule.c.article_id.in_(article_ids))
        return {row.article_id: Scheduled(*row) for row in await self._connection.execute(statement)}

    async def next_at(self) -> datetime | None:
        """When the next one is due."""
        when: datetime | None = await self._connection.scalar(NEXT_AT)
        return when

    async def take_due(self, limit: int) -> list[Scheduled]:
        """Some that are due, oldest first, each with its article's row locked.

        One that another replica works on is passed over; what that replica has done is seen by reading once more
        after the lock. The article's row is locked first, as everywhere.
        """
        due = sa.and_(schedule.c.at <= self._clock.now(), schedule.c.held.is_(None))
        locked = (
            sa.select(article.c.id)
            .join(schedule, schedule.c.article_id == article.c.id)
            .where(due)
            .order_by(schedule.c.at)
            .limit(limit)
            .with_for_update(of=article, skip_locked=True)
        )
        ids = list((await self._connection.execute(locked)).scalars())
        still = sa.select(schedule).where(schedule.c.article_id.in_(ids), due).order_by(schedule.c.at)
        return [Scheduled(*row) for row in await self._connection.execute(still)]

    async def held(self) -> int:
        """How many wait for an editor."""
        return int(await self._connection.scalar(HELD) or 0)

    async def went_out_late(self, by: timedelta, *, since: datetime) -> int:
        """How many publications since then were later than scheduled, by more than that."""
        late = sa.select(sa.func.count()).select_from(publication).where(later_than(by), publication.c.at > since)
        return int(await self._connection.scalar(late) or 0)


def schedule_view(planned: Scheduled | None) -> dict[str, Any] | None:
    if planned is None:
        return None
    return {
        "at": rfc3339(planned.at),
        "change": planned.change,
        "notify": planned.notify,
        "note": planned.note,
        "by": planned.actor_name,
        "held": planned.held,
    }
