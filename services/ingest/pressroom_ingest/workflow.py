"""The way of a draft: draft → in_review → approved. Contributors hand it in and take it back; editors approve it."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles, Head
from pressroom_ingest.keys import Actor, demand
from pressroom_ingest.tables import article

Review = Literal["draft", "in_review", "approved"]


class Workflow:
    """Where a newest revision stands on its way, in one transaction."""

    def __init__(self, connection: AsyncConnection, articles: Articles) -> None:
        self._connection = connection
        self._articles = articles

    async def move(self, article_id: str, to: Review, *, if_match: str | None, actor: Actor) -> Head:
        """Move the newest revision. Raises 403 for who may not: approving, and taking that back, is for editors."""
        head = await self._articles.head(article_id, lock=True)
        await self._articles.match(head, if_match, needed=False)
        demand(actor, "editor" if "approved" in {to, head.review_state} else "contributor", head.section)
        values = {"review_state": to} | ({"state": to} if head.state == head.review_state else {})
        await self._connection.execute(sa.update(article).where(article.c.id == article_id).values(**values))
        return await self._articles.head(article_id)
