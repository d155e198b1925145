"""What every sink promises: a suite to be subclassed once per sink, and a machine that hypothesis drives.

A sink's test gives both a way to open it on its real store:

    class TestPages(SinkContract): open_sink = staticmethod(open_pages)
    TestPagesInAnyOrder = sink_machine(open_pages).TestCase
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from itertools import permutations
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from pressroom_shared.clock import SystemClock
from pressroom_shared.events import ArticlePublished, ArticleUnpublished
from pressroom_shared.ids import new_id
from pressroom_shared.streams import Consumer, metrics
from pressroom_shared.streams.entries import Entry
from tests.examples import published, unpublished, version

AnEvent = ArticlePublished | ArticleUnpublished
ARTICLES = ("0193a0f0-0000-7000-8000-00000000000a", "0193a0f0-0000-7000-8000-00000000000b")


class Sink(Protocol):
    """One sink on its real store."""

    async def handle(self, event: AnEvent) -> None:
        """As its handler does, in a unit of work of its own."""

    async def state(self, article_id: str) -> tuple[int, bool] | None:
        """The version that it holds, and whether that is live; None when it holds nothing."""

    async def told(self) -> list[tuple[str, int]]:
        """Each time that readers were told of a version, for sinks that tell; others return nothing."""


OpenSink = Callable[[Path], AbstractAsyncContextManager[Sink]]


class SpeakingSink(Sink, Protocol):
    """A sink with all that follows from its events."""

    group: str

    async def settle(self) -> None:
        """Do what its workers do after an event."""

    async def said(self, article_id: str) -> list[tuple[int, str]]:
        """Version and status of each outcome of an article so far, oldest first."""

    async def shows(self, article_id: str) -> bool:
        """Whether a reader gets the article from this sink, or is still to get it."""

    async def lose(self, article_id: str) -> None:
        """Have what the sink made for readers be gone, as after an accident; what it holds itself stays."""


async def handle(consumer: Consumer[Any], event: AnEvent) -> None:
    """As a consumer does with an entry that it has read: one unit of work, the outcome committed with the effect."""
    await consumer._work([Entry("1-0", event.encode(), SystemClock().now(), event=event)])


@pytest.mark.asyncio(loop_scope="class")
class SinkContract:
    """Every test is about articles of its own."""

    open_sink: Callable[[Path], AbstractAsyncContextManager[SpeakingSink]]

    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    @classmethod
    async def sink(cls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SpeakingSink]:
        async with cls.open_sink(tmp_path_factory.mktemp("sink")) as sink:
            yield sink

    async def test_the_newest_version_wins_in_any_order(self, sink: SpeakingSink) -> None:
        for order in permutations((1, 2, 3)):
            article = Article()
            for number in order:
                await sink.handle(article.withdrawn(3) if number == 3 else article.published(number))
            assert await sink.state(article.id) == (version(3), False), order
            await sink.handle(article.published(4))
            assert await sink.state(article.id) == (version(4), True), order

    async def test_a_repeat_says_its_outcome_again(self, sink: SpeakingSink) -> None:
        article = Article()
        await sink.handle(article.published(1))
        await sink.settle()
        before = await sink.said(article.id)
        assert before[-1] == (version(1), "done")
        await sink.handle(article.published(1))
        await sink.settle()
        after = await sink.said(article.id)
        assert after[len(before) :] == [(version(1), "done")]

    async def test_a_replay_of_what_is_held_is_done_and_said_again_and_told_to_nobody(self, sink: SpeakingSink) -> None:
        article, other = Article(), Article()
        await sink.handle(article.published(1))
        await sink.settle()
        told, before = await sink.told(), await sink.said(article.id)
        await sink.handle(article.published(1, replay=True))
        await sink.handle(other.published(1, replay=True))
        await sink.settle()
        assert (await sink.said(article.id))[len(before) :] == [(version(1), "done")]
        assert await sink.state(other.id) == (version(1), True), "a sink that lacks it takes it"
        assert await sink.told() == told

    async def test_a_replay_makes_again_what_readers_get(self, sink: SpeakingSink) -> None:
        article = Article()
        await sink.handle(article.published(1))
        await sink.settle()
        shown = await sink.shows(article.id)
        await sink.lose(article.id)
        await sink.handle(article.published(1, replay=True))
        await sink.settle()
        assert await sink.shows(article.id) == shown

    async def test_what_is_withdrawn_does_not_come_back(self, sink: SpeakingSink) -> None:
        article = Article()
        await sink.handle(article.published(1))
        await sink.settle()
        await sink.handle(article.withdrawn(2))
        await sink.settle()
        told = await sink.told()
        for replay in (False, True):
            await sink.handle(article.published(1, replay=replay))
            await sink.settle()
            assert await sink.state(article.id) == (version(2), False)
            assert not await sink.shows(article.id)
        assert await sink.told() == told

    async def test_what_is_stale_is_said_so_and_counted(self, sink: SpeakingSink) -> None:
        article, counter = Article(), metrics.STALE.labels(sink.group)
        await sink.handle(article.published(2))
        before = counter._value.get()
        await sink.handle(article.published(1))
        assert (version(1), "stale") in await sink.said(article.id)
        assert counter._value.get() == before + 1


class Article:
    """The events of one article, at an address of its own."""

    def __init__(self) -> None:
        self.id = new_id()
        self._path = f"/business/2026/11/23/{self.id}/"

    def published(self, number: int, *, replay: bool = False) -> ArticlePublished:
        return published(number, id=self.id, path=self._path, replay=replay)

    def withdrawn(self, number: int) -> ArticleUnpublished:
        return unpublished(number, id=self.id, path=self._path)


class SinkMachine(RuleBasedStateMachine):
    """Events are made in order and arrive in any, more than once, live or as a replay, with restarts in between."""

    open_sink: OpenSink
    made = Bundle("made")

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()
        self._versions = dict.fromkeys(ARTICLES, 0)
        self._newest: dict[str, tuple[int, bool]] = {}
        self._open()

    def _open(self) -> None:
        self._context = type(self).open_sink(Path(self._folder.name))
        self._sink = self._loop.run_until_complete(self._context.__aenter__())

    def _close(self) -> None:
        self._loop.run_until_complete(self._context.__aexit__(None, None, None))

    @rule(target=made, article=st.sampled_from(ARTICLES), withdrawn=st.booleans())
    def make(self, article: str, withdrawn: bool) -> AnEvent:
        self._versions[article] += 1
        number = self._versions[article]
        return unpublished(number, id=article) if withdrawn else published(number, id=article)

    @rule(event=made, replay=st.booleans(), times=st.integers(min_value=1, max_value=2))
    def deliver(self, event: AnEvent, replay: bool, times: int) -> None:
        arriving = event.model_copy(update={"replay": replay})
        for _ in range(times):
            self._loop.run_until_complete(self._sink.handle(arriving))
        held = self._newest.get(event.data.id, (0, False))
        self._newest[event.data.id] = max(held, (event.data.version, isinstance(event, ArticlePublished)))

    @rule()
    def restart(self) -> None:
        self._close()
        self._open()

    @invariant()
    def the_newest_version_that_came_is_held(self) -> None:
        for article, newest in getattr(self, "_newest", {}).items():
            assert self._loop.run_until_complete(self._sink.state(article)) == newest

    @invariant()
    def nobody_is_told_twice(self) -> None:
        if hasattr(self, "_newest"):
            told = self._loop.run_until_complete(self._sink.told())
            assert len(told) == len(set(told))

    def teardown(self) -> None:
        if hasattr(self, "_loop"):
            self._close()
            self._loop.close()
            self._folder.cleanup()


def sink_machine(open_sink: OpenSink, *, examples: int = 15, steps: int = 25, shrinks: bool = True) -> Any:
    """The machine for one sink; `.TestCase` of it is what pytest collects. `shrinks` looks for the smallest failure."""
    machine = type("Machine", (SinkMachine,), {"open_sink": staticmethod(open_sink)})
    machine.TestCase.settings = settings(  # type: ignore[attr-defined]
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[each for each in Phase if shrinks or each in {Phase.generate, Phase.reuse}],
        suppress_health_check=list(HealthCheck),
    )
    return machine
