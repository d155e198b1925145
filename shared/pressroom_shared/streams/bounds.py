"""How much each stream may hold. What does not fit waits in SQL, so that a dead group cannot fill Redis."""

from __future__ import annotations

import time
from collections.abc import Iterable

from redis.asyncio import Redis

from pressroom_shared.keys import BULK_STREAMS
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics

MEASURED_EVERY_S = 0.5
SAMPLES = 5
"""MEMORY USAGE looks at so many nodes of the stream, and estimates the rest: its cost does not grow with the stream."""


class Bounds:
    """Knows how many bytes fit into each stream: measured now and then, and counted in between."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings
        self._left: dict[str, int] = {}
        self._measured_at: dict[str, float] = {}

    async def full(self, streams: Iterable[str]) -> list[str]:
        """Those of `streams` that are at their bound."""
        for stream in streams:
            stale = time.monotonic() - self._measured_at.get(stream, float("-inf")) > MEASURED_EVERY_S
            if stale or self._left[stream] <= 0:
                await self._measure(stream)
        return [stream for stream in streams if self._left[stream] <= 0]

    def took(self, stream: str, size: int) -> None:
        """Count what was just added."""
        self._left[stream] = self._left.get(stream, 0) - size

    async def _measure(self, stream: str) -> None:
        used = int(await self._redis.memory_usage(stream, samples=SAMPLES) or 0)
        metrics.BYTES.labels(stream).set(used)
        is_bulk = stream in BULK_STREAMS
        bound = self._settings.bulk_bytes_max if is_bulk else self._settings.stream_bytes_max
        self._left[stream] = bound - used
        self._measured_at[stream] = time.monotonic()
