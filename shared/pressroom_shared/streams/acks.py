"""Acks, gathered: all that finish within one turn of the loop go to Redis in one XACK."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import Redis

from pressroom_shared.streams.client import RedisError
from pressroom_shared.tasks import end

log = logging.getLogger(__name__)
BATCH_MAX = 1000
PAUSE_S = 1.0


class Acks:
    """Entries whose effect is committed. One that cannot be acked is asked again: a repeat changes nothing."""

    def __init__(self, redis: Redis, stream: str, group: str, held: set[str]) -> None:
        self._redis = redis
        self._held = held
        self._stream = stream
        self._group = group
        self._done: list[str] = []
        self._sending: asyncio.Task[None] | None = None

    def add(self, entry_id: str) -> None:
        self._done.append(entry_id)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def flush(self) -> None:
        """Send all that wait, once. Raises what Redis raises."""
        if self._sending is not None:
            await end(self._sending)
        await self._send_all()

    async def _send(self) -> None:
        """Send until nothing waits, through an outage of Redis."""
        while self._done:
            try:
                await self._send_all()
            except (RedisError, ConnectionError, TimeoutError) as error:
                log.info("%s: %d acks wait, Redis does not answer: %s", self._group, len(self._done), error)
                await asyncio.sleep(PAUSE_S)

    async def _send_all(self) -> None:
        while batch := self._done[:BATCH_MAX]:
            await self._redis.xack(self._stream, self._group, *batch)
            del self._done[: len(batch)]
            self._held.difference_update(batch)
