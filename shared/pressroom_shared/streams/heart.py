"""A consumer's heartbeat: a key that lives a little longer than the pause between two beats.

It beats beside the work and not between it, so that long handlers and long sweeps do not look like a death.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from redis.asyncio import Redis

from pressroom_shared.keys import alive
from pressroom_shared.streams.client import RedisError

log = logging.getLogger(__name__)

BEAT_S = 1.0
DEAD_AFTER_S = 5
"""How long a consumer's heartbeat is believed."""

GRACE_S = 2.0
"""After an outage every key may have run out: others have this long to beat before one believes that they died."""


class Heart:
    """Beats for one consumer. The key's value is how many entries it handles a second, for `pressroom status`."""

    def __init__(self, redis: Redis, *, group: str, consumer: str, handled: Callable[[], int]) -> None:
        self._redis = redis
        self._group = group
        self._key = alive(group, consumer)
        self._handled = handled
        self._counted = 0
        self._counted_at = time.monotonic()
        self._rate = 0.0
        self._since: float | None = None
        self.beaten_at: float | None = None

    async def run(self) -> None:
        """Beat until cancelled, through every outage."""
        while True:
            try:
                await self.beat()
            except (RedisError, ConnectionError, TimeoutError):
                self._since = None
            await asyncio.sleep(BEAT_S)

    async def beat(self) -> None:
        """Say that this consumer lives. Raises what Redis raises."""
        await self._redis.set(self._key, f"{self._measure():.1f}", px=DEAD_AFTER_S * 1000)
        self.beaten_at = time.monotonic()
        if self._since is None:
            self._since = self.beaten_at

    async def stop(self) -> None:
        """Say that it is gone: what is still pending under its name is anybody's at once."""
        await self._redis.delete(self._key)

    async def dead(self, consumers: Iterable[str]) -> set[str]:
        """Those of `consumers` that do not live. None of them until this heart has beaten for `GRACE_S`."""
        names = list(consumers)
        if not names or self._since is None or time.monotonic() - self._since < GRACE_S:
            return set()
        beats = await self._redis.mget([alive(self._group, each) for each in names])
        return {name for name, beat in zip(names, beats, strict=True) if beat is None}

    def _measure(self) -> float:
        """Entries a second, smoothed over a few beats."""
        now, handled = time.monotonic(), self._handled()
        if now - self._counted_at >= BEAT_S / 2:
            fresh = (handled - self._counted) / (now - self._counted_at)
            self._rate = fresh if fresh > self._rate else (self._rate + fresh) / 2
            self._counted, self._counted_at = handled, now
        return self._rate if self._rate >= 0.05 else 0.0
