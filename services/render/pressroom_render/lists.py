"""Lists of articles, newest first: who stands in which, where, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import entry, listing
from pressroom_shared.database import insert
from pressroom_shared.events import Article
from pressroom_shared.site import Site

HOME = "home"
OPINION = "kind:opinion"
TRENDING = "section:trending"
PICKS = "picks"
"""What the desk worked on longest and has a picture: analyses and reviews."""
CORRECTIONS = "corrections"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an article stands in a list: by a moment, then by its id."""

    at: datetime
    article_id: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and how many articles of the list are older: 0 for the oldest."""

    place: Place
    rank: int


def place(article: Article, name: str = HOME) -> Place:
    """In every list by the first publication; among the corrections by the last of them."""
    at = article.corrections[-1].at if name == CORRECTIONS else article.first_published_at
    return Place(at, article.id)


def main_section(key: str) -> str:
    return key.partition("/")[0]


def lists_of(article: Article, site: Site) -> set[str]:
    """Every list that an article stands in."""
    day = article.first_published_at.astimezone(site.zone).date()
    names = {HOME, f"day:{day:%Y-%m-%d}", f"month:{day:%Y-%m}"}
    for key in (article.section, *article.also_in):
        names |= {f"section:{main_section(key)}", f"section:{key}"}
    names |= {f"tag:{tag.slug}" for tag in article.tags}
    names |= {f"author:{person.slug}" for person in (*article.authors, *article.contributors)}
    if article.kind == "opinion":
        names.add(OPINION)
    if article.kind in {"analysis", "review"} and article.lead_image:
        names.add(PICKS)
    if article.corrections:
        names.add(CORRECTIONS)
    return names


class Lists:
    """The lists, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        """Let nobody else change lists until this transaction ends, so that two neighbours see each other.

        SQLite has one writer, who needs no lock.
        """
        if self._connection.dialect.name == "sqlite":
            return
        new = insert(self._connection, listing).values(name=HOME, total=0).on_conflict_do_nothing()
        await self._connection.execute(new)
        await self._connection.execute(sa.select(listing.c.name).where(listing.c.name == HOME).with_for_update())

    async def put(self, article_id: str, places: dict[str, Place]) -> None:
        """Let it stand in these lists, at these places, and in no others."""
        statement = sa.select(entry.c.list, entry.c.at).where(entry.c.article_id == article_id)
        held = {row.list: row.at for row in await self._connection.execute(statement)}
        wanted = {name: each.at for name, each in places.items()}
        gone = sorted(held.keys() - wanted.keys())
        if gone:
            await self._connection.execute(
                sa.delete(entry).where(entry.c.article_id == article_id, entry.c.list.in_(gone))
            )
        rows = [
            {"list": name, "article_id": article_id, "at": at}
            for name, at in sorted(wanted.items())
            if held.get(name) != at
        ]
        if rows:
            put = insert(self._connection, entry)
            keys = [entry.c.list, entry.c.article_id]
            await self._connection.execute(
                put.on_conflict_do_update(index_elements=keys, set_={"at": put.excluded.at}), rows
            )
        counted = [{"name": name, "total": 1} for name in sorted(wanted.keys() - held.keys())]
        counted += [{"name": name, "total": -1} for name in gone]
        if counted:
            count = insert(self._connection, listing)
            total = listing.c.total + count.excluded.total
            await self._connection.execute(
                count.on_conflict_do_update(index_elements=[listing.c.name], set_={"total": total}), counted
            )

    async def totals(self, names: set[str]) -> dict[str, int]:
        """How many articles each of these lists holds."""
        statement = sa.select(listing.c.name, listing.c.total).where(listing.c.name.in_(sorted(names)))
        return dict.fromkeys(names, 0) | dict((await self._connection.execute(statement)).all())

    async def counted(self, prefix: str) -> list[tuple[str, int]]:
        """Every list of a kind that holds an article, and how many, by name."""
        statement = (
            sa.select(listing.c.name, listing.c.total)
            .where(listing.c.name >= prefix, listing.c.name < f"{prefix}\U0010ffff", listing.c.total > 0)
            .order_by(listing.c.name)
        )
        return [(name, total) for name, total in await self._connection.execute(statement)]

    async def spots(self, article_id: str, names: set[str]) -> dict[str, Spot]:
        """Where it stands in those of the lists that hold it. Costs as much as there are newer ones."""
        statement = sa.select(entry.c.list, entry.c.at).where(
            entry.c.article_id == article_id, entry.c.list.in_(sorted(names))
        )
        places = {row.list: Place(row.at, article_id) for row in await self._connection.execute(statement)}
        totals = await self.totals(set(places))
        return {
            name: Spot(each, totals[name] - 1 - await self._above(name, each)) for name, each in sorted(places.items())
        }

    async def _above(self, name: str, spot: Place) -> int:
        statement = sa.select(sa.func.count()).where(entry.c.list == name, after(spot))
        return await self._connection.scalar(statement) or 0

    async def newest(self, name: str, limit: int, *, offset: int = 0) -> list[str]:
        return await self._ids(name, newest=True, limit=limit, offset=offset)

    async def oldest(self, name: str, limit: int, *, offset: int = 0) -> list[str]:
        """From the oldest on, oldest first."""
        return await self._ids(name, newest=False, limit=limit, offset=offset)

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
        return await self._ids(name, before(than), newest=True, limit=limit)

    async def newer(self, name: str, than: Place, limit: int) -> list[str]:
        """The next newer ones, oldest of them first."""
        return await self._ids(name, after(than), newest=False, limit=limit)

    async def since(self, name: str, moment: datetime, limit: int) -> list[str]:
        """Those at or after a moment, newest first."""
        return await self._ids(name, entry.c.at >= moment, newest=True, limit=limit)

    async def place_at(self, name: str, position: int) -> Place | None:
        """Who stands at a position, 0 for the newest; None when the list is shorter."""
        statement = (
            sa.select(entry.c.at, entry.c.article_id)
            .where(entry.c.list == name)
            .order_by(entry.c.at.desc(), entry.c.article_id.desc())
            .offset(position)
            .limit(1)
        )
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else Place(*row)

    async def place_in(self, name: str, article_id: str) -> Place | None:
        at = await self._connection.scalar(
            sa.select(entry.c.at).where(entry.c.list == name, entry.c.article_id == article_id)
        )
        return None if at is None else Place(at, article_id)

    async def _ids(
        self, name: str, *which: sa.ColumnElement[bool], newest: bool, limit: int, offset: int = 0
    ) -> list[str]:
        order = (entry.c.at.desc(), entry.c.article_id.desc()) if newest else (entry.c.at, entry.c.article_id)
        statement = sa.select(entry.c.article_id).where(entry.c.list == name, *which).order_by(*order)
        return list((await self._connection.execute(statement.limit(limit).offset(offset))).scalars())


def before(spot: Place) -> sa.ColumnElement[bool]:
    """Older than a place. Compared as a row, so that the index leads straight to it."""
    return _position() < _of(spot)


def after(spot: Place) -> sa.ColumnElement[bool]:
    """Newer than a place."""
    return _position() > _of(spot)


def _position() -> sa.Tuple:
    return sa.tuple_(entry.c.at, entry.c.article_id)


def _of(spot: Place) -> sa.Tuple:
    return sa.tuple_(sa.literal(spot.at, entry.c.at.type), sa.literal(spot.article_id, entry.c.article_id.type))
