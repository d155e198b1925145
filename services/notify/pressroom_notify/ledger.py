"""The ledger of every mail: leased by one sender, marked before its bytes go out, and settled by the server's answer.

What is leased when its sender dies was not sent, and is queued again. What was `sending` may have been: it becomes
`uncertain`, and is never silently sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.retries import Failed, Result, Sent, Suppress, Uncertain, settle
from pressroom_notify.settings import Settings
from pressroom_notify.tables import delivery, fanout, in_state, reader
from pressroom_shared.database import UtcTime, insert

PRIORITY_LINK = 0
UNCERTAIN = "The sender stopped while this was on its way; it may have arrived, and is not sent again."


@dataclass(frozen=True, slots=True)
class Row:
    """One mail that this sender has leased."""

    id: int
    reader_id: str
    article_id: str
    occasion: str
    announced: int
    lease: int
    tries: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one mail."""

    row: Row
    result: Result


# Asked after every commit, and so built once.
NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=UtcTime)
IS_DUE = sa.and_(in_state("queued", "deferred"), delivery.c.not_before <= NOW)
ANY_DUE = sa.select(delivery.c.id).where(IS_DUE).limit(1)
DUE = (
    sa.select(delivery.c.id)
    .where(IS_DUE)
    .order_by(delivery.c.priority, delivery.c.not_before, delivery.c.id)
    .limit(sa.bindparam("mails_max", type_=sa.Integer))
    .with_for_update(skip_locked=True)
    .cte("due")
)
CLAIM = (
    sa.update(delivery)
    .where(delivery.c.id.in_(sa.select(DUE.c.id)))
    .values(
        state="leased",
        owner=sa.bindparam("owned_by"),
        lease=delivery.c.lease + 1,
        leased_until=sa.bindparam("until"),
        changed_at=NOW,
    )
    .returning(
        delivery.c.priority,
        *(
            delivery.c[name]
            for name in ("id", "reader_id", "article_id", "occasion", "announced", "lease", "tries", "created_at")
        ),
    )
)


async def queue_letter(connection: AsyncConnection, reader_id: str, occasion: str, now: datetime) -> None:
    """Queue a mail that is about no article: with a link, or a digest. Before all news; once."""
    values = {
        "reader_id": reader_id,
        "article_id": "",
        "channel": "mail",
        "occasion": occasion,
        "announced": 0,
        "every_days": 0,
        "priority": PRIORITY_LINK,
        "state": "queued",
        "not_before": now,
        "tries": 0,
        "lease": 0,
        "detail": "",
        "created_at": now,
        "changed_at": now,
    }
    await connection.execute(insert(connection, delivery).values(**values).on_conflict_do_nothing())


class Ledger:
    """The ledger as one sender sees it, in one transaction."""

    def __init__(self, connection: AsyncConnection, settings: Settings, owner: str, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._owner = owner
        self._now = now
        self._until = now + timedelta(seconds=settings.lease_s)
        self._changed: set[tuple[str, int]] = set()

    async def claim(self, limit: int) -> list[Row]:
        """Lease the next mails that are due. Each goes to one sender."""
        asked = {"owned_by": self._owner, "until": self._until, "now": self._now, "mails_max": limit}
        claimed = await self._connection.execute(CLAIM, asked)
        rows = sorted(tuple(each) for each in claimed.all())
        return [Row(*each[1:]) for each in rows]

    async def any_due(self) -> bool:
        """Whether there is a mail to be leased."""
        return await self._connection.scalar(ANY_DUE, {"now": self._now}) is not None

    async def intend(self, rows: Sequence[Row], versions: dict[str, int]) -> list[Row]:
        """Mark mails as being sent, with the article's version. Only those that are still ours come back."""
        ours: list[Row] = []
        for article_id in sorted({row.article_id for row in rows}):
            group = [row for row in rows if row.article_id == article_id]
            marked = await self._connection.execute(
                sa.update(delivery)
                .where(self._still(group), delivery.c.state == "leased")
                .values(
                    state="sending",
                    version=versions.get(article_id),
                    leased_until=self._until,
                    changed_at=self._now,
                )
                .returning(delivery.c.id)
            )
            ids = set(marked.scalars())
            ours += [row for row in group if row.id in ids]
        return ours

    async def settle(self, settled: Sequence[Settled], *, before: str = "sending") -> None:
        """Write what became of mails that we lease. A late answer settles what was thought uncertain."""
        states = (before, "uncertain")
        for row, result in ((each.row, each.result) for each in settled):
            outcome = settle(result, tries=row.tries, created_at=row.created_at, now=self._now, settings=self._settings)
            values: dict[str, Any] = {
                "state": outcome.state,
                "tries": outcome.tries,
                "detail": outcome.detail[:500],
                "owner": None,
                "leased_until": None,
                "changed_at": self._now,
            }
            if outcome.not_before is not None:
                values["not_before"] = outcome.not_before
            await self._connection.execute(
                sa.update(delivery).where(self._still([row]), delivery.c.state.in_(states)).values(values)
            )
            if isinstance(result, Suppress):
                await self._connection.execute(
                    sa.update(reader).where(reader.c.id == row.reader_id).values(suppressed=result.detail[:500])
                )
            if row.occasion.startswith("digest:"):
                await self._settle_items(row, result)
        self._changed.update((each.row.article_id, each.row.announced) for each in settled)

    async def renew(self) -> None:
        """Say that this sender lives. What is locked is being changed by it just now, and not waited for."""
        ours = sa.and_(delivery.c.owner == self._owner, delivery.c.state.in_(("leased", "sending")))
        await self._connection.execute(
            sa.update(delivery).where(delivery.c.id.in_(_free(ours)), ours).values(leased_until=self._until)
        )

    async def release(self) -> None:
        """Give back what was leased and not begun. What was begun and has no answer is uncertain."""
        await self._take_up(delivery.c.owner == self._owner)

    async def reap(self) -> int:
        """Take up what silent senders have left. Says how many mails."""
        return await self._take_up(delivery.c.leased_until < self._now)

    async def tell(self) -> None:
        """Mark the receipts of all that was changed here. Last, and in one order everywhere, so that no two wait
        for each other."""
        for article_id, version in sorted(self._changed):
            if article_id:
                await self._connection.execute(
                    sa.update(fanout)
                    .where(fanout.c.article_id == article_id, fanout.c.version == version)
                    .values(dirty=True)
                )

    async def _take_up(self, whose: sa.ColumnElement[bool]) -> int:
        """Queue again what was not begun; say of the rest that nobody knows."""
        leased = sa.and_(whose, delivery.c.state == "leased")
        queued = await self._connection.execute(
            sa.update(delivery)
            .where(delivery.c.id.in_(_free(leased)), leased)
            .values(state="queued", owner=None, leased_until=None, changed_at=self._now)
        )
        sending = sa.and_(whose, delivery.c.state == "sending")
        lost = await self._connection.execute(
            sa.update(delivery)
            .where(delivery.c.id.in_(_free(sending)), sending)
            .values(state="uncertain", leased_until=None, changed_at=self._now, detail=UNCERTAIN)
            .returning(delivery.c.id, delivery.c.article_id, delivery.c.announced, delivery.c.occasion)
        )
        rows = lost.all()
        digests = [row.id for row in rows if row.occasion.startswith("digest:")]
        if digests:
            await self._connection.execute(
                sa.update(delivery)
                .where(delivery.c.digest_id.in_(digests), delivery.c.state == "digest")
                .values(state="uncertain", changed_at=self._now, detail=UNCERTAIN)
            )
        self._changed.update((row.article_id, row.announced) for row in rows)
        return int(queued.rowcount) + len(rows)

    def _still(self, rows: Sequence[Row]) -> sa.ColumnElement[bool]:
        """The fence: a row that was given up and leased again is not ours, whoever has it."""
        held = [(row.id, row.lease) for row in rows]
        return sa.and_(delivery.c.owner == self._owner, sa.tuple_(delivery.c.id, delivery.c.lease).in_(held))

    async def _settle_items(self, row: Row, result: Result) -> None:
        """What becomes of a digest becomes of each article in it."""
        states: dict[type[Any], str] = {Sent: "sent", Failed: "failed", Suppress: "suppressed", Uncertain: "uncertain"}
        state = states.get(type(result))
        if state is not None:
            await self._connection.execute(
                sa.update(delivery)
                .where(delivery.c.digest_id == row.id, delivery.c.state.in_(("digest", "uncertain")))
                .values(state=state, changed_at=self._now, detail="In a digest.")
            )


def _free(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The ids of rows that nobody has locked: whoever looks after leases never waits for a sender."""
    return sa.select(delivery.c.id).where(condition).with_for_update(skip_locked=True)
