"""Lists of articles, newest first: who stands in which, where, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.joined import JOIN, split
from pressroom_render.tables import entry, listing
from pressroom_shared.among import among
from pressroom_shared.clock import from_microseconds, microseconds
from pressroom_shared.database import insert, on_both
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


SHAPE = 4
"""Questions ask for so many stretches of a kind, or a multiple."""

ROWS_MAX = 128
"""How many stretches one question asks for. SQLite takes 500."""


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
        values: dict[str, Any] = {}
        for number, (name, spot) in enumerate(places.items()):
            values |= {f"list{number}": name, f"at{number}": microseconds(spot.at), f"id{number}": spot.article_id}
        rows = (await self._connection.execute(_counts(len(places)), values)).all()
        counted: dict[int, int] = dict(map(tuple, rows))
        return {name: counted[number] for number, name in enumerate(places)}

    async def oldest(self, name: str, limit: int, *, offset: int = 0) -> list[str]:
        """From the oldest on, oldest first."""
        return await self._ids(OLDEST, name=name, limit=limit, offset=offset)

    async def rows(self, wanted: Sequence[Row]) -> list[list[str]]:
        """The ids of several stretches of lists, each from its beginning, in few questions."""
        found = [await self._rows(wanted[start : start + ROWS_MAX]) for start in range(0, len(wanted), ROWS_MAX)]
        return [ids for part in found for ids in part]

    async def _rows(self, wanted: Sequence[Row]) -> list[list[str]]:
        asked = _in_shape(wanted)
        values: dict[str, Any] = {}
        for number, (_, row) in enumerate(asked):
            values |= {f"list{number}": row.name, f"limit{number}": row.limit}
            if row.than:
                values |= {f"at{number}": microseconds(row.than.at), f"id{number}": row.than.article_id}
        statement = _union(tuple(row.direction for _, row in asked), self._connection.dialect.name)
        ids: list[list[str]] = [[] for _ in wanted]
        for number, found in (await self._connection.execute(statement, values)).all():
            asker = asked[number][0]
            if asker is not None:
                ids[asker] = split(found)
        return ids

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


_PART = """SELECT {n} AS part, {join}(article_id, ' ') FROM (
  SELECT at, article_id FROM entry WHERE list = :list{n}{than}
  ORDER BY at {order}, article_id {order} LIMIT :limit{n}
) AS part{n}"""
_THAN = {
    "newest": "",
    "older": " AND (at, article_id) < (:at{n}, :id{n})",
    "newer": " AND (at, article_id) > (:at{n}, :id{n})",
}


def _in_shape(wanted: Sequence[Row]) -> list[tuple[int | None, Row]]:
    """Rows with their numbers, sorted and filled up, so that there are few shapes of questions: each is built once."""
    asked: list[tuple[int | None, Row]] = []
    for direction in _THAN:
        rows: list[tuple[int | None, Row]] = [
            (number, row) for number, row in enumerate(wanted) if row.direction == direction
        ]
        filling = Row(
            "", 0, Place(from_microseconds(0), "") if direction != "newest" else None, newer=direction == "newer"
        )
        asked += rows + [(None, filling)] * (-len(rows) % SHAPE)
    return asked


@lru_cache(maxsize=512)
def _union(shape: tuple[str, ...], dialect: str) -> sa.TextClause:
    """One question for so many stretches. Kept as text: SQLAlchemy's own would cost more to build than to answer."""
    parts: list[str] = []
    for n, kind in enumerate(shape):
        order = "ASC" if kind == "newer" else "DESC"
        parts.append(_PART.format(n=n, than=_THAN[kind].format(n=n), order=order, join=JOIN[dialect]))
    return sa.text("\nUNION ALL\n".join(parts))


_COUNT = "SELECT {n}, count(*) FROM entry WHERE list = :list{n} AND (at, article_id) > (:at{n}, :id{n})"


@lru_cache(maxsize=64)
def _counts(parts: int) -> sa.TextClause:
    """One question for the counts of so many lists above a place, by the list's number."""
    return sa.text("\nUNION ALL\n".join(_COUNT.format(n=n) for n in range(parts)))


def _of(spot: Place) -> dict[str, Any]:
    return {"at": spot.at, "article_id": spot.article_id}
