"""Failed entries wait with a pseudo consumer until their pause is over; XPENDING's idle time is the only timer.

Parking resets the idle time, keeps the delivery count, and tells a failed entry from one that is being handled.
"""

from __future__ import annotations

import zlib

from redis.asyncio import Redis

from pressroom_shared.streams import scripts

RETRY = "~retry"
BUSY = "~busy"
BUSY_PAUSE_S = 1.0
PARKED = frozenset({RETRY, BUSY})


def backoff_s(entry_id: str, deliveries: int, *, base_s: float, max_s: float) -> float:
    """The pause after the n-th delivery: doubling, bounded, and spread over 50–100% by the entry's own id."""
    whole = min(max_s, base_s * 2 ** min(deliveries - 1, 32))
    spread = zlib.crc32(entry_id.encode()) % 1000 / 2000
    return float(whole * (0.5 + spread))


async def park(
    redis: Redis, stream: str, group: str, consumer: str, entry_id: str, *, deliveries: int, counted: bool
) -> bool:
    """Give an entry of `consumer` to the pseudo consumer. `counted=False` takes this delivery back.

    False when the entry is not that consumer's any more: then whoever has it writes its fate.
    """
    return await scripts.park(
        redis,
        stream,
        group=group,
        consumer=consumer,
        id=entry_id,
        to=RETRY if counted else BUSY,
        deliveries=deliveries if counted else max(0, deliveries - 1),
    )
