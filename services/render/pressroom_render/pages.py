"""Which pages a change touches, and the marks that say what is to be written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import (
    COALESCED,
    MONTHS_SITEMAP,
    PAGE,
    PRIORITY,
    SWEEP,
    Page,
    article_page,
    is_archive,
    is_paged,
    is_polled,
    list_pages,
    older_count,
    older_page,
    standing_pages,
)
from pressroom_render.curation import Curation, front_list
from pressroom_render.lists import (
    HOME,
    OPINION,
    PICKS,
    POSITION,
    SPOT,
    TRENDING,
    Lists,
    Place,
    Row,
    Spot,
    lists_of,
    main_section,
    place,
)
from pressroom_render.profiles import Profiles, kind_of
from pressroom_render.projection import Applied, Held, Projection
from pressroom_render.tables import article as article_table
from pressroom_render.tables import entry, reference
from pressroom_render.tables import page as table
from pressroom_shared.among import among
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.database import Insert, on_both
from pressroom_shared.events import AuthorChanged, FrontChanged, TagChanged
from pressroom_shared.site import Site

RAILS = {PICKS: 1, TRENDING: 5, OPINION: 4}
"""The lists that stand beside an article, and how many of each."""

RAILS_LIVE = 100
"""Beside so many of the newest articles, rails show what is newest now, and are swept when that changes. Beside older
ones they show what was newest then, so that a publication does not touch the whole archive."""

RELATED = 4
"""How many related articles stand below one."""

SECTION_LOOK = 1 + 2 * RELATED
"""How many older ones of its section an article's page looks at: the previous one, and what related may need."""

HOME_LOOK = RELATED + 1
"""And how many of the whole newspaper, where its section has too few."""

TRANSLATIONS_MAX = 50
"""How many languages it leads to."""

NAMED_MAX = 1_000
"""How many rows one statement names."""


WAITS = table.c.generation > table.c.written


Due = Callable[[Any], Any]
"""When a page is due that is marked again, by when the new mark would have it."""


def _at_once(wanted: Any) -> Any:
    return wanted


def _after_a_pause(wanted: Any) -> Any:
    """When the pause since the last writing is over. What is to be written sooner keeps its time."""
    written = sa.type_coerce(table.c.written_at, sa.BigInteger)
    over = sa.type_coerce(written + sa.bindparam("pause", type_=sa.BigInteger), table.c.due_at.type)
    soon = sa.case((sa.and_(table.c.written_at.is_not(None), over > wanted), over), else_=wanted)
    return sa.case((sa.and_(WAITS, table.c.due_at <= soon), table.c.due_at), else_=soon)


def _unless_it_waits(wanted: Any) -> Any:
    return sa.case((WAITS, table.c.due_at), else_=wanted)


def _mark(put: Insert, *, due: Due) -> Insert:
    """A mark; on a page that is marked already, a later generation."""
    again: dict[str, Any] = {name: put.excluded[name] for name in ("kind", "subject")}
    more_urgent = sa.and_(WAITS, table.c.priority < put.excluded.priority)
    again["priority"] = sa.case((more_urgent, table.c.priority), else_=put.excluded.priority)
    return put.values(
        {
            each: sa.bindparam(each, type_=table.c[each].type)
            for each in ("path", "kind", "subject", "priority", "generation", "written", "due_at")
        }
    ).on_conflict_do_update(
        index_elements=[table.c.path],
        set_=again | {"generation": table.c.generation + 1, "due_at": due(put.excluded.due_at)},
    )


# The statements of every event are built once.
MARK, MARK_COALESCED, MARK_UNLESS_IT_WAITS = (
    on_both(table, partial(_mark, due=each)) for each in (_at_once, _after_a_pause, _unless_it_waits)
)
MARK_SWEPT = (
    sa.update(table)
    .where(among(table.c.path, "paths"), sa.not_(sa.and_(WAITS, table.c.leased_until.is_(None))))
    .values(
        generation=table.c.generation + 1,
        priority=sa.case((WAITS, table.c.priority), else_=SWEEP),
        due_at=sa.case((WAITS, table.c.due_at), else_=sa.bindparam("due", type_=table.c.due_at.type)),
    )
)
SWEPT = (
    sa.select(article_table.c.path)
    .join(entry, entry.c.article_id == article_table.c.id)
    .where(entry.c.list == HOME, article_table.c.live)
)
"""Articles' pages, by where they stand in the newspaper."""
SWEPT_AFTER = SWEPT.where(POSITION > SPOT)
LAST = sa.tuple_(sa.bindparam("last_at", type_=entry.c.at.type), sa.bindparam("last_article_id", type_=sa.Text))
SWEPT_UP_TO = SWEPT_AFTER.where(sa.not_(LAST < POSITION))
SWEPT_OF = SWEPT.where(among(entry.c.article_id, "ids"))
SHOWING = (
    sa.select(table.c.path, table.c.kind, table.c.subject)
    .join(reference, reference.c.page == table.c.path)
    .where(reference.c.article_id == sa.bindparam("article_id"))
)
LOCK = (
    sa.select(
        table.c.path,
        table.c.generation,
        table.c.written,
        table.c.leased_until.is_not(None),
        table.c.priority,
        sa.type_coerce(table.c.due_at, sa.BigInteger),
        sa.type_coerce(table.c.written_at, sa.BigInteger),
    )
    .where(among(table.c.path, "paths"))
    .order_by(table.c.path)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A page is dirty while its generation is above the one that was written."""

    generation: int
    written: int
    leased: bool
    priority: int
    due_at_us: int
    written_at_us: int | None

    @property
    def waits(self) -> bool:
        """It will be read after this transaction: another mark would say nothing new."""
        return self.generation > self.written and not self.leased

    def comes_as_soon(self, now_us: int, pause_us: int, priority: int) -> bool:
        """It waits, and comes as soon as with a mark of now: at once, or when the pause is over."""
        soon_us = now_us if self.written_at_us is None else max(now_us, self.written_at_us + pause_us)
        return self.waits and self.priority <= priority and self.due_at_us <= soon_us


class Pages:
    """The marks, in one transaction."""

    def __init__(
        self,
        connection: AsyncConnection,
        clock: Clock,
        site: Site,
        *,
        coalesce_s: float,
        archive_s: float,
        sweep_s: float,
        bulk_s: float,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._site = site
        self._pause_us = int(coalesce_s * 1_000_000)
        self._sweep = timedelta(seconds=sweep_s)
        self._bulk = timedelta(seconds=bulk_s)
        self._archive = timedelta(seconds=archive_s)
        self._swept: set[str] = set()
        self._lists = Lists(connection)
        self._projection = Projection(connection)
        self._curation = Curation(connection)
        self._profiles = Profiles(connection)

    async def lock(self) -> None:
        """Take events in one after the other, before anything is read: each then sees what the one before it did."""
        await self._lists.lock()

    async def change(self, change: Applied, *, urgent: bool) -> None:
        """Put an article in its lists and mark every page that shows it, before or after; its own first, if urgent.

        What is not urgent came in bulk: nobody waits, and the next one may change the same lists.
        """
        before, after = change.before, change.after
        old = self._places(before)
        new = self._places(after)
        own = {self.own_page(each) for each in (before, after) if each is not None}
        touched = set(own)
        pages = {each for name in old.keys() | new.keys() for each in list_pages(name) if each.path != MONTHS_SITEMAP}
        showing = await self._showing(after.id)
        waited_for: set[Page] = set()
        if before is not None and old == new and before.teaser == after.teaser:
            # Feeds and the month's sitemap alone show more than a teaser.
            touched |= {each for each in showing if each.kind == "feed"}
            if before.version != after.version:
                touched |= {each for each in pages if each.kind == "sitemap" and is_archive(each)}
        else:
            touched |= pages | showing | await self._curating(after.id)
            moved = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
            touched |= await self._around(old, moved)
            begun_or_ended = await self._lists.put(after.id, new)
            waited_for = {each for name in begun_or_ended for each in list_pages(name)}
            touched |= waited_for | await self._around(new, moved)
            if HOME in moved:
                await self._sweep_edge()
        if urgent:
            later = {each for each in touched - waited_for if is_archive(each)}
            if before is None or before.article is None:
                touched -= self._sweep_beside(touched - own - showing)
                later |= {each for each in touched - waited_for - showing if is_polled(each)}
            await self._mark(touched - later, first=own, later=later)
        else:
            await self._mark_in_bulk(touched)

    async def curate(self, event: FrontChanged) -> None:
        """Keep an editor's choice for a front, if it is newer (or as new, for a replay), and mark what shows it."""
        await self._lists.lock()
        if await self._curation.apply(event):
            if event.data.front == HOME:
                await self._sweep_rails()
            await self._mark(self._fronts({event.data.front}))

    async def describe(self, event: AuthorChanged | TagChanged) -> None:
        """Keep what the newsroom says of an author or a tag, if it is newer, and mark the pages that are about them."""
        await self._lists.lock()
        if await self._profiles.apply(event):
            name = f"{kind_of(event)}:{event.data.slug}"
            total = (await self._lists.totals({name}))[name]
            if total:
                numbered = (older_page(name, each + 1) for each in range(older_count(total)))
                await self._mark({*list_pages(name), *numbered})

    async def _mark(self, touched: set[Page], *, first: Collection[Page] = (), later: Collection[Page] = ()) -> None:
        """Mark these pages, those that can wait a little, and those that are to be swept."""
        marks = await self._lock({each.path for each in (*touched, *later)})
        await self._mark_swept()
        now = self._clock.now()
        await self.mark_dirty({each for each in touched if not self._comes_as_soon(each, marks, now)}, first=first)
        await self._mark_unless_they_wait(
            [_row(each, PRIORITY[each.kind], now + self._archive) for each in later], marks
        )

    async def _mark_in_bulk(self, touched: set[Page]) -> None:
        """The same for what came in bulk. One old article may push hundreds of numbered pages on: most wait already."""
        marks = await self._lock({each.path for each in touched})
        await self._mark_swept()
        now = self._clock.now()
        rows = [_row(each, SWEEP, now if each.kind == "article" else now + self._bulk) for each in touched]
        await self._mark_unless_they_wait(rows, marks)

    def _comes_as_soon(self, page: Page, marks: dict[str, Mark], now: datetime) -> bool:
        """A list that needs no other mark: in a burst most wait already."""
        mark = marks.get(page.path)
        if mark is None or page.kind not in COALESCED:
            return False
        return mark.comes_as_soon(microseconds(now), self._pause_us, PRIORITY[page.kind])

    async def _lock(self, paths: set[str]) -> dict[str, Mark]:
        """Hold these and those that are to be swept; says the marks of these. SQLite has one writer, who holds all."""
        swept = set[str]() if self._connection.dialect.name == "sqlite" else self._swept
        return await lock_pages(self._connection, paths | swept)

    async def _mark_unless_they_wait(self, rows: list[dict[str, Any]], marks: dict[str, Mark]) -> None:
        """A page that waits already keeps its turn, and needs no other mark."""
        new = [row for row in rows if not ((mark := marks.get(row["path"])) and mark.waits)]
        if new:
            ordered = sorted(new, key=lambda row: row["path"])
            await self._connection.execute(MARK_UNLESS_IT_WAITS[self._connection.dialect.name], ordered)

    def _places(self, held: Held | None) -> dict[str, Place]:
        if held is None or held.article is None:
            return {}
        return {name: place(held.article, name) for name in lists_of(held.article, self._site)}

    async def mark_dirty(self, pages: Collection[Page], *, first: Collection[Page] = ()) -> None:
        """Have these pages written (again). A mark that is made while a page is being written is not lost.

        Articles' pages that are not to be the `first` are written last: readers have them already.
        """
        now = self._clock.now()
        pause = {"pause": self._pause_us}
        ordered = [
            _row(each, SWEEP if each.kind == "article" and each not in first else PRIORITY[each.kind], now)
            for each in sorted(set(pages), key=lambda page: page.path)
        ]
        at_once = [row for row in ordered if row["kind"] not in COALESCED]
        coalesced = [row | pause for row in ordered if row["kind"] in COALESCED]
        for statement, rows in ((MARK, at_once), (MARK_COALESCED, coalesced)):
            if rows:
                await self._connection.execute(statement[self._connection.dialect.name], rows)

    async def mark_article(self, article_id: str) -> None:
        """Have an article's own page written again: something that it names has changed (its card)."""
        await self.mark_dirty(await self._own_pages(article_id))

    async def mark_author(self, slug: str) -> None:
        """Have an author's page written again: their picture has been made."""
        name = f"author:{slug}"
        if (await self._lists.totals({name}))[name]:
            await self.mark_dirty([each for each in list_pages(name) if each.kind == "list"])

    async def mark_showing(self, article_id: str) -> None:
        """Have an article's own page and all that show its teaser written again: its pictures have been made.

        A page that is just being made and shows it for the first time is made again by its writer, who finds them.
        """
        await self._projection.hold([article_id])
        pages = await self._own_pages(article_id) | await self._showing(article_id)
        await lock_pages(self._connection, {each.path for each in pages})
        await self.mark_dirty(pages)

    async def mark_all(self, standing: list[str]) -> None:
        """Have every page written again. `standing` are the addresses of the newspaper's own texts."""
        await self._connection.execute(
            sa.update(table).values(generation=table.c.generation + 1, due_at=self._clock.now())
        )
        await self.mark_dirty(standing_pages(self._site, standing))

    async def _own_pages(self, article_id: str) -> set[Page]:
        """The page of an article that is live."""
        return {article_page(path, each) for each, path in (await self._projection.live_paths([article_id])).items()}

    def own_page(self, held: Held) -> Page:
        return article_page(held.path, held.id)

    async def _showing(self, article_id: str) -> set[Page]:
        """Pages that showed its teaser or named its address when they were last written."""
        return {Page(*row) for row in (await self._connection.execute(SHOWING, {"article_id": article_id})).all()}

    async def _curating(self, article_id: str) -> set[Page]:
        """Fronts where an editor has put it. Home's choice stands beside the newest articles, too."""
        fronts = await self._curation.fronts_with(article_id)
        if HOME in fronts:
            await self._sweep_rails()
        return self._fronts(fronts)

    def _fronts(self, names: Iterable[str]) -> set[Page]:
        """The pages of those fronts that the newspaper has."""
        known = {HOME, *self._site.section_keys}
        return {list_pages(front_list(each))[0] for each in names if each in known}

    async def _sweep_rails(self) -> None:
        """Mark every article that has live rails."""
        edge = await self._lists.place_at(HOME, RAILS_LIVE)
        await (self._sweep_where(SWEPT_AFTER, _of("", edge)) if edge else self._sweep_where(SWEPT, {}))

    async def _around(self, places: dict[str, Place], moved: set[str]) -> set[Page]:
        """Pages that show an article because of where it stands now: near ones, list pages; rails are swept."""
        if not places:
            return set()
        rows: list[Row] = []
        for name, spot in places.items():
            kind, _, value = name.partition(":")
            if kind == "section" and value == main_section(value):
                rows += [Row(name, SECTION_LOOK, spot, newer=True), Row(name, 1, spot)]
            elif name == HOME:
                rows.append(Row(name, HOME_LOOK, spot, newer=True))
            elif kind == "tag":
                rows.append(Row(name, RELATED, spot, newer=True))
            elif kind == "translation":
                rows.append(Row(name, TRANSLATIONS_MAX))
        originals = {name.removeprefix("translation:") for name in places if name.startswith("translation:")}
        near = originals.union(*await self._lists.rows(rows))
        for name in RAILS.keys() & places.keys():
            await self._sweep_rail(name, places[name])
        pages = {article_page(path, each) for each, path in (await self._projection.live_paths(sorted(near))).items()}
        spots = await self._lists.spots({name: each for name, each in places.items() if is_paged(name)})
        return pages.union(*(_older_pages(name, spot, name in moved) for name, spot in spots.items()))

    async def _sweep_rail(self, name: str, spot: Place) -> None:
        """Mark the articles whose rail shows, or will show, what stands at this place of a list."""
        size = RAILS[name]
        newer = await self._lists.newer(name, spot, size + 1)  # a page does not show itself: it looks at one more
        last = await self._lists.place_in(name, newer[size - 1]) if len(newer) >= size else None
        await self._sweep_where(
            *((SWEPT_UP_TO, _of("", spot) | _of("last_", last)) if last else (SWEPT_AFTER, _of("", spot)))
        )
        if len(newer) <= size:
            await self._sweep_rails()

    async def _sweep_edge(self) -> None:
        """Mark the articles at both sides of where live rails end: one of them may just have crossed it."""
        edge = await self._lists.places_from(HOME, RAILS_LIVE - 1, 2)
        await self._sweep_where(SWEPT_OF, {"ids": [each.article_id for each in edge]})

    def _sweep_beside(self, touched: set[Page]) -> set[Page]:
        """Sweep the articles' pages among these, which are wrong in nothing: they do not lead to a new one yet.

        Not those whose text names it: their readers look for the link.
        """
        beside = {each for each in touched if each.kind == "article"}
        self._swept.update(each.path for each in beside)
        return beside

    async def _sweep_where(self, statement: sa.Select[Any], asked: dict[str, Any]) -> None:
        """Have articles' own pages swept."""
        self._swept.update((await self._connection.execute(statement, asked)).scalars().all())

    async def _mark_swept(self) -> None:
        """Mark them, for later: what changes beside them meanwhile goes with it. What waits already keeps its turn."""
        due = self._clock.now() + self._sweep
        for paths in batched(sorted(self._swept)):
            await self._connection.execute(MARK_SWEPT, {"paths": paths, "due": due})
        self._swept.clear()


def _row(page: Page, priority: int, due_at: datetime) -> dict[str, Any]:
    about = {"path": page.path, "kind": page.kind, "subject": page.subject}
    return about | {"priority": priority, "generation": 1, "written": 0, "due_at": due_at}


async def lock_pages(connection: AsyncConnection, paths: Collection[str]) -> dict[str, Mark]:
    """Hold the rows of these pages until the transaction ends; says the mark of each.

    Everybody who writes several rows locks them here first, in one order, so that nobody waits in a circle.
    """
    held: dict[str, Mark] = {}
    for some in batched(sorted(paths)):
        rows = await connection.execute(LOCK, {"paths": some})
        held |= {path: Mark(*mark) for path, *mark in rows.all()}
    return held


def batched(items: list[str]) -> Iterable[list[str]]:
    """In parts that a statement can name one by one."""
    return (items[start : start + NAMED_MAX] for start in range(0, len(items), NAMED_MAX))


def _older_pages(name: str, spot: Spot, moved: bool) -> set[Page]:
    """The numbered pages of a list that show an article, or that it pushes others across."""
    number, last = spot.rank // PAGE + 1, older_count(spot.total)
    if not moved:
        return {older_page(name, number)} if number <= last else set()
    first = min(number, last - 1) if spot.total % PAGE == 0 else number  # with this article there is one page more
    return {older_page(name, each) for each in range(max(1, first), last + 1)}


def _of(prefix: str, spot: Place) -> dict[str, Any]:
    return {f"{prefix}at": spot.at, f"{prefix}article_id": spot.article_id}
