"""What every sink promises, as a machine that hypothesis drives: the newest version wins, in any order of arrival.

A sink's test gives `sink_machine` a way to open it on its real store:

    TestPages = sink_machine(open_pages).TestCase
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from pressroom_shared.events import ArticlePublished, ArticleUnpublished
from tests.examples import published, unpublished

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
