"""Fan-outs: from one announcement to a row in the ledger for each reader, a chunk of readers a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article, delivery, fanout, reader, topic
from pressroom_notify.topics import Topic, topics_of
from pressroom_shared.database import UtcTime, on_both
from pressroom_shared.events import Announcement, Article

NEWS = "news"
MAIL = "mail"
PRIORITY_NEWS = 1
TOLD = ("sent", "sending", "uncertain")
"""States of who got, or may have got, the news: a correction goes to them."""


def occasion_of(announcement: Announcement) -> str:
    """A reader is told once of each: the news, and every correction."""
    return f"correction:{announcement.version}" if announcement.change == "correction" else NEWS


# The statements of every article are built once.
ARTICLE_ID: sa.BindParameter[str] = sa.bindparam("of_article")
VERSION: sa.BindParameter[int] = sa.bindparam("of_version", type_=sa.BigInteger)
REPORT_FOR = (
    sa.update(fanout)
    .where(fanout.c.article_id == ARTICLE_ID, ~fanout.c.finished)
    .values(reported_version=VERSION, dirty=True)
)
OPEN = on_both(fanout, lambda put: put.on_conflict_do_nothing())
SAY_AGAIN = (
    sa.update(fanout).where(fanout.c.article_id == ARTICLE_ID, fanout.c.reported_version == VERSION).values(dirty=True)
)
NEXT_JOB = (
    sa.select(fanout)
    .where(~fanout.c.planned)
    .order_by(fanout.c.at, fanout.c.version)
    .limit(1)
    .with_for_update(skip_locked=True)
)
ANY_JOB = sa.select(fanout.c.version).where(~fanout.c.planned).limit(1)
ADVANCE = (
    sa.update(fanout)
    .where(fanout.c.article_id == ARTICLE_ID, fanout.c.version == VERSION)
    .values(cursor=sa.bindparam("to"), planned=sa.bindparam("whole"), dirty=True)
)
DOCUMENT = sa.select(article.c.document).where(article.c.id == ARTICLE_ID)
AFTER: sa.BindParameter[str] = sa.bindparam("after_reader", type_=sa.Text)
JOBS_MAX = 32
"""Announcements of one transaction, where few readers are to be told."""

TOPICS_SHAPE = 8
"""Statements ask for so many topics, or a multiple, so that there are few of them."""

NOBODYS = Topic("all", "nobody follows this")
"""What fills them up: this kind has no value."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next readers of one announcement: the last of them and how many they are; and a row in the ledger for each.

    Who has a row already keeps it, unless it was cancelled by a withdrawal.
    """

    last: sa.Select[Any, int]
    write: dict[str, Any]

    @classmethod
    def of(cls, chosen: sa.Select[Any]) -> Chunk:
        """Of readers and how often each is told."""
        reader_id = chosen.selected_columns[0]
        page = chosen.order_by(reader_id).limit(sa.bindparam("readers_max", type_=sa.Integer)).subquery()
        last = sa.select(sa.func.max(page.c.reader_id), sa.func.count()).select_from(page)
        rows = chosen.subquery()
        values: dict[str, Any] = {
            "reader_id": rows.c.reader_id,
            "article_id": sa.cast(ARTICLE_ID, sa.Text),
            "channel": sa.literal(MAIL),
            "occasion": sa.bindparam("of_occasion", type_=sa.Text),
            "announced": VERSION,
            "every_days": rows.c.every_days,
            "priority": sa.literal(PRIORITY_NEWS, sa.Integer),
            "state": sa.case((rows.c.every_days == 0, "queued"), else_="digest"),
            "not_before": sa.bindparam("held_until", type_=UtcTime),
            "tries": sa.literal(0, sa.Integer),
            "lease": sa.literal(0, sa.Integer),
            "detail": sa.literal(""),
            "created_at": sa.bindparam("planned_at", type_=UtcTime),
            "changed_at": sa.bindparam("planned_at", type_=UtcTime),
        }
        up_to = rows.c.reader_id <= sa.bindparam("up_to_reader", type_=sa.Text)
        each = sa.select(*(value.label(name) for name, value in values.items())).where(up_to)
        again = ("announced", "every_days", "state", "not_before", "tries", "changed_at")

        def write(put: Any) -> Any:
            put = put.from_select(list(values), each)
            return put.on_conflict_do_update(
                index_elements=[delivery.c.reader_id, delivery.c.article_id, delivery.c.channel, delivery.c.occasion],
                set_={name: put.excluded[name] for name in again},
                where=delivery.c.state == "cancelled",
            )

        return cls(last, on_both(delivery, write))


WHO_WAS_TOLD = Chunk.of(
    sa.select(delivery.c.reader_id, delivery.c.every_days).where(
        delivery.c.article_id == ARTICLE_ID,
        delivery.c.occasion == NEWS,
        delivery.c.state.in_(TOLD),
        delivery.c.version < VERSION,
        delivery.c.reader_id > AFTER,
    )
)
"""Of a correction, for who had the news."""


@lru_cache(maxsize=8)
def _who_follows(topics: int) -> Chunk:
    """Of news, for who follows one of so many topics: the most immediate of those that match wins."""
    matches = [
        sa.and_(topic.c.kind == sa.bindparam(f"kind{number}"), topic.c.value == sa.bindparam(f"value{number}"))
        for number in range(topics)
    ]
    return Chunk.of(
        sa.select(topic.c.reader_id, sa.func.min(topic.c.every_days).label("every_days"))
        .join(reader, reader.c.id == topic.c.reader_id)
        .where(
            sa.or_(*matches),
            reader.c.state == "confirmed",
            reader.c.confirmed_at <= sa.bindparam("announced_at", type_=UtcTime),  # who came later reads it on the site
            topic.c.reader_id > AFTER,
        )
        .group_by(topic.c.reader_id)
    )


class Fanouts:
    """What is to be announced, in one transaction."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def open(self, data: Article, announcements: list[Announcement], *, hold_s: int) -> None:
        """Plan announcements that are not planned yet. What is not finished is reported for this version now."""
        await self._connection.execute(REPORT_FOR, {"of_article": data.id, "of_version": data.version})
        rows: list[dict[str, Any]] = [
            {
                "article_id": data.id,
                "version": each.version,
                "occasion": occasion_of(each),
                "at": each.at,
                "not_before": each.at + timedelta(seconds=hold_s),
                "cursor": "",
                "planned": False,
                "reported_version": data.version,
                "finished": False,
                "dirty": False,
            }
            for each in announcements
        ]
        if rows:
            await self._connection.execute(OPEN[self._connection.dialect.name], rows)

    async def say_again(self, article_id: str, version: int) -> bool:
        """Have a version's counts reported again. Says whether it has any."""
        found = await self._connection.execute(SAY_AGAIN, {"of_article": article_id, "of_version": version})
        return bool(found.rowcount)

    async def withdraw(self, article_id: str) -> int:
        """Cancel what is not sent yet. Says how many mails that were."""
        await self._connection.execute(
            sa.update(fanout).where(fanout.c.article_id == article_id).values(planned=True, finished=True, dirty=False)
        )
        cancelled = await self._connection.execute(
            sa.update(delivery)
            .where(
                delivery.c.article_id == article_id, delivery.c.state.in_(("queued", "leased", "deferred", "digest"))
            )
            .values(
                state="cancelled",
                owner=None,
                leased_until=None,
                changed_at=self._now,
                detail="The article was withdrawn before this was sent.",
            )
        )
        return int(cancelled.rowcount)

    async def told(self, article_id: str) -> int:
        """How many readers were told of an article's news."""
        return (
            await self._connection.scalar(
                sa.select(sa.func.count()).where(
                    delivery.c.article_id == article_id, delivery.c.occasion == NEWS, delivery.c.state == "sent"
                )
            )
            or 0
        )

    async def any(self) -> bool:
        """Whether there is anything to plan."""
        return await self._connection.scalar(ANY_JOB) is not None

    async def plan(self, readers_max: int) -> int:
        """Plan the next readers of the oldest fan-outs that are not planned whole. Says how many of these there were.

        Several replicas may call it at once: each locks the fan-outs that it works on.
        """
        for jobs in range(JOBS_MAX):
            job = (await self._connection.execute(NEXT_JOB)).one_or_none()
            if job is None:
                return jobs
            readers_max -= await self._plan_chunk(job, readers_max)
            if readers_max <= 0:
                return jobs + 1
        return JOBS_MAX

    async def _plan_chunk(self, job: Any, readers_max: int) -> int:
        """Says how many readers were planned; fewer than `readers_max` when these were the last."""
        chunk, asked = await self._chunk(job)
        asked |= {"of_article": job.article_id, "of_version": job.version, "after_reader": job.cursor}
        last, count = (await self._connection.execute(chunk.last, {**asked, "readers_max": readers_max})).one()
        if count:
            times = {"held_until": job.not_before, "planned_at": self._now}
            wanted = {**asked, "up_to_reader": last, "of_occasion": job.occasion, **times}
            await self._connection.execute(chunk.write[self._connection.dialect.name], wanted)
        await self._connection.execute(
            ADVANCE,
            {
                "of_article": job.article_id,
                "of_version": job.version,
                "to": last or job.cursor,
                "whole": count < readers_max,
            },
        )
        return int(count)

    async def _chunk(self, job: Any) -> tuple[Chunk, dict[str, Any]]:
        """How those who are to be told are found, and with what."""
        if job.occasion != NEWS:
            return WHO_WAS_TOLD, {}
        document = await self._connection.scalar(DOCUMENT, {"of_article": job.article_id})
        topics = topics_of(Article.model_validate(document))
        shape = -(-len(topics) // TOPICS_SHAPE) * TOPICS_SHAPE
        asked: dict[str, Any] = {"announced_at": job.at}
        for number, each in enumerate([*topics, *[NOBODYS] * (shape - len(topics))]):
            asked |= {f"kind{number}": each.kind, f"value{number}": each.value}
        return _who_follows(shape), asked
