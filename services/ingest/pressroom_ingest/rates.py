"""A limit on each key's requests: a token bucket in Redis, one for all replicas; in memory while Redis is away."""

from __future__ import annotations

import logging
import math
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from pressroom_shared.keys import PARTITION

log = logging.getLogger(__name__)

REDIS_TIMEOUT_S = 0.2
AWAY_S = 5
"""After Redis has failed it is not asked for so long, so that no request waits for it."""

BUCKETS_MAX = 10_000

# Takes one token when there is one. Answers how many seconds to wait for the next, as text; "0" when it was taken.
SCRIPT = """
local now = redis.call('TIME')
local seconds = tonumber(now[1]) + tonumber(now[2]) / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(held[1]) or burst) + (seconds - (tonumber(held[2]) or seconds)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(seconds))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""


class Rates:
    """Counts requests by key. `redis_url` empty: in memory only."""

    def __init__(self, *, per_s: float, burst: int, redis_url: str = "") -> None:
        self._per_s = per_s
        self._burst = burst
        self._redis = (
            Redis.from_url(redis_url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S)
            if redis_url
            else None
        )
        self._script = None if self._redis is None else self._redis.register_script(SCRIPT)
        self._away_until = 0.0
        self._buckets: dict[str, tuple[float, float]] = {}

    async def take(self, key_id: str) -> int:
        """0 when the request may go on; else after how many whole seconds it may come again."""
        if self._script is not None and time.monotonic() >= self._away_until:
            try:
                wait = await self._script(
                    keys=[f"pressroom:{PARTITION}:rate:{key_id}"], args=[self._per_s, self._burst]
                )
                return math.ceil(float(wait))
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + AWAY_S
                log.warning("the rate limit counts in memory for %s s: Redis does not answer (%s)", AWAY_S, error)
        return math.ceil(self._take_here(key_id))

    def _take_here(self, key_id: str) -> float:
        now = time.monotonic()
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.clear()
        tokens, at = self._buckets.get(key_id, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
        self._buckets[key_id] = (tokens - 1 if wait == 0 else tokens, now)
        return wait

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
