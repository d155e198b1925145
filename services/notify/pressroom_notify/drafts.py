"""Drafts: a mail's letter, made before it is marked as being sent, with what it was made from."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.composing import article_letter, confirm_letter, digest_letter, preferences_letter
from pressroom_notify.ledger import Row
from pressroom_notify.letters import Letter
from pressroom_notify.readers import Wishes
from pressroom_notify.retries import Cancelled, Failed, Result
from pressroom_notify.settings import Settings
from pressroom_notify.tables import article, delivery, request
from pressroom_shared.events import Article
from pressroom_shared.site import Site

log = logging.getLogger(__name__)
LETTERS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that is ready. `versions` are those of the articles in it: when one has changed, it is made again."""

    row: Row
    letter: Letter
    versions: dict[str, int] = field(default_factory=dict)
    request_id: str = ""


class Drafts:
    """Makes letters, each article's once."""

    def __init__(self, site: Site, settings: Settings) -> None:
        self._site = site
        self._settings = settings
        self._kept: OrderedDict[tuple[str, int, str], Letter] = OrderedDict()

    async def make(self, connection: AsyncConnection, row: Row, now: datetime) -> Draft | Result:
        """The draft for one row of the ledger; or why there is none."""
        try:
            match row.occasion.partition(":")[0]:
                case "confirm" | "preferences" as kind:
                    return await self._link(connection, row, kind, now)
                case "digest":
                    return await self._digest(connection, row, now)
                case _:
                    return await self._article(connection, row, now)
        except SQLAlchemyError:
            raise  # the database's trouble is no fault of the mail: it stays in line
        except Exception:
            log.exception("the mail %s for %s cannot be composed", row.occasion, row.article_id or row.reader_id)
            return Failed("The mail could not be composed; the log of notify says why.")

    async def _article(self, connection: AsyncConnection, row: Row, now: datetime) -> Draft | Result:
        found = (
            await connection.execute(sa.select(article.c.version).where(article.c.id == row.article_id, article.c.live))
        ).one_or_none()
        if found is None:
            return Cancelled("The article was withdrawn before this was sent.")
        key = (row.article_id, found.version, row.occasion)
        letter = self._kept.get(key)
        if letter is None:
            document: dict[str, Any] | None = await connection.scalar(
                sa.select(article.c.document).where(article.c.id == row.article_id)
            )
            data = Article.model_validate(document)
            letter = await asyncio.to_thread(article_letter, self._site, data, row.occasion, now)
            self._kept[key] = letter
            if len(self._kept) > LETTERS_KEPT:
                self._kept.popitem(last=False)
        return Draft(row, letter, {row.article_id: found.version})

    async def _link(self, connection: AsyncConnection, row: Row, kind: str, now: datetime) -> Draft | Result:
        request_id = row.occasion.partition(":")[2]
        found = (await connection.execute(sa.select(request).where(request.c.id == request_id))).one_or_none()
        if found is None or found.expires_at < now or found.used_at is not None:
            return Cancelled("What was asked for is too old, or done already.")
        hours = max(1, round((found.expires_at - found.created_at).total_seconds() / 3600))
        if kind == "confirm":
            topics = [each.topic for each in Wishes.read(found.wishes).following]
            return Draft(row, confirm_letter(self._site, topics, hours, now), request_id=request_id)
        return Draft(row, preferences_letter(self._site, hours, now), request_id=request_id)

    async def _digest(self, connection: AsyncConnection, row: Row, now: datetime) -> Draft | Result:
        rows = await connection.execute(
            sa.select(article.c.version, article.c.document)
            .join(delivery, delivery.c.article_id == article.c.id)
            .where(delivery.c.digest_id == row.id, delivery.c.state == "digest", article.c.live)
            .order_by(delivery.c.created_at.desc(), delivery.c.id.desc())
            .limit(self._settings.digest_articles_max)
        )
        articles = [Article.model_validate(each.document) for each in rows]
        if not articles:
            return Cancelled("Every article of this digest was withdrawn.")
        every_days = int(row.occasion.split(":")[1])
        unique = list({each.id: each for each in articles}.values())
        letter = await asyncio.to_thread(digest_letter, self._site, unique, every_days, now)
        return Draft(row, letter, {each.id: each.version for each in unique})
