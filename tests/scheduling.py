"""Interleavings that a seed decides: of all actors one goes on at a time, from one named point to the next.

What an actor does between two points is real work on real stores, in whatever threads; nobody else moves meanwhile.
A point may have a condition, as for a lock that another actor holds. Nothing sleeps.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.database import Database
from pressroom_shared.sitestore import Content, FileStore, Staged

STEP_S_MAX = 20
"""An actor that reaches no point in this time waits for something that the schedule does not know of."""

PACES = (1, 4, 16)
"""Some actors are slow and some fast, so that each may stand still at any point while others do all they have to do."""

_actor: ContextVar[str | None] = ContextVar("actor", default=None)


@dataclass(frozen=True, slots=True)
class Paused:
    point: str
    may_go_on: Callable[[], bool]
    going_on: asyncio.Future[None]


class Schedule:
    """One interleaving. `seed` decides it; `trace` tells it, for whoever looks after a failure."""

    def __init__(self, seed: int, *, after_each: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.luck = random.Random(seed)
        self.trace: list[tuple[str, str]] = []
        self._after_each = after_each
        self._paused: dict[str, Paused] = {}
        self._stood_still = asyncio.Event()

    async def point(self, name: str, when: Callable[[], bool] = lambda: True) -> None:
        """Wait for one's turn, and for `when`. Whoever is no actor of a schedule goes on at once."""
        actor = _actor.get()
        if actor is None:
            return
        going_on: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paused[actor] = Paused(name, when, going_on)
        self._stood_still.set()
        await going_on

    async def run(self, actors: dict[str, Coroutine[Any, Any, None]]) -> None:
        """Run them all to their ends. Raises what an actor raises, or what `after_each` finds wrong."""
        paces = {name: self.luck.choice(PACES) for name in actors}
        tasks: set[asyncio.Task[None]] = set()
        try:
            for name, actor in actors.items():
                tasks.add(await self._step(lambda name=name, actor=actor: self._start(name, actor)))  # type: ignore[misc]
            while self._paused:
                able = [name for name, each in self._paused.items() if each.may_go_on()]
                assert able, f"everybody waits: {[(name, each.point) for name, each in self._paused.items()]}"
                (chosen,) = self.luck.choices(able, [paces[name] for name in able])
                await self._step(lambda name=chosen: self._go_on(name))  # type: ignore[misc]
                for each in [each for each in tasks if each.done()]:
                    each.result()
                await self._after_each()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _step(self, begin: Callable[[], Any]) -> Any:
        self._stood_still.clear()
        begun = begin()
        async with asyncio.timeout(STEP_S_MAX):
            await self._stood_still.wait()
        return begun

    def _start(self, name: str, actor: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def act() -> None:
            _actor.set(name)
            await self.point("begins")
            await actor

        task = asyncio.create_task(act())
        task.add_done_callback(lambda _: self._stood_still.set())
        return task

    def _go_on(self, name: str) -> None:
        paused = self._paused.pop(name)
        self.trace.append((name, paused.point))
        paused.going_on.set_result(None)


class ScheduledDatabase(Database):
    """A database whose transactions are points; who waits for the one writer of SQLite, waits in the schedule."""

    schedule: Schedule | None = None

    def __init__(self, database: Database) -> None:
        super().__init__(database.url, database._writer, database._reader)
        self._is_written = False

    @asynccontextmanager
    async def begin(self, *, wake: bool = True) -> AsyncIterator[AsyncConnection]:
        await _point(self.schedule, "asks to write", lambda: not self._is_written)
        self._is_written = True
        try:
            async with super().begin(wake=wake) as connection:
                await _point(self.schedule, "may write")
                yield connection
                await _point(self.schedule, "commits")
        finally:
            self._is_written = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        await _point(self.schedule, "reads")
        async with super().read() as connection:
            yield connection


class ScheduledStore(FileStore):
    """A site store whose every change is a point."""

    schedule: Schedule | None = None

    async def stage(self, files: Sequence[tuple[str, Content]]) -> list[Staged]:
        await _point(self.schedule, "stages")
        return await super().stage(files)

    async def publish(self, staged: Sequence[Staged]) -> None:
        for each in staged:
            await _point(self.schedule, "renames into place")
            await super().publish([each])

    async def discard(self, staged: Sequence[Staged]) -> None:
        await _point(self.schedule, "discards")
        await super().discard(staged)

    async def exists(self, key: str) -> bool:
        await _point(self.schedule, "looks at a file")
        return await super().exists(key)

    async def delete(self, *keys: str) -> None:
        await _point(self.schedule, "deletes")
        await super().delete(*keys)


async def _point(schedule: Schedule | None, name: str, when: Callable[[], bool] = lambda: True) -> None:
    if schedule is not None:
        await schedule.point(name, when)
