"""The sweeper owns lost work: entries whose pause is over, and entries of consumers that died.

A consumer is alive while its key in Redis is; `DEAD_AFTER_S` without a heartbeat make its entries anybody's. A
process that was merely frozen may then meet its entry handled by another: the version rule makes that harmless.
An entry of our own that we do not hold (its ack or its parking was lost with a Redis that fell) is taken up as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from pressroom_shared.keys import alive
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.retries import BUSY, BUSY_PAUSE_S, PARKED, RETRY, backoff_s

DEAD_AFTER_S = 5
"""How long a consumer's heartbeat is believed."""

FORGOTTEN_AFTER_S = 600
"""A consumer with nothing pending and this long idle is removed from its group."""

PAGE = 100


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that is now ours. `deliveries` counts the delivery that begins."""

    id: bytes
    fields: dict[bytes, bytes]
    deliveries: int


class Sweeper:
    """Looks through one group's pending entries for those that nobody works on."""

    def __init__(
        self, redis: Redis, settings: Settings, stream: str, group: str, consumer: str, *, held: Container[str]
    ) -> None:
        self._redis = redis
        self._stream = stream
        self._group = group
        self._consumer = consumer
        self._settings = settings
        self._held = held

    async def beat(self) -> None:
        """Say that this consumer lives."""
        await self._redis.set(alive(self._group, self._consumer), b"1", px=DEAD_AFTER_S * 1000)

    async def claim(self, limit: int) -> AsyncIterator[Claimed]:
        """Claim up to `limit` entries that are due. XCLAIM is atomic, so of several sweepers one wins each entry."""
        left = limit
        for owner, pending in await self._owners():
            if left <= 0 or not pending or not await self._may_take(owner):
                continue
            async for claimed in self._claim_from(owner, left):
                left -= 1
                yield claimed

    async def count(self) -> None:
        """Refresh the gauges of lag and pending."""
        for each in await self._redis.xinfo_groups(self._stream):
            if _text(each["name"]) == self._group:
                metrics.LAG.labels(self._group).set(each.get("lag") or 0)
                metrics.PENDING.labels(self._group).set(each["pending"])

    async def remove_forgotten(self) -> None:
        """Remove consumers that are dead and hold nothing."""
        for each in await self._redis.xinfo_consumers(self._stream, self._group):
            name = _text(each["name"])
            quiet = each["pending"] == 0 and each["idle"] > FORGOTTEN_AFTER_S * 1000
            if quiet and name != self._consumer and name not in PARKED and not await self._lives(name):
                await self._redis.xgroup_delconsumer(self._stream, self._group, name)

    async def _owners(self) -> list[tuple[str, int]]:
        summary = await self._redis.xpending(self._stream, self._group)
        return [(_text(each["name"]), int(each["pending"])) for each in summary["consumers"] or ()]

    async def _may_take(self, owner: str) -> bool:
        return owner in PARKED or owner == self._consumer or not await self._lives(owner)

    async def _lives(self, consumer: str) -> bool:
        return bool(await self._redis.exists(alive(self._group, consumer)))

    async def _claim_from(self, owner: str, limit: int) -> AsyncIterator[Claimed]:
        start = "-"
        while limit > 0:
            page: list[dict[str, Any]] = await self._redis.xpending_range(
                self._stream, self._group, min=start, max="+", count=PAGE, consumername=owner
            )
            for each in page:
                entry_id, idle_ms, deliveries = (
                    _text(each["message_id"]),
                    each["time_since_delivered"],
                    each["times_delivered"],
                )
                floor_s = self._floor_s(owner, entry_id, deliveries)
                if limit <= 0 or idle_ms < floor_s * 1000 or entry_id in self._held:
                    continue
                for claimed_id, fields in await self._take(entry_id, idle_ms_min=int(floor_s * 1000)):
                    limit -= 1
                    yield Claimed(claimed_id, fields, deliveries + 1)
            if len(page) < PAGE:
                return
            start = f"({_text(page[-1]['message_id'])}"

    async def _take(self, entry_id: str, *, idle_ms_min: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """XCLAIM one entry. An entry that was trimmed away meanwhile is acked, for there is nothing to handle."""
        taken: list[Any] = await self._redis.xclaim(self._stream, self._group, self._consumer, idle_ms_min, [entry_id])
        gone = [each for each in taken if each is None or each[1] is None]
        if gone:
            await self._redis.xack(self._stream, self._group, entry_id)
        return [each for each in taken if each is not None and each[1] is not None]

    def _floor_s(self, owner: str, entry_id: str, deliveries: int) -> float:
        if owner == RETRY:
            return backoff_s(
                entry_id,
                deliveries,
                base_s=self._settings.streams_backoff_base_s,
                max_s=self._settings.streams_backoff_max_s,
            )
        if owner == BUSY:
            return BUSY_PAUSE_S
        return DEAD_AFTER_S if owner == self._consumer else 0.0


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
