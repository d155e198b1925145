"""The scheduler: every replica looks for what is due; each publication is taken by one, in one transaction."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError

from pressroom_ingest import metrics
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.events import refuse_too_large
from pressroom_ingest.schedules import Scheduled
from pressroom_shared.clock import rfc3339
from pressroom_shared.http import Problem

log = logging.getLogger(__name__)

TURN_S = 0.4
"""The longest pause between two looks: another replica, or an editor at one, may have scheduled something."""

BATCH_MAX = 20
"""Publications of one transaction. What fails among them leaves the others alone."""


class Scheduler:
    """Publishes what is due, within a second of its time, also what fell due while nothing ran."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._next_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                try:
                    more = await self.turn()
                except (DBAPIError, OSError) as error:
                    log.warning("the scheduler's database does not answer, trying again: %s", error)
                    more = False
                if not more:
                    resting = asyncio.create_task(asyncio.sleep(await self._pause_s()))
                    await asyncio.wait({resting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                    resting.cancel()
        finally:
            stopping.cancel()

    async def turn(self) -> bool:
        """Publish some of what is due. Says whether there may be more at once."""
        if not await self._anything_due():
            return False
        async with self._desk.begin() as work:
            due = await work.schedules.take_due(BATCH_MAX)
            for planned in due:
                await publish_due(work, self._desk, planned)
        return len(due) == BATCH_MAX

    async def _anything_due(self) -> bool:
        async with self._desk.read() as work:
            next_at = await work.schedules.next_at()
            metrics.SCHEDULES_HELD.set(await work.schedules.held())
        self._next_at = next_at
        return next_at is not None and next_at <= self._desk.clock.now()

    async def _pause_s(self) -> float:
        if self._next_at is None:
            return TURN_S
        return min(TURN_S, max(0.01, (self._next_at - self._desk.clock.now()).total_seconds()))


async def publish_due(work: Work, desk: Desk, planned: Scheduled) -> None:
    """Publish one, or hold it with the reason. Late is what is later than `late_after_s`; its policy says what then."""
    now = desk.clock.now()
    late_s = (now - planned.at).total_seconds()
    late = late_s > desk.settings.late_after_s
    policy = await _late_policy(work, planned.article_id) if late else "publish"
    detail = {"scheduled_for": rfc3339(planned.at), "late_s": round(late_s)} if late else {}
    if late and policy == "hold":
        await _hold(work, planned, f"It was due at {rfc3339(planned.at)}, and nothing ran then. Publish it, or not.")
        return
    wish = planned.wish
    if policy == "publish_silently":
        wish = replace(wish, change="silent", notify=False)
    try:
        async with work.connection.begin_nested():
            went_out = await work.publications.publish(
                planned.article_id, wish, if_match=None, actor=planned.actor, scheduled_for=planned.at
            )
            await refuse_too_large(work, went_out)
    except Problem as problem:
        reasons = " ".join(each.message for each in problem.errors) or problem.detail
        await _hold(work, planned, f"It could not be published at its time. {reasons}")
        return
    await work.audit.add(
        planned.actor,
        "article.published",
        article_id=planned.article_id,
        version=went_out.version,
        change=went_out.change,
        by_schedule=True,
        **detail,
    )
    metrics.SCHEDULED.labels("late" if late else "on_time").inc()
    metrics.SCHEDULE_LATENESS.observe(max(0.0, late_s))
    if late:
        log.error("article %s was published %s late", planned.article_id, timedelta(seconds=round(late_s)))


async def _late_policy(work: Work, article_id: str) -> str:
    head = await work.articles.head(article_id)
    return (await work.articles.revision(article_id, head.revision)).article.late_policy


async def _hold(work: Work, planned: Scheduled, reason: str) -> None:
    await work.schedules.hold(planned.article_id, reason)
    await work.audit.add(planned.actor, "article.held", article_id=planned.article_id, reason=reason)
    metrics.SCHEDULED.labels("held").inc()
    log.error("article %s is held: %s", planned.article_id, reason)
