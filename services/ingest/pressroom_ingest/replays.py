"""Replays: every article that was asked for goes once more to some sinks, from ingest's store, for repair.

A replay's events are marked `replay`: they apply at `>=`, and no reader is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.operation_tables import replay
from pressroom_ingest.tables import article
from pressroom_shared.clock import Clock, microseconds, rfc3339
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id
from pressroom_shared.keys import SINKS

OPEN = ("queued", "sending", "draining")
VERBS = {"pages": "render", "cards": "draw", "search": "index", "notify": "notify"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which articles: one, some, a section with its sub-sections, those last published since a moment; all of them if
    none is given. Drafts were never sent and are not replayed; withdrawn articles are, as tombstones."""

    article_id: str = ""
    section: str = ""
    since: datetime | None = None
    ids: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "article_id": self.article_id,
            "ids": list(self.ids),
            "section": self.section,
            "since": rfc3339(self.since) if self.since else None,
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Selection:
        since = document["since"]
        return cls(
            document["article_id"],
            document["section"],
            datetime.fromisoformat(since) if since else None,
            tuple(document["ids"]),
        )

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = [article.c.version.is_not(None)]
        if self.article_id:
            found.append(article.c.id == self.article_id)
        if self.ids:
            found.append(article.c.id.in_(self.ids))
        if self.section:
            inside = article.c.section.startswith(f"{self.section}/", autoescape=True)
            found.append(sa.or_(article.c.section == self.section, inside))
        if self.since is not None:
            # A version is the microsecond of its publication, or just above.
            found.append(article.c.version >= microseconds(self.since))
        return found


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay, and how far it has come. `queued → sending → draining → done`, or `cancelled`."""

    id: str
    selection: Selection
    groups: tuple[str, ...]
    state: str
    reason: str
    total: int
    sent: int
    cursor: str
    epoch: str | None
    created_at: datetime
    finished_at: datetime | None

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "selection": self.selection.document(),
            "to": list(self.groups),
            "state": self.state,
            "reason": self.reason,
            "total": self.total,
            "sent": self.sent,
            "created_at": rfc3339(self.created_at),
            "finished_at": rfc3339(self.finished_at) if self.finished_at else None,
        }


def would(live: int, withdrawn: int, groups: Sequence[str]) -> str:
    """What a replay would do, in one line: `would render 12, index 12, notify 0`."""
    counts = {"pages": live, "cards": live, "search": live, "notify": 0}
    said = ", ".join(f"{VERBS[group]} {counts[group]:,}" for group in SINKS if group in groups)
    return f"would {said}" + (f"; and repeat {withdrawn:,} withdrawals" if withdrawn else "")


class Replays:
    """The replays, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def count(self, selection: Selection) -> tuple[int, int]:
        """How many articles are live and how many are withdrawn, of a selection."""
        statement = sa.select(article.c.state, sa.func.count()).where(*selection.conditions())
        counts: dict[str, int] = dict((await self._connection.execute(statement.group_by(article.c.state))).all())
        withdrawn = counts.pop("withdrawn", 0)
        return sum(counts.values()), withdrawn

    async def ask(self, selection: Selection, groups: Sequence[str], *, reason: str) -> Replay:
        """A new replay. One of the same articles that has not begun takes these groups in instead."""
        queued = next(
            (each for each in await self.open() if each.state == "queued" and each.selection == selection), None
        )
        if queued is not None:
            both = [group for group in SINKS if group in {*queued.groups, *groups}]
            await self._set(queued.id, groups=both)
            return await self.get(queued.id)
        made = new_id()
        await self._connection.execute(
            sa.insert(replay).values(
                id=made,
                selection=selection.document(),
                groups=[group for group in SINKS if group in groups],
                state="queued",
                reason=reason,
                total=sum(await self.count(selection)),
                sent=0,
                cursor="",
                created_at=self._clock.now(),
            )
        )
        return await self.get(made)

    async def get(self, replay_id: str) -> Replay:
        """Raises 404."""
        row = (await self._connection.execute(sa.select(replay).where(replay.c.id == replay_id))).one_or_none()
        if row is None:
            raise Problem(404, f"There is no replay {replay_id!r}.")
        return _read(row)

    async def open(self) -> list[Replay]:
        """Those that are not finished, oldest first."""
        rows = await self._connection.execute(sa.select(replay).where(replay.c.state.in_(OPEN)).order_by(replay.c.id))
        return [_read(row) for row in rows]

    async def page(self, *, before: str, limit: int) -> list[Replay]:
        """Newest first."""
        statement = sa.select(replay).order_by(replay.c.id.desc()).limit(limit)
        if before:
            statement = statement.where(replay.c.id < before)
        return [_read(row) for row in await self._connection.execute(statement)]

    async def cancel(self, replay_id: str) -> None:
        """Send no more of it. Raises 404, and 409 when it is finished."""
        if (await self.get(replay_id)).state not in OPEN:
            raise Problem(409, "This replay is finished already.")
        await self._set(replay_id, state="cancelled", finished_at=self._clock.now())

    async def begin(self, replay_id: str, epoch: str) -> None:
        """Send it from the beginning, into this data set of Redis."""
        current = await self.get(replay_id)
        total = sum(await self.count(current.selection))
        await self._set(replay_id, state="sending", epoch=epoch, cursor="", sent=0, total=total)

    async def next(self, current: Replay, limit: int) -> list[tuple[str, int]]:
        """The articles after its cursor, each with its newest version."""
        statement = (
            sa.select(article.c.id, article.c.version)
            .where(article.c.id > current.cursor, *current.selection.conditions())
            .order_by(article.c.id)
            .limit(limit)
        )
        return [(row.id, row.version) for row in await self._connection.execute(statement)]

    async def advance(self, current: Replay, *, to: str, by: int) -> None:
        await self._set(current.id, cursor=to, sent=current.sent + by)

    async def drain(self, replay_id: str) -> None:
        """All of it is sent; the sinks are at it."""
        await self._set(replay_id, state="draining")

    async def finish(self, replay_id: str) -> None:
        await self._set(replay_id, state="done", finished_at=self._clock.now())

    async def _set(self, replay_id: str, **values: Any) -> None:
        """What was cancelled or is done stays so."""
        await self._connection.execute(
            sa.update(replay).where(replay.c.id == replay_id, replay.c.state.in_(OPEN)).values(**values)
        )


def _read(row: Any) -> Replay:
    return Replay(
        id=row.id,
        selection=Selection.read(row.selection),
        groups=tuple(row.groups),
        state=row.state,
        reason=row.reason,
        total=row.total,
        sent=row.sent,
        cursor=row.cursor,
        epoch=row.epoch,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
