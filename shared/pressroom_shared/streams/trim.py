"""Trimming: an entry goes only when every group has acked it. A group that was never made keeps everything."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from pressroom_shared.keys import GROUPS
from pressroom_shared.streams import metrics
from pressroom_shared.streams.groups import parse_id, text


async def trim(redis: Redis, stream: str) -> int:
    """Trim one stream up to the oldest entry that some group still needs. Says how many entries went."""
    try:
        groups = {text(each["name"]): each for each in await redis.xinfo_groups(stream)}
    except ResponseError:  # no such stream yet
        return 0
    if not set(GROUPS[stream]) <= set(groups):
        return 0
    needed: list[tuple[int, int]] = []
    for name, each in groups.items():
        pending = await redis.xpending(stream, name)
        if pending["pending"]:
            needed.append(parse_id(text(pending["min"])))
        else:
            ms, sequence = parse_id(text(each["last-delivered-id"]))
            needed.append((ms, sequence + 1))
    ms, sequence = min(needed)
    trimmed = int(await redis.xtrim(stream, minid=f"{ms}-{sequence}", approximate=False))
    if trimmed:
        metrics.TRIMMED.labels(stream).inc(trimmed)
    return trimmed
