"""What the receipt is told: how many readers, by what became of their mail. Told in batches, not per mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article, delivery, fanout, in_state
from pressroom_shared.events import NotifyCounts, Outcome
from pressroom_shared.outbox import OutcomeOutbox

OPEN = ("queued", "leased", "sending")
ARTICLES_MAX = 100
"""Articles reported in one transaction."""

# Asked after every commit, and so built once.
ARTICLE_ID: sa.BindParameter[str] = sa.bindparam("of_article")
VERSION: sa.BindParameter[int] = sa.bindparam("of_version", type_=sa.BigInteger)
ABOUT = sa.and_(fanout.c.article_id == ARTICLE_ID, fanout.c.reported_version == VERSION)
ANY_DIRTY = sa.select(fanout.c.version).where(fanout.c.dirty).limit(1)
DIRTY = (
    sa.select(fanout).where(fanout.c.dirty).order_by(fanout.c.at).limit(ARTICLES_MAX).with_for_update(skip_locked=True)
)
JOBS = sa.select(fanout).where(ABOUT)
COUNTED = (
    sa.select(delivery.c.state, delivery.c.every_days, sa.func.count())
    .join(fanout, sa.and_(fanout.c.article_id == delivery.c.article_id, fanout.c.version == delivery.c.announced))
    .where(ABOUT)
    .group_by(delivery.c.state, delivery.c.every_days)
)
RECEIVED = sa.select(article.c.received_at).where(article.c.id == ARTICLE_ID)
STILL_CHANGING = sa.select(sa.func.count()).where(
    delivery.c.article_id == ARTICLE_ID,
    delivery.c.announced == VERSION,
    in_state(*OPEN, "deferred", "digest"),
)
CLEAN = (
    sa.update(fanout)
    .where(fanout.c.article_id == ARTICLE_ID, fanout.c.version == VERSION)
    .values(dirty=False, finished=sa.bindparam("over"))
)


class Reports:
    """The counts that have changed since they were told, in one transaction."""

    def __init__(self, connection: AsyncConnection, outcomes: OutcomeOutbox, now: datetime) -> None:
        self._connection = connection
        self._outcomes = outcomes
        self._now = now

    async def any(self) -> bool:
        """Whether there is anything to tell."""
        return await self._connection.scalar(ANY_DIRTY) is not None

    async def tell(self) -> int:
        """Tell every receipt whose counts have changed. Says how many.

        A change that commits meanwhile waits for these rows' locks and marks them again, so none is missed.
        """
        rows = (await self._connection.execute(DIRTY)).all()
        for article_id, version in sorted({(row.article_id, row.reported_version) for row in rows}):
            await self._outcomes.add(await self._outcome(article_id, version))
        for row in rows:
            await self._clean(row)
        return len(rows)

    async def _outcome(self, article_id: str, version: int) -> Outcome:
        of = {"of_article": article_id, "of_version": version}
        jobs = (await self._connection.execute(JOBS, of)).all()
        found = await self._connection.execute(COUNTED, of)
        immediate: dict[str, int] = {}
        digest = 0
        for state, every_days, count in found.all():
            if every_days == 0:
                immediate[state] = immediate.get(state, 0) + count
            elif state != "cancelled":
                digest += count
        held = max(job.not_before for job in jobs)
        planning = not all(job.planned for job in jobs)
        counts = NotifyCounts(
            held_until=held if held > self._now else None,
            planned=sum(count for state, count in immediate.items() if state != "cancelled"),
            sent=immediate.get("sent", 0),
            deferred=immediate.get("deferred", 0),
            failed=immediate.get("failed", 0),
            suppressed=immediate.get("suppressed", 0),
            uncertain=immediate.get("uncertain", 0),
            digest=digest,
            # While readers are still being planned, there is one more thing to come.
            open=sum(immediate.get(state, 0) for state in OPEN) + planning,
        )
        received: datetime | None = await self._connection.scalar(RECEIVED, {"of_article": article_id})
        took_s = (self._now - received).total_seconds() if received else 0
        return Outcome(
            service="notify",
            article_id=article_id,
            version=version,
            status="done",
            at=self._now,
            took_ms=max(0, round(took_s * 1000)),
            detail=sentence(counts, immediate.get("cancelled", 0)),
            notify=counts,
        )

    async def _clean(self, row: Any) -> None:
        """Told. It is finished when nothing of it can change by itself any more."""
        of = {"of_article": row.article_id, "of_version": row.version}
        waiting = await self._connection.scalar(STILL_CHANGING, of)
        await self._connection.execute(CLEAN, {**of, "over": bool(row.planned and not waiting)})


def sentence(counts: NotifyCounts, cancelled: int = 0) -> str:
    """The counts in words for an editor, with what to do where there is something."""
    if counts.planned == 0 and counts.digest == 0 and counts.open == 0 and cancelled:
        return f"Nobody is told: {_readers(cancelled)} would have been, and it was cancelled before."
    if counts.planned == 0 and counts.digest == 0 and counts.open == 0:
        return "Nobody is told: no reader follows this article's sections, tags or authors, or all were told before."
    if counts.held_until is not None and counts.open:
        return f"{_readers(counts.planned)} will be told when the hold ends; cancel the notifications to stop it."
    parts = [f"{counts.sent:,} of {_readers(counts.planned)} told"] if counts.planned else []
    parts += [f"{counts.digest:,} by digest"] if counts.digest else []
    parts += [f"{counts.deferred:,} to be tried again by itself"] if counts.deferred else []
    parts += [f"{counts.suppressed:,} had left or cannot be reached"] if counts.suppressed else []
    parts += [f"{counts.failed:,} refused by the mail server for good"] if counts.failed else []
    parts += [f"{cancelled:,} cancelled"] if cancelled else []
    parts += [f"{counts.uncertain:,} uncertain, and not sent again"] if counts.uncertain else []
    return f"{'; '.join(parts)}." if parts else "Readers are being found."


def _readers(count: int) -> str:
    return f"{count:,} reader{'' if count == 1 else 's'}"
