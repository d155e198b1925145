"""The one way to a Redis client: it reconnects with backoff for as long as it takes, unless a bound is asked for."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

CONNECT_TIMEOUT_S = 2
ANSWER_TIMEOUT_S = 10
"""Above the longest blocking read (`READ_BLOCK_MS`), else a quiet stream looks like a broken one."""

READ_BLOCK_MS = 1000
FOREVER = -1

__all__ = ["FOREVER", "READ_BLOCK_MS", "RedisConnectionError", "RedisError", "RedisTimeoutError", "connect", "retry"]


def retry(tries: int = 3) -> Retry:
    """Backoff from 50 ms to 1 s with jitter; `FOREVER` never gives up."""
    return Retry(
        ExponentialWithJitterBackoff(base=0.05, cap=1),
        tries,
        supported_errors=(RedisConnectionError, RedisTimeoutError),
    )


def connect(url: str, *, tries: int = 3) -> Redis:
    """A client that answers in bytes. The caller closes it (`aclose`)."""
    return Redis.from_url(
        url,
        retry=retry(tries),
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        health_check_interval=30,
    )
