"""Fan-outs: from one announcement to a row in the ledger for each reader, a chunk of readers a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article, delivery, fanout, reader, topic
from pressroom_notify.topics import topics_of
from pressroom_shared.database import UtcTime, insert
from pressroom_shared.events import Announcement, Article

NEWS = "news"
MAIL = "mail"
PRIORITY_NEWS = 1
TOLD = ("sent", "sending", "uncertain")
"""States of who got, or may have got, the news: a correction goes to them."""


def occasion_of(announcement: Announcement) -> str:
    """A reader is told once of each: the news, and every correction."""
    return f"correction:{announcement.version}" if announcement.change == "correction" else NEWS


class Fanouts:
    """What is to be announced, in one transaction."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def open(self, data: Article, announcements: list[Announcement], *, hold_s: int) -> None:
        """Plan announcements that are not planned yet. What is not finished is reported for this version now."""
        await self._connection.execute(
            sa.update(fanout)
            .where(fanout.c.article_id == data.id, ~fanout.c.finished)
            .values(reported_version=data.version, dirty=True)
        )
        for each in announcements:
            statement = insert(self._connection, fanout).values(
                article_id=data.id,
                version=each.version,
                occasion=occasion_of(each),
                at=each.at,
                not_before=each.at + timedelta(seconds=hold_s),
                cursor="",
                planned=False,
                reported_version=data.version,
                finished=False,
                dirty=False,
            )
            await self._connection.execute(statement.on_conflict_do_nothing())

    async def say_again(self, article_id: str, version: int) -> bool:
        """Have a version's counts reported again. Says whether it has any."""
        found = await self._connection.execute(
            sa.update(fanout)
            .where(fanout.c.article_id == article_id, fanout.c.reported_version == version)
            .values(dirty=True)
        )
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

    async def plan_chunk(self, readers_max: int) -> bool:
        """Plan the next readers of the oldest fan-out that is not planned whole. Says whether there was one.

        Several replicas may call it at once: each locks the fan-out that it works on.
        """
        job = (
            await self._connection.execute(
                sa.select(fanout)
                .where(~fanout.c.planned)
                .order_by(fanout.c.at, fanout.c.version)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
        ).one_or_none()
        if job is None:
            return False
        chosen = await self._readers(job)
        page = chosen.order_by(chosen.selected_columns[0]).limit(readers_max).subquery()
        last, count = (await self._connection.execute(sa.select(sa.func.max(page.c.reader_id), sa.func.count()))).one()
        if count:
            await self._write(job, chosen, last)
        await self._connection.execute(
            sa.update(fanout)
            .where(fanout.c.article_id == job.article_id, fanout.c.version == job.version)
            .values(cursor=last or job.cursor, planned=count < readers_max, dirty=True)
        )
        return True

    async def _readers(self, job: Any) -> sa.Select[Any]:
        """Who is to be told, with how often: the most immediate of the topics that match wins."""
        if job.occasion != NEWS:
            return sa.select(delivery.c.reader_id, delivery.c.every_days).where(
                delivery.c.article_id == job.article_id,
                delivery.c.occasion == NEWS,
                delivery.c.state.in_(TOLD),
                delivery.c.version < job.version,
                delivery.c.reader_id > job.cursor,
            )
        document = await self._connection.scalar(sa.select(article.c.document).where(article.c.id == job.article_id))
        matches = [
            sa.and_(topic.c.kind == each.kind, topic.c.value == each.value)
            for each in topics_of(Article.model_validate(document))
        ]
        return (
            sa.select(topic.c.reader_id, sa.func.min(topic.c.every_days).label("every_days"))
            .join(reader, reader.c.id == topic.c.reader_id)
            .where(
                sa.or_(*matches),
                reader.c.state == "confirmed",
                reader.c.confirmed_at <= job.at,  # who came later reads it on the site
                topic.c.reader_id > job.cursor,
            )
            .group_by(topic.c.reader_id)
        )

    async def _write(self, job: Any, chosen: sa.Select[Any], last: str) -> None:
        """A row for each; who has one already keeps it, unless it was cancelled by a withdrawal."""
        rows = chosen.subquery()
        values: dict[str, Any] = {
            "reader_id": rows.c.reader_id,
            "article_id": sa.literal(job.article_id),
            "channel": sa.literal(MAIL),
            "occasion": sa.literal(job.occasion),
            "announced": sa.literal(job.version, sa.BigInteger),
            "every_days": rows.c.every_days,
            "priority": sa.literal(PRIORITY_NEWS, sa.Integer),
            "state": sa.case((rows.c.every_days == 0, "queued"), else_="digest"),
            "not_before": sa.literal(job.not_before, UtcTime),
            "tries": sa.literal(0, sa.Integer),
            "lease": sa.literal(0, sa.Integer),
            "detail": sa.literal(""),
            "created_at": sa.literal(self._now, UtcTime),
            "changed_at": sa.literal(self._now, UtcTime),
        }
        statement = insert(self._connection, delivery).from_select(
            list(values), sa.select(*values.values()).where(rows.c.reader_id <= last)
        )
        again = ("announced", "every_days", "state", "not_before", "tries", "changed_at")
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[delivery.c.reader_id, delivery.c.article_id, delivery.c.channel, delivery.c.occasion],
                set_={name: statement.excluded[name] for name in again},
                where=delivery.c.state == "cancelled",
            )
        )
