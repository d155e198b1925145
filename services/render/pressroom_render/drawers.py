"""Processes that draw cards and develop pictures: bounded in number, time and memory.

Each process has one task at a time, so that whoever breaks it is known, and harms nobody else. Time is what it had of
the processor: what is drawn has a low priority, and a busy machine is no reason to hold a picture for a ruined one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pressroom_render import darkroom
from pressroom_render.cards import Card
from pressroom_render.settings import Settings
from pressroom_shared.streams import Transient

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

TASKS_A_PROCESS_MAX = 500
"""After so many a process is replaced, whatever it may have leaked."""

CPUCLOCK_SCHED = 2
"""With a process id, Linux's name for the time that it had: clock_getcpuclockid(3)."""

TRIES = 2
"""A process may be ended by something else than its task: only the second end is the task's own doing."""


class Ruined(Exception):
    """A task took too long, or more memory than it may. Its message is a sentence for the editor."""


class TooLong(Exception):
    """A task had all the time of the processor that it may have."""


class Drawers:
    """The processes. Whoever opens them closes them, after the last task."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: asyncio.Queue[ProcessPoolExecutor] = asyncio.Queue()
        self._all: set[ProcessPoolExecutor] = set()
        for _ in range(settings.cards_workers):
            self._idle.put_nowait(self._new())

    def close(self) -> None:
        for process in self._all:
            process.shutdown(wait=False, cancel_futures=True)

    async def draw(self, card: Card, image: bytes | None, face: bytes | None = None) -> tuple[bytes, bytes, str]:
        """The card as JPEG and as PNG, and a warning for the editor, if there is one. Raises `Ruined`, `Transient`."""
        return await self._do(darkroom.draw_card, card, image, face)

    async def preview(self, card: Card, image: bytes | None, face: bytes | None = None) -> tuple[bytes, list[str]]:
        """The card as JPEG, and what an editor should know about it. Raises `Ruined`, `Transient`."""
        return await self._do(darkroom.preview_card, card, image, face)

    async def develop(
        self, body: bytes, focal_point: tuple[float, float] | None
    ) -> tuple[dict[str, object], dict[str, bytes]]:
        """What is known of a picture, and its files by the ends of their names. Raises `Ruined`, `Transient`."""
        return await self._do(darkroom.develop_picture, body, focal_point)

    async def _do(self, task: Callable[..., Answer], *given: object) -> Answer:
        for _ in range(TRIES):
            process = await self._idle.get()
            try:
                async with asyncio.timeout(self._settings.cards_wait_s):
                    return await self._in_time(process, task, *given)
            except TooLong:
                process = self._replace(process)
                raise Ruined(f"It takes longer than {self._settings.cards_timeout_s:g} s to draw.") from None
            except TimeoutError:
                process = self._replace(process)
                raise Transient("The machine is too busy to draw now.") from None
            except (BrokenProcessPool, MemoryError):
                process = self._replace(process)
            except asyncio.CancelledError:
                process = self._replace(process)
                raise
            finally:
                self._idle.put_nowait(process)
        raise Ruined("It takes more memory than a picture may.")

    async def _in_time(self, process: ProcessPoolExecutor, task: Callable[..., Answer], *given: object) -> Answer:
        """Raises `TooLong`."""
        may_use_s = _used_s(process) + self._settings.cards_timeout_s
        working = asyncio.get_running_loop().run_in_executor(process, task, *given)
        try:
            while (left_s := may_use_s - _used_s(process)) > 0:
                done, _ = await asyncio.wait({working}, timeout=left_s)
                if done:
                    return await working
            raise TooLong
        finally:
            working.cancel()

    def _replace(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        log.warning("cards: a drawing process is replaced")
        for process in list(getattr(broken, "_processes", {}).values()):
            with contextlib.suppress(OSError):
                process.kill()
        broken.shutdown(wait=False, cancel_futures=True)
        self._all.discard(broken)
        return self._new()

    def _new(self) -> ProcessPoolExecutor:
        made = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=darkroom.prepare,
            initargs=(self._settings.cards_memory_bytes_max,),
            max_tasks_per_child=TASKS_A_PROCESS_MAX,
        )
        self._all.add(made)
        return made


def _used_s(pool: ProcessPoolExecutor) -> float:
    """What the process had of the processor until now, s; where the system does not tell, what went by on the clock."""
    if sys.platform != "linux":
        return time.monotonic()
    for pid in getattr(pool, "_processes", None) or ():
        with contextlib.suppress(OSError):  # it has ended: whoever waits for it is told
            return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)
    return 0.0
