"""How each group stands: what waits, what fails, who works, and what an operator should do about it.

Every question to Redis costs the same however long the streams are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from pressroom_shared.keys import LIVE_GROUPS, alive, bulk, dead_letters
from pressroom_shared.streams import metrics
from pressroom_shared.streams.groups import lag, parse_id, text
from pressroom_shared.streams.retries import BUSY, PARKED, RETRY

SERVICES = {
    "pages": "render-pages",
    "cards": "render-cards",
    "search": "search",
    "notify": "notify",
    "receipts": "ingest",
    "operations": "ingest",
}
"""The compose service that reads for each group."""

BEHIND_S = 60
"""A group whose oldest entry waits for longer wants another replica."""

REPLICAS_MAX = 16


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One group at one moment. `lag` is -1 when entries wait and Redis cannot say how many.

    `oldest_s` is of the live stream alone: what is in bulk may wait as long as it likes.
    """

    group: str
    stream: str
    made: bool
    lag: int = 0
    bulk_lag: int = 0
    pending: int = 0
    oldest_s: float = 0
    retries: int = 0
    busy: int = 0
    dead: int = 0
    rate: float = 0
    consumers: int = 0
    advice: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Side:
    """One stream of a group: its live or its bulk one."""

    made: bool
    lag: int
    pending: int
    parked: dict[str, int]
    oldest_ms: int | None


async def all_statuses(redis: Redis) -> list[GroupStatus]:
    """Every group, in the order of the streams."""
    return [await status_of(redis, stream, group) for stream, groups in LIVE_GROUPS.items() for group in groups]


async def status_of(redis: Redis, stream: str, group: str) -> GroupStatus:
    """One group. Raises what Redis raises when it does not answer; what is not there yet counts as nothing."""
    live, slow = await _side(redis, stream, group), await _side(redis, bulk(group), group)
    async with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.xlen(dead_letters(group))
        pipe.xinfo_consumers(stream, group)
        (seconds, micros), dead, consumers = await pipe.execute(raise_on_error=False)
    names = [] if isinstance(consumers, Exception) else [text(each["name"]) for each in consumers]
    beats = await _beats(redis, group, [name for name in names if name not in PARKED])
    now_ms = int(seconds) * 1000 + int(micros) // 1000
    found = {
        "group": group,
        "stream": stream,
        "made": live.made,
        "lag": live.lag,
        "bulk_lag": slow.lag,
        "pending": live.pending + slow.pending,
        "oldest_s": 0.0 if live.oldest_ms is None else max(0.0, (now_ms - live.oldest_ms) / 1000),
        "retries": live.parked.get(RETRY, 0) + slow.parked.get(RETRY, 0),
        "busy": live.parked.get(BUSY, 0) + slow.parked.get(BUSY, 0),
        "dead": dead,
        "rate": round(sum(beats), 1),
        "consumers": len(beats),
    }
    status = GroupStatus(**found)
    return GroupStatus(**found, advice=advice(status))


async def _beats(redis: Redis, group: str, names: Sequence[str]) -> list[float]:
    """How many entries a second each living consumer handles."""
    beats = await redis.mget([alive(group, name) for name in names]) if names else []
    return [float(each) for each in beats if each is not None]


async def _side(redis: Redis, stream: str, group: str) -> _Side:
    try:
        infos = await redis.xinfo_groups(stream)
    except ResponseError:  # no such stream yet
        infos = []
    info = next((each for each in infos if text(each["name"]) == group), None)
    if info is None:
        return _Side(False, 0, 0, {}, None)
    summary = await redis.xpending(stream, group)
    waiting = await lag(redis, stream, info)
    oldest: list[int] = []
    if summary["pending"]:
        oldest.append(parse_id(text(summary["min"]))[0])
    if waiting:
        first = await redis.xrange(stream, min=f"({text(info['last-delivered-id'])}", count=1)
        oldest += [parse_id(text(each[0]))[0] for each in first or ()]
    parked = {text(each["name"]): int(each["pending"]) for each in summary["consumers"] or ()}
    return _Side(True, waiting, int(summary["pending"]), parked, min(oldest) if oldest else None)


def advice(status: GroupStatus) -> str:
    """One line on what to do, with the exact command; empty when all is well."""
    service = SERVICES[status.group]
    if not status.made:
        return f"{status.group} has never read anything: docker compose up -d {service}"
    if not status.consumers:
        return f"Nobody reads for {status.group}: docker compose up -d {service}"
    if status.dead:
        letters = "dead letter" if status.dead == 1 else "dead letters"
        return f"{status.group} has {status.dead} {letters}: pressroom dead list --group {status.group}"
    if status.lag and status.oldest_s > BEHIND_S and service != "ingest":
        wanted = min(REPLICAS_MAX, status.consumers * 2)
        return f"{status.group} is {status.oldest_s:.0f} s behind: docker compose up -d --scale {service}={wanted}"
    if status.retries:
        return f"{status.group} tries {status.retries} again; the reason: docker compose logs --tail 50 {service}"
    return ""


def expose(status: GroupStatus) -> None:
    """Show it to Prometheus."""
    for gauge, value in (
        (metrics.LAG, status.lag),
        (metrics.BULK_LAG, status.bulk_lag),
        (metrics.PENDING, status.pending),
        (metrics.OLDEST_SECONDS, status.oldest_s),
        (metrics.RETRYING, status.retries + status.busy),
        (metrics.DEAD, status.dead),
        (metrics.RATE, status.rate),
        (metrics.CONSUMERS, status.consumers),
    ):
        gauge.labels(status.group).set(value)
