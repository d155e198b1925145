"""Lists of articles, newest first, and the pages that each of them makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import entry
from pressroom_shared.database import insert
from pressroom_shared.events import Article
from pressroom_shared.site import Site

HOME = "home"
OPINION = "kind:opinion"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an article stands in every list: by its first publication, then by its id."""

    at: datetime
    article_id: str


def place(article: Article) -> Place:
    return Place(article.first_published_at, article.id)


def month_of(article: Article, site: Site) -> str:
    return article.first_published_at.astimezone(site.zone).strftime("%Y-%m")


def main_section(key: str) -> str:
    return key.partition("/")[0]


def lists_of(article: Article, site: Site) -> set[str]:
    """Every list that an article stands in."""
    names = {HOME, f"month:{month_of(article, site)}"}
    for key in (article.section, *article.also_in):
        names |= {f"section:{main_section(key)}", f"section:{key}"}
    names |= {f"tag:{tag.slug}" for tag in article.tags}
    names |= {f"author:{person.slug}" for person in (*article.authors, *article.contributors)}
    if article.kind == "opinion":
        names.add(OPINION)
    return names


class Lists:
    """The lists, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, article: Article, names: set[str]) -> None:
        """Let it stand in these lists and no others."""
        await self.remove(article.id)
        spot = place(article)
        rows = [{"list": name, "article_id": article.id, "at": spot.at} for name in sorted(names)]
        await self._connection.execute(insert(self._connection, entry), rows)

    async def remove(self, article_id: str) -> None:
        await self._connection.execute(sa.delete(entry).where(entry.c.article_id == article_id))

    async def newest(self, name: str, limit: int) -> list[str]:
        return await self._ids(sa.select(entry.c.article_id).where(entry.c.list == name), newest=True, limit=limit)

    async def newest_of(self, wanted: dict[str, int]) -> dict[str, list[str]]:
        """The newest of several lists, in one question: list → ids."""
        parts = [
            sa.select(
                sa.select(entry.c.list, entry.c.article_id, entry.c.at)
                .where(entry.c.list == name)
                .order_by(entry.c.at.desc(), entry.c.article_id.desc())
                .limit(limit)
                .subquery()
            )
            for name, limit in wanted.items()
        ]
        found: dict[str, list[str]] = {name: [] for name in wanted}
        rows = (await self._connection.execute(sa.union_all(*parts))).all()
        for row in sorted(rows, key=lambda row: (row.at, row.article_id), reverse=True):
            found[row.list].append(row.article_id)
        return found

    async def older(self, name: str, than: Place, limit: int) -> list[str]:
        """The next older ones, newest of them first."""
        statement = sa.select(entry.c.article_id).where(entry.c.list == name, _before(than))
        return await self._ids(statement, newest=True, limit=limit)

    async def newer(self, name: str, than: Place, limit: int) -> list[str]:
        """The next newer ones, oldest of them first."""
        statement = sa.select(entry.c.article_id).where(entry.c.list == name, _after(than))
        return await self._ids(statement, newest=False, limit=limit)

    async def newer_until(self, name: str, than: Place, last: Place | None, limit: int) -> list[str]:
        """Those above a place and up to another; up to the newest when there is no other."""
        statement = sa.select(entry.c.article_id).where(entry.c.list == name, _after(than))
        if last is not None:
            statement = statement.where(sa.not_(_after(last)))
        return await self._ids(statement, newest=False, limit=limit)

    async def place_in(self, name: str, article_id: str) -> Place | None:
        at = await self._connection.scalar(
            sa.select(entry.c.at).where(entry.c.list == name, entry.c.article_id == article_id)
        )
        return None if at is None else Place(at, article_id)

    async def names(self, prefix: str) -> list[str]:
        """Every list of a kind that holds an article, in order."""
        statement = sa.select(entry.c.list).where(entry.c.list.startswith(prefix, autoescape=True)).distinct()
        return sorted((await self._connection.execute(statement)).scalars())

    async def _ids(self, statement: Any, *, newest: bool, limit: int) -> list[str]:
        order = (entry.c.at.desc(), entry.c.article_id.desc()) if newest else (entry.c.at, entry.c.article_id)
        return list((await self._connection.execute(statement.order_by(*order).limit(limit))).scalars())


def _before(spot: Place) -> Any:
    return sa.or_(entry.c.at < spot.at, sa.and_(entry.c.at == spot.at, entry.c.article_id < spot.article_id))


def _after(spot: Place) -> Any:
    return sa.or_(entry.c.at > spot.at, sa.and_(entry.c.at == spot.at, entry.c.article_id > spot.article_id))
