"""Group commits: changes that arrive together are committed together, and each waits until its own is durable.

A commit syncs files, so one for each change would be slow; the first change after a pause is committed at once, the
next ones gather for `commit_ms` or until they are `commit_batch`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from pressroom_search import metrics
from pressroom_search.engine import Change, Verdict, Writable

Waiting = tuple[Change, "asyncio.Future[Verdict]"]


class Batches:
    """Gathers changes for one writer. The consumer bounds how many wait: `streams_workers`."""

    def __init__(self, writer: Writable, *, commit_ms: int, commit_batch: int) -> None:
        self._writer = writer
        self._pause_s = commit_ms / 1000
        self._batch = commit_batch
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index-writer")
        self._waiting: list[Waiting] = []
        self._full = asyncio.Event()
        self._committing: asyncio.Task[None] | None = None
        self._next_at = 0.0

    async def take(self, change: Change) -> Verdict:
        """Commit a change, with others. Raises `Transient` when the index cannot be written now."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, future))
        if len(self._waiting) >= self._batch:
            self._full.set()
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        return await future

    async def alone(self, work: Callable[[], int]) -> int:
        """Do something with the writer between two commits; changes that come meanwhile wait."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Finish the commit that is under way."""
        if self._committing is not None:
            await asyncio.gather(self._committing, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def _commit_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._gather(self._next_at - loop.time())
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            self._full.clear()
            self._next_at = loop.time() + self._pause_s
            await self._commit(batch)

    async def _gather(self, delay_s: float) -> None:
        if len(self._waiting) >= self._batch:
            return
        try:
            async with asyncio.timeout(max(0.0, delay_s)):
                await self._full.wait()
        except TimeoutError:
            return

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        changes = [change for change, _ in batch]
        loop = asyncio.get_running_loop()
        try:
            with metrics.COMMIT_SECONDS.time():
                verdicts = await loop.run_in_executor(self._thread, self._writer.apply, changes)
        except Exception as error:  # noqa: BLE001  # whoever waits raises it, and has its fate
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), verdict in zip(batch, verdicts, strict=True):
            if not future.done():
                future.set_result(verdict)
