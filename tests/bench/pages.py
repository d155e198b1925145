"""Pages: what one more publication and a full build cost, beside Hugo and Eleventy; how soon a page is live."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

from rich.progress import track

from pressroom_render import bodies
from pressroom_render.addresses import Page
from pressroom_render.app import Studio, open_studio, prepare_site, rebuild_site
from pressroom_render.compression import Piece
from pressroom_render.handlers import on_article
from pressroom_render.settings import Settings
from pressroom_render.writer import PageWriter
from pressroom_shared.clock import ManualClock
from pressroom_shared.events import Article, ArticlePublished
from pressroom_shared.running import spare_collections
from pressroom_shared.site import load_site
from pressroom_shared.sitestore import Content
from tests.bench import archive
from tests.bench.connection import Connection
from tests.bench.peers.sites import Peer, eleventy, hugo
from tests.bench.report import Report, Table, percentile
from tests.newsroom import Newsroom
from tests.system import System
from tests.waiting import until

SITE = Path(__file__).parents[2] / "deploy" / "local" / "pressroom_local" / "sample" / "site.toml"
TAKEN_AT_ONCE = 100
PAUSE = timedelta(seconds=120)
"""Between two publications: as busy as a large newsroom, and every list is due again."""

WARM = 100
"""Publications before those that are measured: statements are built, and the lists of most topics have been made since
the start. After 10, an archive of 20,000 sets 46 teasers a publication, after 200 it sets 18."""
ROUND = 10
"""Publications on an archive, before the next one has its turn."""
MORE = 1_000
"""Publications that an archive can be measured with."""

WORDS = "The wind had dropped by noon and the harbor lay still. " * 60
BUILT_MAX = 10_000
"""Articles of the largest archive that is built in full: the others are measured up to there."""

BURST = 500
CLIENTS = 8
LOOK_S = 0.003
LIVE_MAX_S = 30


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds, of an archive of one size."""

    count: int
    written: tuple[list[float], list[float]]
    """Of each publication: without and with compressed copies."""
    swept: tuple[float, float]
    """The same on average, with what is swept behind it."""
    built: tuple[float, float] | None
    """Of a full build: without and with compressed copies. Up to `BUILT_MAX` articles."""
    files: int


async def bench(*, full: bool) -> Report:
    """`full`: 1,000, 10,000 and 100,000 articles, the other tools with the first two; else 1,000."""
    counts = (1_000, 10_000, 100_000) if full else (1_000,)
    costs = await _costs(counts, 8 if full else 4)
    notes: list[str] = []
    peers = await asyncio.to_thread(_peers, counts[:2], notes)
    live, burst = await _running(100 if full else 40)
    return Report("pages", [_more(costs, peers), _builds(costs, peers), live, burst], notes=[*NOTES, *notes])


NOTES = [
    "Bars: 20 ms of CPU a publication, 40 with compressed copies, the largest archive at most 1.3 times the smallest.",
    "A full build in half of Hugo's CPU. A page live 60 ms after the answer.",
    "In a burst: 100 articles a second, home at most once a second.",
    f"A publication comes {PAUSE.seconds} s after the one before: none is spared by coalescing.",
    "Hugo and Eleventy render rails once for all pages and have no archive by day; ours are what each article needs.",
]


async def _costs(counts: Sequence[int], rounds: int) -> list[Costs]:
    """Archives of these sizes side by side, a round of publications on each in turn: machines change their speed."""
    async with AsyncExitStack() as stack:
        desks: list[Desk] = []
        for count in counts:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressroom-bench-")))
            desks.append(await stack.enter_async_context(_desk(folder)))
            await desks[-1].fill(count)
        with _uncompressed():
            plain = await _in_turn(desks, rounds)
        copied = await _in_turn(desks, rounds)
        return [
            await _with_build(count, desk, (once[0], again[0]), (once[1], again[1]))
            for count, desk, once, again in zip(counts, desks, plain, copied, strict=True)
        ]


async def _in_turn(desks: Sequence[Desk], rounds: int) -> list[tuple[list[float], float]]:
    """Of each: CPU of each publication until its pages are written; and on average with what is swept behind it."""
    for desk in track(desks, description="warming up"):
        await desk.publish(WARM)
    found: list[list[tuple[float, float]]] = [[] for _ in desks]
    for _ in track(range(rounds), description="publications"):
        for desk, costs in zip(desks, found, strict=True):
            costs.extend(await desk.publish(ROUND))
    return [([cost for cost, _ in costs], sum(map(sum, costs)) / len(costs)) for costs in found]


async def _with_build(
    count: int, desk: Desk, written: tuple[list[float], list[float]], swept: tuple[float, float]
) -> Costs:
    if count > BUILT_MAX:
        return Costs(count, written, swept, None, 0)
    with _uncompressed():
        files, built_plain = await _cpu_ms(lambda: rebuild_site(desk.studio))
    _, built = await _cpu_ms(lambda: rebuild_site(desk.studio))
    return Costs(count, written, swept, (built_plain, built), files)


@dataclass(frozen=True, slots=True)
class Desk:
    """A `pages` worker in this process, whose clock moves when it is told to."""

    studio: Studio
    clock: ManualClock
    writer: PageWriter
    more: Iterator[Article]
    """What is published next."""

    async def fill(self, count: int) -> None:
        """An archive of so many articles, all of it written."""
        events = (archive.event(each) for each in archive.articles(self.studio.site, count, first=-count))
        for _ in track(range(0, count, TAKEN_AT_ONCE), description=f"{count:,} articles"):
            await self.take_in(list(islice(events, TAKEN_AT_ONCE)))
        await self.write()

    async def publish(self, count: int) -> list[tuple[float, float]]:
        """So many publications: CPU until the pages of each are written, and of what is swept a minute later."""
        costs: list[tuple[float, float]] = []
        for article in islice(self.more, count):
            self.clock.advance(PAUSE / 2)
            _, sweep = await _cpu_ms(self.write)
            self.clock.advance(PAUSE / 2)
            _, cost = await _cpu_ms(partial(self._one, archive.event(article)))
            costs.append((cost, sweep))
        return costs

    async def _one(self, event: ArticlePublished) -> None:
        await self.take_in([event])
        await self.write()

    async def take_in(self, events: list[ArticlePublished]) -> None:
        """Handle events as the consumer would, in one transaction."""
        async with self.studio.work() as work:
            for each in events:
                await on_article(each, work)

    async def write(self) -> None:
        while await self.writer.write_batch():
            pass


@asynccontextmanager
async def _desk(folder: Path) -> AsyncIterator[Desk]:
    shutil.copy(SITE, folder / "site.toml")
    clock = ManualClock(archive.NOW)
    async with open_studio(Settings(site=folder / "site.toml", data_dir=folder), clock) as studio:
        await prepare_site(studio)
        spare_collections()  # as every process does
        yield Desk(studio, clock, studio.page_writer(), archive.articles(studio.site, MORE))


async def _cpu_ms(work: Callable[[], Any]) -> tuple[Any, float]:
    before = time.process_time()
    result = await work()
    return result, (time.process_time() - before) * 1000


@contextmanager
def _uncompressed() -> Iterator[None]:
    """As if a server in front compressed: no copies are made or written."""

    def none(_page: Page, _pieces: Sequence[Piece]) -> list[tuple[str, Content]]:
        return []

    with mock.patch.object(bodies, "compressed", none):  # a `Mock` would cost more than what it stands for
        yield


def _peers(counts: tuple[int, ...], notes: list[str]) -> list[Peer]:
    """What the others cost with the same articles."""
    site = load_site(SITE)
    found: list[Peer] = []
    for measure in (hugo, eleventy):
        try:
            found += [measure(site, count) for count in counts]
        except (OSError, subprocess.SubprocessError) as error:
            notes.append(f"{measure.__name__} was not measured: {error}")
    return found


def _more(costs: list[Costs], peers: list[Peer]) -> Table:
    rows: list[list[Any]] = []
    for number, kind in enumerate(("Pressroom", "Pressroom, with .br and .gz")):
        base = percentile(costs[0].written[number], 0.5)
        for each in costs:
            times = each.written[number]
            middle = percentile(times, 0.5)
            mean = round(each.swept[number], 1)
            rows.append([kind, each.count, round(middle, 1), round(percentile(times, 0.95), 1), mean, middle / base])
    rows += [[f"{each.name}: {how}", each.count, round(ms), "", "", ""] for each in peers for how, ms in each.more]
    columns = ["", "articles", "p50", "p95", "mean with sweeps", "to the first"]
    return Table("One more publication, CPU ms", columns, rows)


def _builds(costs: list[Costs], peers: list[Peer]) -> Table:
    rows: list[list[Any]] = [
        [name, each.count, each.files, round(each.built[number] / 1000, 2), each.built[number] / each.count]
        for number, name in enumerate(("Pressroom", "Pressroom, with .br and .gz"))
        for each in costs
        if each.built
    ]
    rows += [
        [each.name, each.count, each.files, round(each.built / 1000, 2), each.built / each.count] for each in peers
    ]
    return Table("A full build", ["", "articles", "pages", "CPU s", "CPU ms an article"], rows)


async def _running(count: int) -> tuple[Table, Table]:
    """On the whole system, from outside: how soon a page is live; and what a burst does."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder, System(Path(folder)) as system:
        newsroom = Newsroom(system.url, system.key)
        try:
            ids = [(await newsroom.create(headline=f"Harbor {n}", body=WORDS))["id"] for n in range(count + 5 + BURST)]
            with Connection(system.url, system.key) as connection:
                times = [_live(connection, each) for each in ids[: count + 5]][5:]
            burst = await _burst(system, ids[count + 5 :])
        finally:
            await newsroom.close()
    row: list[str | int | float] = [count, *(percentile(times, part) for part in (0.5, 0.95))]
    return Table("Page live after the API's answer, ms", ["publications", "p50", "p95"], [row]), burst


def _live(connection: Connection, article_id: str) -> float:
    path = connection.publish(article_id)
    answered = time.perf_counter()
    while not connection.is_there(path):
        time.sleep(LOOK_S)
        assert time.perf_counter() < answered + LIVE_MAX_S, f"{path} is not there"
    return (time.perf_counter() - answered) * 1000


async def _burst(system: System, ids: list[str]) -> Table:
    """All published at once by several editors: until the last page is there, and how often home was written."""
    www = system.data / "site" / "www"
    home: set[int] = set()
    pages: list[Path] = []
    waiting = iter(ids)

    def publish() -> None:
        with Connection(system.url, system.key) as connection:
            for each in waiting:
                path = connection.publish(each)
                pages.append(www / path.strip("/") / "index.html")

    def all_there() -> bool:
        home.add((www / "index.html").stat().st_ino)
        while pages and pages[-1].exists():
            pages.pop()
        return not pages and publishing.done()

    started, used = time.perf_counter(), system.cpu_s()["pages"]
    publishing = asyncio.gather(*(asyncio.to_thread(publish) for _ in range(CLIENTS)))
    await until(all_there, timeout_s=300, every_s=0.02)
    await publishing
    took, spent = time.perf_counter() - started, system.cpu_s()["pages"] - used
    return Table(
        f"A burst of {len(ids)} publications by {CLIENTS} editors",
        ["articles a second", "seconds", "times home was written", "CPU of pages, ms an article"],
        [[len(ids) / took, took, len(home) - 1, spent * 1000 / len(ids)]],
    )
