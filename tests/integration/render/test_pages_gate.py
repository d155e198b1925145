"""The gate: after any sequence of events, the incremental site is byte for byte what a full build gives."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pressroom_render import addresses, gather, pages
from pressroom_render.app import Studio
from pressroom_render.tables import page
from pressroom_shared.clock import ManualClock
from tests.integration.render.conftest import studio_in, take_in, write_all, writer_of
from tests.integration.render.gate import Newsroom, assert_exact
from tests.waiting import until

KILLED_AT = range(200, 1_801, 200)
"""After so many events one writer is killed."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbered pages and the end of live rails come after a few articles, so that few events cross them often."""
    for module in (addresses, gather, pages):
        monkeypatch.setattr(module, "PAGE", 3)
    for module in (gather, pages):
        monkeypatch.setattr(module, "RAILS_LIVE", 6)


@pytest.mark.parametrize("seed", [3, 4])
async def test_the_incremental_site_is_byte_for_byte_a_full_build(tmp_path: Path, seed: int) -> None:
    newsroom = Newsroom(random.Random(seed))
    async with studio_in(tmp_path / "incremental") as studio:
        for _ in range(90):
            await take_in(studio, newsroom.event(), in_bulk=newsroom.by_bulk())
            if newsroom.chance.random() < 0.2:
                await write_all(studio)
        await assert_exact(studio, tmp_path / "full", newsroom)


async def test_time_alone_changes_what_must_change(tmp_path: Path) -> None:
    newsroom = Newsroom(random.Random(5))
    async with studio_in(tmp_path / "incremental") as studio:
        for _ in range(30):
            await take_in(studio, newsroom.event(), in_bulk=newsroom.by_bulk())
        await write_all(studio)
        before = await studio.store.get("www/news-sitemap.xml")
        assert isinstance(studio.clock, ManualClock)
        studio.clock.advance(timedelta(days=1))
        await write_all(studio)
        after = await studio.store.get("www/news-sitemap.xml")
        assert before is not None
        assert after is not None
        assert before.count(b"<loc>") > after.count(b"<loc>") > 0


async def test_several_writers_and_one_killed_in_the_middle_leave_the_same_site(
    tmp_path: Path, database_url: str
) -> None:
    """Three writers share the work while events come in; one is cut off in the middle, and its pages are not lost."""
    newsroom = Newsroom(random.Random(6))
    async with studio_in(tmp_path / "incremental", database_url) as studio:
        cut = asyncio.create_task(_write_for_ever(studio))
        others = [asyncio.create_task(_write_for_ever(studio)) for _ in range(2)]
        for number in range(40):
            await asyncio.gather(*(take_in(studio, newsroom.event(), in_bulk=newsroom.by_bulk()) for _ in range(2)))
            if number == 20:
                cut.cancel()
        for each in others:
            each.cancel()
        await asyncio.gather(cut, *others, return_exceptions=True)
        assert isinstance(studio.clock, ManualClock)
        studio.clock.advance(timedelta(seconds=studio.settings.pages_lease_s + 1))
        await assert_exact(studio, tmp_path / "full", newsroom)


async def _write_for_ever(studio: Studio) -> None:
    writer = writer_of(studio)
    while True:
        if not await writer.write_batch():
            await asyncio.sleep(0)


class AnyHistory(RuleBasedStateMachine):
    """Hypothesis looks for a history that leaves something stale."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.newsroom = Newsroom(random.Random(0), articles=8)
        self.opened = studio_in(self.folder / "incremental")
        self.studio = self.runner.run(self.opened.__aenter__())

    @rule(seed=st.integers(0, 2**16), count=st.integers(1, 4))
    def something_happens(self, seed: int, count: int) -> None:
        self.newsroom.chance.seed(seed)
        for _ in range(count):
            self.runner.run(take_in(self.studio, self.newsroom.event(), in_bulk=self.newsroom.by_bulk()))

    @rule()
    def a_writer_writes_some(self) -> None:
        self.runner.run(writer_of(self.studio).write_batch())

    @rule()
    def everything_is_written(self) -> None:
        self.runner.run(write_all(self.studio))

    @invariant()
    def nothing_half_written_is_public(self) -> None:
        root = self.studio.store.path("www")
        assert not list(root.rglob(".*"))

    def teardown(self) -> None:
        try:
            self.runner.run(assert_exact(self.studio, self.folder / "full", self.newsroom))
        finally:
            self.runner.run(self.opened.__aexit__(None, None, None))
            self.runner.close()


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(
    max_examples=4,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)


class Replicas:
    """Writers in processes of their own, that share the work."""

    def __init__(self, folder: Path, studio: Studio, count: int) -> None:
        module = "tests.integration.render.page_writer"
        size = [str(each) for each in (addresses.PAGE, pages.RAILS_LIVE)]
        self._command = [sys.executable, "-m", module, str(folder), studio.clock.now().isoformat(), *size]
        self._processes = [self._start() for _ in range(count)]

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command)

    def kill_one(self) -> None:
        """kill -9, and another takes its place."""
        killed = self._processes.pop(0)
        killed.kill()
        killed.wait()
        self._processes.append(self._start())

    def stop(self) -> None:
        for each in self._processes:
            each.terminate()
        for each in self._processes:
            assert each.wait(timeout=60) == 0


async def _written(studio: Studio) -> bool:
    """Whether nothing is left that a writer could take up."""
    free = sa.or_(page.c.leased_until.is_(None), page.c.leased_until < studio.clock.now())
    waiting = sa.select(sa.func.count()).where(page.c.generation > page.c.written, free)
    async with studio.database.read() as connection:
        return not await connection.scalar(waiting)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("replicas", [1, 3])
async def test_two_thousand_events_about_five_hundred_articles(
    tmp_path: Path, replicas: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by others while they come in; now and then one of these is killed at whatever it is doing."""
    for module in (addresses, gather, pages):
        monkeypatch.setattr(module, "PAGE", 30)
    for module in (gather, pages):
        monkeypatch.setattr(module, "RAILS_LIVE", 100)
    newsroom = Newsroom(random.Random(11), articles=500)
    async with studio_in(tmp_path / "incremental") as studio:
        writers = Replicas(tmp_path / "incremental", studio, replicas)
        try:
            for number in range(2_000):
                await take_in(studio, newsroom.event(), in_bulk=newsroom.by_bulk())
                if number in KILLED_AT:
                    writers.kill_one()
            await until(lambda: _written(studio), timeout_s=1_800, every_s=0.5)
        finally:
            writers.stop()
        assert isinstance(studio.clock, ManualClock)
        studio.clock.advance(timedelta(seconds=studio.settings.pages_lease_s + 1))  # what the killed ones had taken up
        await assert_exact(studio, tmp_path / "full", newsroom)
