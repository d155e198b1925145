"""Who writes: of all processes that share the folder, the one that has the lock. The others stand by.

The lock is gone with its process, however that ends, so a standby takes over within its next look (`standby_ms`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

from pressroom_search import metrics
from pressroom_search.batching import Batches
from pressroom_search.committer import Committer
from pressroom_search.folder import Folder
from pressroom_search.handlers import Work
from pressroom_search.settings import Settings
from pressroom_shared.streams import Consumer
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)
PURGED_LOOK_S = 2

MakeConsumer = Callable[[Batches], Consumer[Work]]


class Keeper:
    """Stands by for the writer's lock; with it, consumes the stream into the index."""

    def __init__(self, folder: Folder, zone: ZoneInfo, settings: Settings, make_consumer: MakeConsumer) -> None:
        self._folder = folder
        self._zone = zone
        self._settings = settings
        self._make_consumer = make_consumer
        self._consumer: Consumer[Work] | None = None

    @property
    def writes(self) -> bool:
        return self._consumer is not None

    def not_ready(self) -> str | None:
        """A standby has nothing to be unready for; a writer must be reading the stream."""
        return self._consumer.not_ready() if self._consumer is not None else None

    async def run(self, stop: asyncio.Event) -> None:
        metrics.WRITER.set(0)
        while not stop.is_set():
            with self._folder.writers_lock() as ours:
                if ours:
                    await self._write(stop)
            await pause(stop, self._settings.standby_ms / 1000)

    async def _write(self, stop: asyncio.Event) -> None:
        settings = self._settings
        committer = await asyncio.to_thread(Committer, self._folder, self._zone, heap_bytes=settings.heap_bytes)
        batches = Batches(committer, commit_ms=settings.commit_ms, commit_batch=settings.commit_batch)
        self._consumer = self._make_consumer(batches)
        metrics.WRITER.set(1)
        log.info("this process writes the index")
        done = asyncio.Event()
        erasing = asyncio.create_task(self._erase_purged(batches, committer, done))
        try:
            await self._consumer.run(stop)
        finally:
            done.set()
            await erasing
            await batches.close()
            await asyncio.to_thread(committer.close)
            self._consumer = None
            metrics.WRITER.set(0)

    async def _erase_purged(self, batches: Batches, committer: Committer, stop: asyncio.Event) -> None:
        """After a purge, write all that is left again, a batch at a time between the commits of what is live."""
        while not stop.is_set():
            noted = await asyncio.to_thread(self._folder.purge_noted)
            try:
                if noted is not None:
                    await self._write_again(batches, committer, stop)
                    if not stop.is_set():
                        await asyncio.to_thread(self._folder.forget_purge, noted)
            except (OSError, ValueError) as error:
                log.warning("what was purged is still in the index's files, trying again: %s", error)
            await pause(stop, PURGED_LOOK_S)

    async def _write_again(self, batches: Batches, committer: Committer, stop: asyncio.Event) -> None:
        last, up_to = 0, await batches.alone(committer.newest)
        while last < up_to and not stop.is_set():
            last = await batches.alone(partial(committer.write_again, last, up_to, self._settings.commit_batch))
