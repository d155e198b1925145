"""The page writer: takes dirty pages, renders them outside any lock, and puts them in place under the page's row.

In one transaction: lock the row, see that nothing changed meanwhile, rename into place, clear the mark, store the
outcome. A mark that was made while the page was being rendered stays, and the page is rendered again. What readers have
no newer one of is put in place all the same, for news may come all the time: a list, and an article's first page, which
its neighbours mark again; but never with an article that was withdrawn meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import COALESCED, PRIORITY, SWEEP, Page
from pressroom_render.bodies import make_all
from pressroom_render.compose import Composer
from pressroom_render.compression import SUFFIXES
from pressroom_render.gather import Gatherer, Material, Memory
from pressroom_render.image_names import PictureName
from pressroom_render.image_store import Images
from pressroom_render.looks import look_of
from pressroom_render.pages import Mark, lock_pages
from pressroom_render.projection import Projection, Unsaid, Version
from pressroom_render.settings import Settings
from pressroom_render.tables import page as table
from pressroom_render.tables import reference
from pressroom_shared.among import among
from pressroom_shared.clock import Clock
from pressroom_shared.courtesy import Courtesy
from pressroom_shared.database import Database, on_both
from pressroom_shared.events import Outcome
from pressroom_shared.outbox import OutcomeOutbox
from pressroom_shared.sitestore import Content, SiteStore, Staged
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

STORE_PAUSE_S = 2
"""How long the writer waits when the store refuses (disk full, folder gone) before it tries again."""

LISTS_WAIT_S = 0.3
"""How long a batch of lists gives way to articles, in all: in a burst these come all the time."""

ARTICLES_WAIT_S = 1
"""How long lists wait for the pages of articles that they lead to, which another writer is at."""
ARTICLES_LOOK_S = 0.02

SUPERSEDED = "The site has another look than this process knows: start it again, with today's site file and templates."

WRITTEN = Counter(
    "pressroom_pages_written_total", "Pages by what was done: written, same, removed, again.", ["kind", "what"]
)


# The statements of every page are built once.
NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=table.c.due_at.type)
STALE = table.c.stale_at <= NOW
FIND_STALE = sa.select(table.c.path).where(STALE)
WAITS = table.c.generation > table.c.written
MINE = sa.and_(table.c.priority >= sa.bindparam("from"), table.c.priority <= sa.bindparam("to"))
FREE_AT = sa.case((table.c.leased_until > table.c.due_at, table.c.leased_until), else_=table.c.due_at)
NEXT_DUE = sa.select(sa.func.min(FREE_AT, type_=table.c.due_at.type)).where(WAITS, MINE)
DUE = sa.and_(WAITS, table.c.due_at <= NOW, sa.or_(table.c.leased_until.is_(None), table.c.leased_until < NOW))
ANY_DUE = sa.select(table.c.path).where(DUE, MINE).limit(1)
NEVER_WRITTEN = sa.select(table.c.subject).where(WAITS, table.c.priority == PRIORITY["article"], table.c.written == 0)
CHOSEN = (
    sa.select(table.c.path)
    .where(DUE, MINE)
    .order_by(table.c.priority, table.c.due_at, table.c.path)
    .limit(sa.bindparam("limit", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
TAKE_UP = (
    sa.update(table)
    .where(table.c.path.in_(CHOSEN.scalar_subquery()), DUE)
    .values(
        leased_until=sa.bindparam("until"),
        hash=sa.case((table.c.leased_until.is_(None), table.c.hash)),
    )
    .returning(
        *(table.c.path, table.c.kind, table.c.subject),
        *(table.c.generation, table.c.written, table.c.hash, table.c.priority),
    )
)
"""Who has not given a page back may have put files in place that its row does not know: it is written in any case."""
RELEASE = sa.update(table).where(among(table.c.path, "paths")).values(leased_until=None)
RELEASE_UNKNOWN = RELEASE.values(hash=None)
"""The same, of pages whose files may be in place although their transaction was undone."""
NEXT_TURN: sa.BindParameter[datetime] = sa.bindparam("next_turn", type_=table.c.due_at.type)
NO_MORE = table.c.generation == sa.bindparam("generation_written")
CLEAR_MARKS = (
    sa.update(table)
    .where(table.c.path == sa.bindparam("at"))
    .values(
        written=sa.bindparam("generation_written"),
        due_at=sa.case((NO_MORE, table.c.due_at), else_=NEXT_TURN),
        priority=sa.case((sa.or_(NO_MORE, table.c.kind != "article"), table.c.priority), else_=SWEEP),
        hash=sa.bindparam("new_hash"),
        written_at=sa.bindparam("now"),
        stale_at=sa.bindparam("stale"),
        leased_until=None,
    )
)
REFERENCES = sa.select(reference.c.page, reference.c.article_id).where(among(reference.c.page, "paths"))
REFER_NO_MORE = sa.delete(reference).where(
    reference.c.page == sa.bindparam("of_page"), reference.c.article_id == sa.bindparam("to")
)
REFER = on_both(reference, lambda put: put.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Lease:
    """A page that this writer has taken up, at one generation."""

    page: Page
    generation: int
    written: int
    hash: str | None
    priority: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page made, staged beside its place; no files when it is to be removed or is the same as before."""

    lease: Lease
    material: Material | None
    hash: str | None
    staged: list[Staged]
    versions: dict[str, Version | None]
    """What the articles were that were read for it, and for the others of its batch."""

    @property
    def references(self) -> frozenset[str]:
        return self.material.references if self.material else frozenset()

    @property
    def was_live(self) -> frozenset[str]:
        """What was live when it was read, of the articles that it shows and leads to, itself among them."""
        own = [each.id for each in self.material.articles] if self.material else []
        return frozenset(each for each in self.references.union(own) if self.versions[each])


class Superseded(Exception):
    """The site was rebuilt with another look: what this writer makes must not be put in place."""


@dataclass(frozen=True, slots=True)
class Urgency:
    """Which priorities a writer takes up."""

    from_: int
    to: int

    def asked(self) -> dict[str, int]:
        return {"from": self.from_, "to": self.to}


NEWS = Urgency(PRIORITY["article"], PRIORITY["article"])
LISTS = Urgency(PRIORITY["article"] + 1, SWEEP - 1)
SWEEPS = Urgency(SWEEP, SWEEP)
ALL = Urgency(PRIORITY["article"], SWEEP)
"""Articles have a writer of their own: a batch of lists and feeds takes longer than news may wait. So have sweeps, for
lists do not wait for these either."""


class PageWriter:
    """Writes dirty pages until stopped. Several may run on one database and one store."""

    def __init__(
        self,
        database: Database,
        store: SiteStore,
        composer: Composer,
        settings: Settings,
        clock: Clock,
        urgency: Urgency = ALL,
        *,
        memory: Memory,
        courtesy: Courtesy | None = None,
    ) -> None:
        self._urgency = urgency
        self._database = database
        self._store = store
        self._composer = composer
        self._settings = settings
        self._clock = clock
        self._memory = memory
        self._courtesy = courtesy or Courtesy(settings.bulk_rests)
        self._wakeup = Wakeup()
        database.on_commit(self._wakeup)
        self._next_due: datetime | None = None
        self.trouble: str | None = None
        self.on_written: Callable[[list[str]], None] = lambda _paths: None

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if not await self.write_batch():
                    await self._rest()
                self.trouble = None
            except Superseded:
                self.trouble = SUPERSEDED
                log.warning(SUPERSEDED)
                await pause(stop, STORE_PAUSE_S)
            except (OSError, sa.exc.DBAPIError) as error:
                self.trouble = f"Pages cannot be written: {error}."
                log.warning("%s Trying again in %d s.", self.trouble, STORE_PAUSE_S)
                await pause(stop, STORE_PAUSE_S)

    async def write_batch(self) -> int:
        """Write the most urgent dirty pages that are due. Says how many were taken up."""
        began = time.perf_counter()
        now = self._clock.now()
        due, stale = await self._look(now)
        leases = await self._lease(now) if due else []
        if not leases:
            return await self._mark_stale(stale, now)
        swept = all(each.priority == SWEEP for each in leases)
        if any(each.priority == PRIORITY["article"] for each in leases):
            with self._courtesy.news():
                await self._write(leases, lambda: None)
        else:
            await self._write(leases, self._courtesy.give_way if swept else self._courtesy.give_way_up_to(LISTS_WAIT_S))
        if swept:
            await self._courtesy.rest(time.perf_counter() - began)
        return len(leases)

    async def _write(self, leases: list[Lease], give_way: Callable[[], None]) -> None:
        staged: list[Staged] = []
        try:
            made = await self._render(leases, staged, give_way)
            if self._urgency.from_ > PRIORITY["article"]:
                await self._until_articles_are_there(made)
            async with self._database.begin(wake=False) as connection:
                placed, spoke = await self._place(connection, made)
        except BaseException:
            await self._store.discard(staged)
            async with self._database.begin(wake=False) as connection:
                await self._release(connection, leases, RELEASE_UNKNOWN)
            raise
        self._remember(placed)
        if spoke:
            self._database.wake()
        if changed := [each.lease.page for each in made if each.staged or each.material is None]:
            self.on_written([path for page in changed for path in page.paths])

    async def _look(self, now: datetime) -> tuple[bool, list[str]]:
        """Whether any of this writer's pages is due. If not: which pages time has made wrong; and when one will be."""
        asked = self._urgency.asked()
        async with self._database.read() as connection:
            if await connection.scalar(ANY_DUE, {"now": now, **asked}) is not None:
                self._next_due = None
                return True, []
            self._next_due = await connection.scalar(NEXT_DUE, asked)
            if self._urgency in {NEWS, SWEEPS}:
                return False, []
            return False, list((await connection.execute(FIND_STALE, {"now": now})).scalars())

    async def _mark_stale(self, paths: list[str], now: datetime) -> int:
        """Mark pages that time alone has made wrong. Says how many."""
        if paths:
            async with self._database.begin(wake=False) as connection:
                await lock_pages(connection, paths)
                await connection.execute(
                    sa.update(table)
                    .where(table.c.path.in_(paths), table.c.stale_at <= now)
                    .values(generation=table.c.generation + 1, due_at=now, stale_at=None)
                )
        return len(paths)

    async def _rest(self) -> None:
        """Until a commit, or until the next page is due, or free again."""
        idle_s = self._settings.pages_idle_s
        if self._next_due is not None:
            idle_s = min(idle_s, max(0.01, (self._next_due - self._clock.now()).total_seconds()))
        await self._wakeup.wait(idle_s)

    async def _lease(self, now: datetime) -> list[Lease]:
        """Take up the most urgent pages that are this writer's."""
        until = now + timedelta(seconds=self._settings.pages_lease_s)
        limit = self._settings.pages_batch
        if self._urgency == SWEEPS:
            limit = self._courtesy.at_once(limit)
        asked = {"now": now, "until": until, "limit": limit, **self._urgency.asked()}
        async with self._database.begin(wake=False) as connection:
            rows = (await connection.execute(TAKE_UP, asked)).all()
        return sorted((Lease(Page(*row[:3]), *row[3:]) for row in rows), key=lambda each: each.page.path)

    async def _render(self, leases: list[Lease], staged: list[Staged], give_way: Callable[[], None]) -> list[Rendered]:
        """Read in one transaction, compose in a thread, stage beside each place. No lock is held."""
        async with self._database.read() as connection:
            site, standing = self._composer.site, self._composer.standing
            gatherer = Gatherer(connection, site, self._clock, self._memory, standing)
            materials = await gatherer.gather([lease.page for lease in leases])
        bodies = await asyncio.to_thread(make_all, self._composer.compose, materials, give_way)
        files: list[tuple[str, Content]] = []
        counts: list[int] = []
        for lease, body in zip(leases, bodies, strict=True):
            same = body and body.hash == lease.hash and await self._store.exists(lease.page.keys[0])
            own = [] if body is None or same else body.files
            files += own
            counts.append(len(own))
        staged += await self._store.stage(files)
        rest = iter(staged)
        return [
            Rendered(lease, material, body.hash if body else None, list(islice(rest, count)), gatherer.versions)
            for lease, material, body, count in zip(leases, materials, bodies, counts, strict=True)
        ]

    async def _until_articles_are_there(self, made: list[Rendered]) -> None:
        """Who follows a link from a list finds the article: its own page goes in place first."""
        shown = frozenset[str]().union(*(each.references for each in made if each.staged))
        deadline = time.monotonic() + ARTICLES_WAIT_S
        while time.monotonic() < deadline:
            async with self._database.read() as connection:
                missing = (await connection.execute(NEVER_WRITTEN)).scalars().all()
            if shown.isdisjoint(missing):
                return
            await self._wakeup.wait(ARTICLES_LOOK_S)

    async def _place(self, connection: AsyncConnection, made: list[Rendered]) -> tuple[list[Rendered], bool]:
        """Under the pages' rows: where nothing changed meanwhile, files go in place, marks go (lists' may stay).

        Says which are in place, and whether anything was said of an article.
        """
        changed = await self._changed_meanwhile(connection, made)
        marks = await lock_pages(connection, [each.lease.page.path for each in made])
        if await look_of(connection) not in {None, self._composer.look}:  # read under the lock that a rebuild takes
            raise Superseded
        now = self._clock.now()
        good = [
            each
            for each in made
            if _may_be_placed(each, marks.get(each.lease.page.path)) and each.lease.page.path not in changed
        ]
        good = await self._without_overtaken(connection, good, marks)
        taken = {each.lease.page.path for each in good}
        late = [each for each in made if each.lease.page.path not in taken]
        if late:
            await self._store.discard([staged for each in late for staged in each.staged])
            await self._release(connection, [each.lease for each in late])
            for each in late:
                WRITTEN.labels(each.lease.page.kind, "again").inc()
        if not good:
            return [], False
        await self._put_in_place(good)
        await self._clear_marks(connection, good, now)
        await self._refer(connection, good, {each: marks[each].written for each in taken})
        return good, await self._say_done(connection, [each.lease.page for each in good], now)

    async def _changed_meanwhile(self, connection: AsyncConnection, made: list[Rendered]) -> set[str]:
        """Pages that show an article for the first time which is not any more as it was read, or has pictures now.

        Whoever changed it could not know of these pages. It stays as it is until this transaction ends, and whoever
        changes it after that finds the reference; so do those that something is to be said of.
        """
        own = {each.lease.page.subject for each in made if each.lease.page.kind == "article"}
        new = [self._newly_shown(each) for each in made]
        ids = own.union(*new)
        now = await Projection(connection).hold(sorted(ids)) if ids else {}
        unmade = frozenset[PictureName]().union(*(each.material.unmade for each in made if each.material))
        pictured = (await Images(connection).of(unmade)).keys()
        return {
            each.lease.page.path
            for each, shown in zip(made, new, strict=True)
            if any(now.get(one) != each.versions[one] for one in shown)
            or (each.material and not pictured.isdisjoint(each.material.unmade))
        }

    def _newly_shown(self, made: Rendered) -> frozenset[str]:
        """What may not be recorded yet of what a page shows."""
        return made.references - (self._memory.shown(made.lease.page.path, made.lease.written) or frozenset())

    async def _without_overtaken(
        self, connection: AsyncConnection, good: list[Rendered], marks: dict[str, Mark]
    ) -> list[Rendered]:
        """Of the pages that were marked again meanwhile, those alone that show and lead to what is live still, an
        article itself as it is now."""
        again = {
            each.lease.page.path
            for each in good
            if each.material and marks[each.lease.page.path].generation != each.lease.generation
        }
        if not again:
            return good
        shown = frozenset[str]().union(*(each.was_live for each in good if each.lease.page.path in again))
        live = await Projection(connection).versions(sorted(shown))

        def is_true(made: Rendered) -> bool:
            own = made.material.articles if made.material and made.lease.page.kind == "article" else []
            as_it_is_now = all(one.id in live and live[one.id].number == one.version for one in own)
            return as_it_is_now and made.was_live <= live.keys()

        return [each for each in good if each.lease.page.path not in again or is_true(each)]

    async def _put_in_place(self, good: list[Rendered]) -> None:
        """A page and its copies back to back, then away with what is no page's any more."""
        await self._store.publish([staged for each in good for staged in each.staged])
        gone: list[str] = []
        for each in good:
            page = each.lease.page
            if each.material is None:
                gone += [f"{key}{suffix}" for key in page.keys for suffix in ("", *SUFFIXES)]
            what = "removed" if each.material is None else "written" if each.staged else "same"
            WRITTEN.labels(page.kind, what).inc()
        if gone:
            await self._store.delete(*gone)

    async def _clear_marks(self, connection: AsyncConnection, good: list[Rendered], now: datetime) -> None:
        """What was marked meanwhile has its next turn after the pause."""
        next_turn = now + timedelta(seconds=self._settings.pages_coalesce_s)
        rows = [
            {"at": each.lease.page.path, "generation_written": each.lease.generation, "new_hash": each.hash, "now": now}
            | {"stale": each.material.stale_at if each.material else None, "next_turn": next_turn}
            for each in good
        ]
        await connection.execute(CLEAR_MARKS, rows)

    async def _release(self, connection: AsyncConnection, leases: list[Lease], how: sa.Update = RELEASE) -> None:
        paths = [each.page.path for each in leases]
        await lock_pages(connection, paths)
        await connection.execute(how, {"paths": paths})

    async def _refer(self, connection: AsyncConnection, good: list[Rendered], written: dict[str, int]) -> None:
        """Record which articles each page shows now. What it showed was often recorded by this writer, who knows."""
        held = {path: self._memory.shown(path, number) for path, number in written.items()}
        if unknown := [path for path, known in held.items() if known is None]:
            found: dict[str, set[str]] = {path: set() for path in unknown}
            for path, one in (await connection.execute(REFERENCES, {"paths": unknown})).all():
                found[path].add(one)
            held |= {path: frozenset(ids) for path, ids in found.items()}
        gone: list[dict[str, Any]] = []
        new: list[dict[str, Any]] = []
        for each in sorted(good, key=lambda made: made.lease.page.path):
            path, now = each.lease.page.path, each.references
            before = held[path] or frozenset()
            gone += [{"of_page": path, "to": one} for one in sorted(before - now)]
            new += [{"page": path, "article_id": one} for one in sorted(now - before)]
        if gone:
            await connection.execute(REFER_NO_MORE, gone)
        if new:
            await connection.execute(REFER[connection.dialect.name], new)

    def _remember(self, placed: list[Rendered]) -> None:
        """What pages show, as it was recorded with this generation: each is written once. Only after the commit."""
        for each in placed:
            self._memory.keep_shown(each.lease.page.path, each.lease.generation, each.references)

    async def _say_done(self, connection: AsyncConnection, pages: list[Page], now: datetime) -> bool:
        """Articles' own pages are as their newest versions want them: tell the editor of each, once."""
        own = {each.subject: each.path for each in pages if each.kind == "article"}
        if not own:
            return False
        projection = Projection(connection)
        unsaid = [each for each in await projection.unsaid(sorted(own)) if each.path == own[each.id]]
        for each in unsaid:
            outcome = _outcome(each, now)
            await projection.say(each.id, outcome)
            await OutcomeOutbox(connection, self._clock, "/render/pages").add(outcome)
        return bool(unsaid)


def _may_be_placed(made: Rendered, mark: Mark | None) -> bool:
    """No other writer has put it in place, and nothing has changed since it was taken up.

    A list may have changed, unless it would be taken away: it comes back perhaps. So may an article's first page.
    """
    lease = made.lease
    if mark is None or mark.written != lease.written:
        return False
    if mark.generation == lease.generation:
        return True
    first = lease.page.kind == "article" and mark.written == 0
    return made.material is not None and (first or lease.page.kind in COALESCED)


def _outcome(held: Unsaid, now: datetime) -> Outcome:
    return Outcome(
        service="pages",
        article_id=held.id,
        version=held.version,
        status="done",
        at=now,
        took_ms=max(0, int((now - held.received_at).total_seconds() * 1000)),
        detail="The page is live." if held.live else "The page is withdrawn.",
    )
