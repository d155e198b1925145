"""Processes that draw: bounded in number, time and memory, so that one hostile picture cannot stop the worker."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from pressroom_render.cards import Card
from pressroom_render.settings import Settings
from pressroom_shared.streams import Busy, Poison

log = logging.getLogger(__name__)

DRAWINGS_A_PROCESS_MAX = 500
"""After so many a process is replaced, whatever it may have leaked."""


def _limit(memory_bytes_max: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))


def _draw(card: Card, image: bytes | None) -> tuple[bytes, bytes, str]:
    from pressroom_render.drawing import draw  # loads the fonts, once in each process

    drawing = draw(card, image)
    return drawing.jpeg, drawing.png, drawing.warning


class Drawers:
    """Draws cards in other processes. A part of the `cards` process: it stops them with itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = self._new_pool()

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def draw(self, card: Card, image: bytes | None) -> tuple[bytes, bytes, str]:
        """The card as JPEG and as PNG, and a warning for the editor, if there is one.

        Raises `Poison` when the drawing takes too long, and `Busy` when another drawing has broken the pool.
        """
        loop = asyncio.get_running_loop()
        pool = self._pool
        try:
            async with asyncio.timeout(self._settings.cards_timeout_s):
                return await loop.run_in_executor(pool, _draw, card, image)
        except TimeoutError:
            self._replace(pool)
            raise Poison(
                f"The card was not drawn within {self._settings.cards_timeout_s:g} s; try another lead picture."
            ) from None
        except BrokenProcessPool:
            self._replace(pool)
            raise Busy("A drawing process ended; the card is drawn again.") from None

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is not broken:
            return
        log.warning("cards: the drawing processes are replaced")
        self._pool = self._new_pool()
        for process in list(getattr(broken, "_processes", {}).values()):
            with contextlib.suppress(OSError):
                process.kill()
        broken.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self._settings.cards_workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_limit,
            initargs=(self._settings.cards_memory_bytes_max,),
            max_tasks_per_child=DRAWINGS_A_PROCESS_MAX,
        )
