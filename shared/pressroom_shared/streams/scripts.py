"""What must happen in Redis as one step, or not at all.

The fate of an entry is written only by the consumer that still owns it: a process that was frozen while another took
its entries over writes nothing. A consumer is removed only while nothing is pending under its name, for Redis would
forget those entries with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

_OWNED = """
local function owned(stream, group, consumer, id)
  return #redis.call('XPENDING', stream, group, id, id, 1, consumer) > 0
end
"""

_CLAIM = (
    _OWNED
    + """
local group, consumer, owner = unpack(ARGV, 1, 3)
local taken = {}
for i = 4, #ARGV, 2 do
  local id, idle_ms = ARGV[i], ARGV[i + 1]
  if owned(KEYS[1], group, owner, id) then
    local entry = redis.call('XCLAIM', KEYS[1], group, consumer, idle_ms, id)[1]
    if entry then taken[#taken + 1] = entry end
  end
end
return taken
"""
)

_PARK = (
    _OWNED
    + """
local group, consumer, id, to, deliveries = unpack(ARGV)
if not owned(KEYS[1], group, consumer, id) then return 0 end
redis.call('XCLAIM', KEYS[1], group, to, 0, id, 'RETRYCOUNT', deliveries, 'JUSTID')
return 1
"""
)

_BURY = (
    _OWNED
    + """
local group, consumer, id, field, outcome, event = unpack(ARGV, 1, 6)
if not owned(KEYS[1], group, consumer, id) then return 0 end
local letter = event ~= '' and redis.call('HGET', KEYS[4], event)
if not letter or #redis.call('XRANGE', KEYS[2], letter, letter) == 0 then
  letter = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 7))
  if event ~= '' then redis.call('HSET', KEYS[4], event, letter) end
end
if outcome ~= '' then redis.call('XADD', KEYS[3], '*', field, outcome) end
redis.call('XACK', KEYS[1], group, id)
return 1
"""
)

_REMOVE_CONSUMER = """
local group, consumer = unpack(ARGV)
if #redis.call('XPENDING', KEYS[1], group, '-', '+', 1, consumer) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, consumer)
return 1
"""

_MAKE_GROUP = """
local group, field, request = unpack(ARGV)
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], group, '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP') then return 0 end
  return made
end
if request ~= '' then redis.call('XADD', KEYS[2], '*', field, request) end
return 1
"""

_TAKE_OUT = """
local id, event, field, payload = unpack(ARGV)
if redis.call('XDEL', KEYS[1], id) == 0 then return 0 end
redis.call('HDEL', KEYS[2], event)
if KEYS[3] then redis.call('XADD', KEYS[3], '*', field, payload) end
return 1
"""


async def claim(
    redis: Redis, stream: str, *, group: str, consumer: str, owner: str, seen: Sequence[tuple[str, int]]
) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Give entries that are still `owner`'s to `consumer`, and return them with their fields.

    `seen` has each entry's id and the milliseconds that it was seen idle: one that was given back meanwhile is not
    due. Of several that want an entry one wins. Redis drops what was trimmed away: there is nothing to handle.
    """
    pairs = [part for pair in seen for part in pair]
    taken = await cast("Any", redis.register_script(_CLAIM))(keys=[stream], args=[group, consumer, owner, *pairs])
    return [(entry_id, dict(zip(flat[::2], flat[1::2], strict=True))) for entry_id, flat in taken]


async def park(redis: Redis, stream: str, *, group: str, consumer: str, id: str, to: str, deliveries: int) -> bool:  # noqa: A002
    """Give a pending entry of `consumer` to the pseudo consumer `to`. False when it is not that consumer's any more."""
    return await _run(redis, _PARK, [stream], [group, consumer, id, to, deliveries])


async def bury(
    redis: Redis,
    stream: str,
    *,
    group: str,
    consumer: str,
    id: str,  # noqa: A002
    dead: str,
    fields: Mapping[str, Any],
    known: str,
    event_id: str,
    outcomes: str,
    field: str,
    outcome: bytes,
) -> bool:
    """Put `fields` into the stream `dead`, `outcome` (if any) into `outcomes`, and ack. False as `park`.

    `known` is a hash of the events that are in `dead`: one that was sent again is not put there twice.
    """
    flat = [part for pair in fields.items() for part in pair]
    keys = [stream, dead, outcomes, known]
    return await _run(redis, _BURY, keys, [group, consumer, id, field, outcome, event_id, *flat])


async def remove_consumer(redis: Redis, stream: str, *, group: str, consumer: str) -> bool:
    """Remove a consumer with nothing pending. False when there is something."""
    return await _run(redis, _REMOVE_CONSUMER, [stream], [group, consumer])


async def make_group(redis: Redis, stream: str, *, group: str, operations: str, field: str, request: bytes) -> bool:
    """Make a group at entry 0 and, with it, say in `operations` that it was made. False when it was there."""
    return await _run(redis, _MAKE_GROUP, [stream, operations], [group, field, request])


async def take_out(
    redis: Redis,
    dead: str,
    *,
    id: str,  # noqa: A002
    known: str,
    event_id: str,
    target: str | None = None,
    field: str = "",
    payload: bytes = b"",
) -> bool:
    """Take a dead letter out of its stream, and put `payload` into `target`, if any. False when it is gone."""
    keys = [dead, known] + ([target] if target else [])
    return await _run(redis, _TAKE_OUT, keys, [id, event_id, field, payload])


async def _run(redis: Redis, script: str, keys: list[str], arguments: list[Any]) -> bool:
    return bool(await cast("Any", redis.register_script(script))(keys=keys, args=arguments))
