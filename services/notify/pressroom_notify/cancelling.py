"""Cancelling: what is not sent yet of an article is not sent any more, because an editor says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.tables import article, delivery, fanout
from pressroom_shared.clock import microseconds

WAITING = ("queued", "leased", "deferred", "digest")
"""States of mails of which no byte has gone out."""

DETAIL = "An editor cancelled this before it was sent."


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many mails were cancelled, and how many of the article had been sent, or may have been."""

    cancelled: int
    sent: int


class Cancelling:
    """Cancels, in one transaction."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def section(self, article_id: str) -> str | None:
        """The section of an article, empty for a withdrawn one; None where it is not known."""
        statement = sa.select(article.c.document).where(article.c.id == article_id)
        document = await self._connection.scalar(statement)
        return None if document is None else str(document.get("section", ""))

    async def silence(self, article_id: str) -> None:
        """Plan no more, and tell nothing of what was announced until now. A later announcement is told, to whoever was
        cancelled as well. Whoever plans just now is waited for, so that `cancel`, in a transaction of its own after
        this one, finds what was planned.
        """
        silent = microseconds(self._now)
        await self._connection.execute(
            sa.update(article)
            .where(article.c.id == article_id, article.c.silent_until < silent)
            .values(silent_until=silent)
        )
        await self._connection.execute(sa.update(fanout).where(fanout.c.article_id == article_id).values(planned=True))

    async def cancel(self, article_id: str) -> Cancelled:
        """Cancel what waits; then have the receipt told: in the order in which a sender locks the same rows."""
        mine = delivery.c.article_id == article_id
        cancelled = await self._connection.execute(
            sa.update(delivery)
            .where(mine, delivery.c.state.in_(WAITING))
            .values(state="cancelled", owner=None, leased_until=None, changed_at=self._now, detail=DETAIL)
        )
        told = sa.select(sa.func.count()).where(mine, delivery.c.state.in_(("sent", "sending", "uncertain")))
        sent = await self._connection.scalar(told) or 0
        await self._connection.execute(sa.update(fanout).where(fanout.c.article_id == article_id).values(dirty=True))
        return Cancelled(int(cancelled.rowcount), sent)
