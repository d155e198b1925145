"""Consumer groups start at entry 0, so that what was published before a service's first start is not lost."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import ResponseError


async def ensure_group(redis: Redis, stream: str, group: str) -> bool:
    """Make the group at entry 0 when it is not there. Says whether it was made now."""
    try:
        await redis.xgroup_create(stream, group, id="0", mkstream=True)
    except ResponseError as error:
        if "BUSYGROUP" in str(error):
            return False
        raise
    return True


def is_missing(error: BaseException) -> bool:
    """Whether Redis says that the group is gone (FLUSHALL, DEL, a failover)."""
    return isinstance(error, ResponseError) and "NOGROUP" in str(error)
