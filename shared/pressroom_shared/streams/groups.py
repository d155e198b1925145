"""Consumer groups start at entry 0, so that what was published before a service's first start is not lost.

A group that is made, for the first time or again after Redis lost it, asks ingest for a replay in the same step: what
was trimmed before, or handled by a store that is new now, comes through its bulk stream.
"""

from __future__ import annotations

from redis.asyncio import Redis

from pressroom_shared.clock import Clock
from pressroom_shared.events import ReplayRequest, ReplayRequested
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, FIELD, OPERATIONS
from pressroom_shared.streams import scripts


async def ensure_group(redis: Redis, stream: str, group: str, clock: Clock) -> bool:
    """Make the group at entry 0 when it is not there. Says whether it was made now."""
    request = _request(group, clock) if stream == ARTICLES else b""
    return await scripts.make_group(redis, stream, group=group, operations=OPERATIONS, field=FIELD, request=request)


def _request(group: str, clock: Clock) -> bytes:
    return ReplayRequested(
        id=new_id(), source=f"/{group}", subject=group, time=clock.now(), data=ReplayRequest(group=group)
    ).encode()


async def unread(redis: Redis, stream: str, group: str) -> int:
    """How many entries the group has not been given yet; -1 when there are some and Redis cannot say how many."""
    for each in await redis.xinfo_groups(stream):
        if text(each["name"]) == group:
            return await lag(redis, stream, each)
    return 0


async def lag(redis: Redis, stream: str, info: dict[str, object]) -> int:
    """The lag of a group by its row of XINFO GROUPS, which Redis does not know after an XDEL."""
    known = info.get("lag")
    if known is not None:
        return int(str(known))
    newest = await redis.xrevrange(stream, count=1)
    last = text(info["last-delivered-id"])
    return -1 if newest and parse_id(text(newest[0][0])) > parse_id(last) else 0


def parse_id(entry_id: str) -> tuple[int, int]:
    """A stream id as it sorts: milliseconds and sequence."""
    ms, _, sequence = entry_id.partition("-")
    return int(ms), int(sequence or 0)


def text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
