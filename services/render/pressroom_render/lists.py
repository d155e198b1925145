"""Lists of articles, newest first: who stands in which, where, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import entry, listing
from pressroom_shared.among import among
from pressroom_shared.clock import from_microseconds, microseconds
from pressroom_shared.database import insert, on_both
from pressroom_shared.events import Article
from pressroom_shared.prepared import execute_each
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
    """How many articles of a list are older than one of them, 0 for the oldest; and how many there are in all."""

    rank: int
    total: int


def place(article: Article, name: str = HOME) -> Place:
    """In every list by the first publication; among the corrections by the last of them."""
    at = article.corrections[-1].at if name == CORRECTIONS else article.first_published_at
    return Place(at, article.id)


def main_section(key: str) -> str:
    return key.partition("/")[0]


def original(article: Article) -> str:
    """The article that all its translations name, itself where it is none."""
    return article.translation_of or article.id


def translations(article: Article) -> str:
    """The list of the translations of its original."""
    return f"translation:{original(article)}"


def lists_of(article: Article, site: Site) -> set[str]:
    """Every list that an article stands in."""
    day = article.first_published_at.astimezone(site.zone).date()
    names = {HOME, f"day:{day:%Y-%m-%d}", f"month:{day:%Y-%m}"}
    for key in (article.section, *article.also_in):
        names |= {f"section:{main_section(key)}", f"section:{key}"}
    names |= {f"tag:{tag.slug}" for tag in article.tags}
    names |= {f"author:{person.slug}" for person in (*article.authors, *article.contributors)}
    if article.translation_of:
        names.add(translations(article))
    if article.kind == "opinion":
        names.add(OPINION)
    if article.kind in {"analysis", "review"} and article.lead_image:
        names.add(PICKS)
    if article.corrections:
        names.add(CORRECTIONS)
    return names


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of a list: its newest; or the next older or newer ones than a place, the nearest first."""

    name: str
    limit: int
    than: Place | None = None
    newer: bool = False

    @property
    def direction(self) -> str:
        return ("newer" if self.newer else "older") if self.than else "newest"

    @property
    def asked(self) -> dict[str, Any]:
        return {"name": self.name, "limit": self.limit} | (_of(self.than) if self.than else {})


# The statements of every page are built once. A place is compared as a row, so that the index leads straight to it.
NAME: sa.BindParameter[str] = sa.bindparam("name")
ARTICLE_ID: sa.BindParameter[str] = sa.bindparam("article_id", type_=sa.Text)
AT: sa.BindParameter[datetime] = sa.bindparam("at", type_=entry.c.at.type)
POSITION = sa.tuple_(entry.c.at, entry.c.article_id)
SPOT = sa.tuple_(AT, ARTICLE_ID)
NEWEST_FIRST = (entry.c.at.desc(), entry.c.article_id.desc())
OLDEST_FIRST = (entry.c.at, entry.c.article_id)


def _ids(*which: sa.ColumnElement[bool], order: tuple[sa.ColumnElement[Any], ...]) -> sa.Select[Any]:
    statement = sa.select(entry.c.article_id).where(entry.c.list == NAME, *which).order_by(*order)
    return statement.limit(sa.bindparam("limit", type_=sa.Integer))


OFFSET: sa.BindParameter[int] = sa.bindparam("offset", type_=sa.Integer)
OLDEST = _ids(order=OLDEST_FIRST).offset(OFFSET)
NEWER = _ids(POSITION > SPOT, order=OLDEST_FIRST)
STRETCHES = {
    "newest": _ids(order=NEWEST_FIRST),
    "older": _ids(POSITION < SPOT, order=NEWEST_FIRST),
    "newer": NEWER,
}
NEWER_COUNT = sa.select(sa.func.count()).where(entry.c.list == NAME, POSITION > SPOT)
SINCE = _ids(entry.c.at >= AT, order=NEWEST_FIRST)
PLACES_FROM = (
    sa.select(entry.c.at, entry.c.article_id)
    .where(entry.c.list == NAME)
    .order_by(*NEWEST_FIRST)
    .offset(OFFSET)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
PLACE_IN = sa.select(entry.c.at).where(entry.c.list == NAME, entry.c.article_id == ARTICLE_ID)
TOTALS = sa.select(listing.c.name, listing.c.total).where(among(listing.c.name, "names"))
COUNTED = (
    sa.select(listing.c.name, listing.c.total)
    .where(listing.c.name >= sa.bindparam("from"), listing.c.name < sa.bindparam("to"), listing.c.total > 0)
    .order_by(listing.c.name)
)
STANDS_IN = sa.select(entry.c.list, entry.c.at).where(entry.c.article_id == ARTICLE_ID)
LEAVE = sa.delete(entry).where(entry.c.article_id == ARTICLE_ID, among(entry.c.list, "names"))
PUT = on_both(
    entry,
    lambda put: put.on_conflict_do_update(
        index_elements=[entry.c.list, entry.c.article_id], set_={"at": put.excluded.at}
    ),
)
COUNT = on_both(
    listing,
    lambda count: count.on_conflict_do_update(
        index_elements=[listing.c.name], set_={"total": listing.c.total + count.excluded.total}
    ),
)


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

    async def put(self, article_id: str, places: dict[str, Place]) -> set[str]:
        """Let it stand in these lists, at these places, and in no others. Says which of them had no article before, or
        have none now."""
        held = dict((await self._connection.execute(STANDS_IN, {"article_id": article_id})).all())
        wanted = {name: each.at for name, each in places.items()}
        gone = sorted(held.keys() - wanted.keys())
        if gone:
            await self._connection.execute(LEAVE, {"article_id": article_id, "names": gone})
        rows = [
            {"list": name, "article_id": article_id, "at": at}
            for name, at in sorted(wanted.items())
            if held.get(name) != at
        ]
        if rows:
            await self._connection.execute(PUT[self._connection.dialect.name], rows)
        counted: list[dict[str, Any]] = [{"name": name, "total": 1} for name in sorted(wanted.keys() - held.keys())]
        counted += [{"name": name, "total": -1} for name in gone]
        if not counted:
            return set()
        await self._connection.execute(COUNT[self._connection.dialect.name], counted)
        totals = await self.totals({each["name"] for each in counted})
        return {name for name, total in totals.items() if total <= (name in wanted)}

    async def totals(self, names: set[str]) -> dict[str, int]:
        """How many articles each of these lists holds."""
        held = await self._connection.execute(TOTALS, {"names": sorted(names)})
        return dict.fromkeys(names, 0) | dict(held.all())

    async def counted(self, prefix: str) -> list[tuple[str, int]]:
        """Every list of a kind that holds an article, and how many, by name."""
        rows = await self._connection.execute(COUNTED, {"from": prefix, "to": f"{prefix}\U0010ffff"})
        return [(name, total) for name, total in rows.all()]

    async def spots(self, places: dict[str, Place]) -> dict[str, Spot]:
        """Where articles stand in lists, if they do. Costs as much as there are newer ones."""
        if not places:
            return {}
        totals, above = await self.totals(set(places)), await self._above(places)
        found = {name: Spot(totals[name] - 1 - above[name], totals[name]) for name in sorted(places)}
        return {name: spot for name, spot in found.items() if spot.rank >= 0}

    async def _above(self, places: dict[str, Place]) -> dict[str, int]:
        """How many articles of each list are newer than a place in it."""
        if self._connection.dialect.name == "sqlite":
            asked = [{"name": name} | _of(spot) for name, spot in places.items()]
            counts = [count for ((count,),) in await execute_each(self._connection, NEWER_COUNT, asked)]
        else:
            columns = _columns([Row(name, 0, spot) for name, spot in places.items()])
            counts = list((await self._connection.execute(NEWER_COUNT_OF_EACH, columns)).scalars().all())
        return dict(zip(places, counts, strict=True))

    async def oldest(self, name: str, limit: int, *, offset: int = 0) -> list[str]:
        """From the oldest on, oldest first."""
        return await self._ids(OLDEST, name=name, limit=limit, offset=offset)

    async def rows(self, wanted: Sequence[Row]) -> list[list[str]]:
        """The ids of several stretches of lists, each from its beginning."""
        found: list[list[str]] = [[] for _ in wanted]
        for direction in STRETCHES:
            numbers = [number for number, row in enumerate(wanted) if row.direction == direction]
            asked = [wanted[number] for number in numbers]
            for number, ids in zip(numbers, await self._stretches(direction, asked), strict=True):
                found[number] = ids
        return found

    async def _stretches(self, direction: str, asked: list[Row]) -> list[list[str]]:
        if not asked:
            return []
        if self._connection.dialect.name == "sqlite":
            found = await execute_each(self._connection, STRETCHES[direction], [row.asked for row in asked])
            return [[article_id for (article_id,) in rows] for rows in found]
        return list((await self._connection.execute(STRETCH_OF_EACH[direction], _columns(asked))).scalars().all())

    async def newer(self, name: str, than: Place, limit: int) -> list[str]:
        """The next newer ones, oldest of them first."""
        return await self._ids(NEWER, name=name, limit=limit, **_of(than))

    async def since(self, name: str, moment: datetime, limit: int) -> list[str]:
        """Those at or after a moment, newest first."""
        return await self._ids(SINCE, name=name, limit=limit, at=moment)

    async def place_at(self, name: str, position: int) -> Place | None:
        """Who stands at a position, 0 for the newest; None when the list is shorter."""
        return next(iter(await self.places_from(name, position, 1)), None)

    async def places_from(self, name: str, position: int, limit: int) -> list[Place]:
        """Who stands from a position on, 0 for the newest; none when the list is shorter."""
        asked = {"name": name, "offset": position, "limit": limit}
        return [Place(*row) for row in (await self._connection.execute(PLACES_FROM, asked)).all()]

    async def place_in(self, name: str, article_id: str) -> Place | None:
        at = await self._connection.scalar(PLACE_IN, {"name": name, "article_id": article_id})
        return None if at is None else Place(at, article_id)

    async def _ids(self, statement: sa.Select[Any], **asked: object) -> list[str]:
        return list((await self._connection.execute(statement, asked)).scalars().all())


# Where the way to the database is what costs: one question for several stretches, in the order of asking.
_ASKED = """
FROM unnest(CAST(:names AS TEXT[]), CAST(:limits AS BIGINT[]), CAST(:ats AS BIGINT[]), CAST(:ids AS TEXT[]))
  WITH ORDINALITY AS asked (list, size, at, article_id, part)
ORDER BY asked.part"""
_STRETCH = """SELECT ARRAY(
  SELECT entry.article_id FROM entry WHERE entry.list = asked.list{than}
  ORDER BY entry.at {order}, entry.article_id {order} LIMIT asked.size
)"""
_THAN = " AND (entry.at, entry.article_id) {sign} (asked.at, asked.article_id)"
STRETCH_OF_EACH = {
    direction: sa.text(_STRETCH.format(than=_THAN.format(sign=sign) if sign else "", order=order) + _ASKED)
    for direction, sign, order in (("newest", "", "DESC"), ("older", "<", "DESC"), ("newer", ">", "ASC"))
}
_COUNT = "SELECT (SELECT count(*) FROM entry WHERE entry.list = asked.list{than})"
NEWER_COUNT_OF_EACH = sa.text(_COUNT.format(than=_THAN.format(sign=">")) + _ASKED)


def _columns(asked: Sequence[Row]) -> dict[str, Any]:
    nowhere = Place(from_microseconds(0), "")
    places = [row.than or nowhere for row in asked]
    return {
        "names": [row.name for row in asked],
        "limits": [row.limit for row in asked],
        "ats": [microseconds(place.at) for place in places],
        "ids": [place.article_id for place in places],
    }


def _of(spot: Place) -> dict[str, Any]:
    return {"at": spot.at, "article_id": spot.article_id}
