"""An article is withdrawn while its publication comes late, is retried, and page writers stand still at any point.

Render's handlers, two page writers and search's handler work on one newspaper: real SQLite, real files, a real index.
A seed decides who goes on when. Whatever it decides, the page is gone for good and the search finds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from pressroom_render import handlers as pages
from pressroom_render.api import router
from pressroom_render.app import Studio
from pressroom_render.projection import Projection
from pressroom_render.tables import page as page_table
from pressroom_render.writer import PageWriter
from pressroom_search import handlers as search
from pressroom_search.engine import Change, Held, Verdict
from pressroom_shared.clock import ManualClock
from pressroom_shared.events import Outcome
from pressroom_shared.http import create_http
from pressroom_shared.streams import Transient
from tests.examples import published, unpublished, version
from tests.integration.render.conftest import studio_in, write_all, writer_of
from tests.integration.search.conftest import Engine, open_engine
from tests.scheduling import Schedule, ScheduledDatabase, ScheduledStore

BATCHES = 2
"""So many batches each writer writes amid the race; what is left is written when it is over."""

PAGES_BATCH = 2
WITHDRAWN = version(3)
READ = {".html", ".xml", ".json"}


@dataclass(frozen=True, slots=True)
class Newspaper:
    """Pages and search, opened once; every race is about an article of its own."""

    studio: Studio
    database: ScheduledDatabase
    store: ScheduledStore
    clock: ManualClock
    engine: Engine
    writers: tuple[PageWriter, PageWriter]
    gone: httpx.AsyncClient

    def follow(self, schedule: Schedule | None) -> None:
        """Have all that is done here be points of a schedule."""
        self.database.schedule = self.store.schedule = schedule

    async def write_page(self, path: str) -> None:
        """Write until this page is as it should be, whoever had leased it."""
        self.clock.advance(timedelta(seconds=self.studio.settings.pages_lease_s + 1))
        dirty = sa.select(page_table.c.path).where(
            page_table.c.path == path, page_table.c.generation > page_table.c.written
        )
        while True:
            async with self.database.read() as connection:
                if (await connection.execute(dirty)).first() is None:
                    return
            await self.writers[0].write_batch()

    async def shows_nothing_of(self, seeds: Iterable[int]) -> None:
        """No page, front, list, feed or sitemap has a trace of what was withdrawn."""
        await write_all(self.studio)
        public = self.store.path("www")
        for file in sorted(each for each in public.rglob("*") if each.suffix in READ):
            text = file.read_text()
            shown = [seed for seed in seeds if word_of(seed) in text]
            assert shown == [], f"{file.relative_to(public)} shows what was withdrawn by the seeds {shown}"


@asynccontextmanager
async def newspaper_in(folder: Path) -> AsyncIterator[Newspaper]:
    async with studio_in(folder / "render") as opened:
        database, store = ScheduledDatabase(opened.database), ScheduledStore(opened.store.path("x").parent)
        settings = opened.settings.model_copy(update={"pages_batch": PAGES_BATCH})
        studio = replace(opened, database=database, store=store, settings=settings)
        (folder / "search").mkdir()
        engine = open_engine(folder / "search")
        app = create_http(title="render", ready=_ready)
        app.state.studio = studio
        app.include_router(router)
        transport = httpx.ASGITransport(app=app)
        assert isinstance(studio.clock, ManualClock)
        async with httpx.AsyncClient(transport=transport, base_url="http://render") as gone:
            writers = writer_of(studio), writer_of(studio)
            yield Newspaper(studio, database, store, studio.clock, engine, writers, gone)
        engine.committer.close()


async def _ready() -> str | None:
    return None


def word_of(seed: int) -> str:
    """A word that no other article has."""
    return f"withdrawn{seed:06}x"


class Line:
    """Search's group commit, by schedule: whoever came before a commit is in it."""

    def __init__(self, engine: Engine, schedule: Schedule) -> None:
        self._engine = engine
        self._schedule = schedule
        self._waiting: list[tuple[Change, asyncio.Future[Verdict]]] = []
        self.open = 2
        """So many deliverers may still come."""

    async def take(self, change: Change) -> Verdict:
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        await self._schedule.point("waits for a commit", future.done)
        return await future

    async def commit_all(self) -> None:
        """Commit what waits, until nobody comes any more."""
        while True:
            await self._schedule.point("commits", lambda: bool(self._waiting) or not self.open)
            batch, self._waiting = self._waiting, []
            if not batch:
                return
            verdicts = await asyncio.to_thread(self._engine.committer.apply, [change for change, _ in batch])
            for (_, future), verdict in zip(batch, verdicts, strict=True):
                future.set_result(verdict)


class Race:
    """One article, and all who have to do with it."""

    def __init__(self, newspaper: Newspaper, seed: int) -> None:
        self._newspaper = newspaper
        self._seed = seed
        self._schedule = Schedule(seed, after_each=self._stays_gone)
        self._line = Line(newspaper.engine, self._schedule)
        self._id = f"0193a0f0-0000-7000-8000-{seed:012d}"
        self._word = word_of(seed)
        self._path = f"/business/2026/11/23/{self._word}/"
        self._file = newspaper.store.path(f"www{self._path}index.html")
        self._pages_know = False
        self._found: list[Outcome] = []

    async def run(self) -> None:
        """Raises AssertionError with the seed, and with what happened in which order."""
        try:
            await self._prepare()
            self._newspaper.follow(self._schedule)
            try:
                await self._schedule.run(self._actors())
            finally:
                self._newspaper.follow(None)
            await self._newspaper.write_page(self._path)
            await self._is_gone()
        except AssertionError as error:
            steps = "\n".join(f"  {actor}: {point}" for actor, point in self._schedule.trace)
            raise AssertionError(f"seed {self._seed}: {error}\n{steps}") from error

    async def _prepare(self) -> None:
        """Half of them were live before, and the publication that comes late is a change."""
        fields: dict[str, Any] = {
            "id": self._id,
            "path": self._path,
            "headline": f"The {self._word} cranes",
            "slug": self._word,
        }
        self._publication = published(2, **fields)
        self._withdrawal = unpublished(3, id=self._id, path=self._path)
        if self._seed % 2:
            await self._to_pages(published(1, **fields), works=True)
            await self._newspaper.write_page(self._path)
            assert self._file.exists()
            self._newspaper.engine.apply(published(1, **fields))

    def _actors(self) -> dict[str, Any]:
        tries = self._schedule.luck.choice
        late = ([True], [True, True], [False, True], [False, True, True], [False, False, True])
        once = ([True], [False, True], [True, True])
        return {
            "pages, publication": self._deliver_to_pages(self._publication, tries(late)),
            "pages, withdrawal": self._deliver_to_pages(self._withdrawal, tries(once)),
            "search, publication": self._deliver_to_search(self._publication, len(tries(late))),
            "search, withdrawal": self._deliver_to_search(self._withdrawal, len(tries(once))),
            "search, index": self._line.commit_all(),
            "writer 1": self._write(self._newspaper.writers[0]),
            "writer 2": self._write(self._newspaper.writers[1]),
            "clock": self._let_leases_end(),
        }

    async def _deliver_to_pages(self, event: Change, tries: list[bool]) -> None:
        """So often: False is an attempt that fails when all is done but the commit."""
        for works in tries:
            await self._schedule.point("is delivered")
            with suppress(Transient):
                await self._to_pages(event, works=works)

    async def _to_pages(self, event: Change, *, works: bool) -> None:
        async with self._newspaper.studio.work() as work:
            await pages.on_article(event, work)
            if not works:
                raise Transient("The database went away before the commit.")
        self._pages_know |= event is self._withdrawal

    async def _deliver_to_search(self, event: Change, times: int) -> None:
        for _ in range(times):
            await self._schedule.point("is delivered")
            work = search.Work(self._line, Silent(), self._newspaper.clock)
            self._found.append(await search.on_article(event, work))
        self._line.open -= 1

    async def _write(self, writer: PageWriter) -> None:
        for _ in range(BATCHES):
            await self._schedule.point("looks for pages")
            await writer.write_batch()

    async def _let_leases_end(self) -> None:
        """While their holders stand still."""
        await self._schedule.point("lets leases end")
        self._newspaper.clock.advance(timedelta(seconds=self._newspaper.studio.settings.pages_lease_s + 1))

    async def _stays_gone(self) -> None:
        """At no moment is there what the editor was told to be gone."""
        if self._pages_know and self._file.exists():
            assert not await self._page_is_said_to_be_gone(), "the page is there again"
        if any(each.version == WITHDRAWN for each in self._found):
            held = self._newspaper.engine.committer.held(self._id)
            assert held == Held(WITHDRAWN, live=False), f"the index holds {held} again"

    async def _page_is_said_to_be_gone(self) -> bool:
        async with self._newspaper.database.read() as connection:
            held = await Projection(connection).held(self._id)
        return held is not None and held.withdrawal is not None and held.outcome is not None

    async def _is_gone(self) -> None:
        answer = await self._newspaper.gone.get(self._path)
        assert answer.status_code == 410, f"the page answers {answer.status_code}"
        assert sorted(self._file.parent.glob("*")) == [], "files are left where the page was"
        assert await self._page_is_said_to_be_gone(), "nobody says that the page is gone"
        assert self._newspaper.engine.search(self._word).total == 0, "the index has a hit"
        last = {each.version: each.status for each in self._found}
        assert last[WITHDRAWN] == "done", "nobody says that the search has no hit"


class Silent:
    """Search says its outcomes by its consumer; the handler itself sends nothing."""

    async def add(self, outcome: Outcome) -> None:
        raise AssertionError(f"the handler sent {outcome}")
