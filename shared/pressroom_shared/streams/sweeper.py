"""The sweeper owns lost work: entries whose pause is over, and entries of consumers that died.

A consumer is alive while its key in Redis is. Entries of one without it are anybody's. A process that was merely
frozen may then meet its entry handled by another: the version rule makes that harmless, and its word on the entry's
fate does not count any more (`scripts.py`). An entry of our own that we do not hold (its ack or its parking was lost
with a Redis that fell) is taken up as well.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from pressroom_shared.settings import Settings
from pressroom_shared.streams import scripts
from pressroom_shared.streams.groups import text
from pressroom_shared.streams.heart import DEAD_AFTER_S, Heart
from pressroom_shared.streams.retries import BUSY, BUSY_PAUSE_S, PARKED, RETRY, backoff_s

FORGOTTEN_AFTER_S = 600
"""A consumer with nothing pending and this long idle is removed from its group."""

PAGE = 100
PAGES_MAX = 20
"""One look goes through at most so many pages of one owner; the next goes on from there."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An entry that is now ours. `deliveries` counts the delivery that begins."""

    id: bytes
    fields: dict[bytes, bytes]
    deliveries: int


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    idle_ms: int
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
        self._next: dict[str, str] = {}

    async def claim(self, heart: Heart, limit: int) -> list[Claimed]:
        """Claim up to `limit` entries that are due, those of dead consumers first."""
        owners = await self._owners()
        dead = await heart.dead(each for each in owners if each not in PARKED and each != self._consumer)
        claimed: list[Claimed] = []
        for owner in (*sorted(dead), self._consumer, RETRY, BUSY):
            if owner in owners and len(claimed) < limit:
                claimed += await self._take(owner, await self._due(owner, limit - len(claimed)))
        return claimed

    async def remove_forgotten(self, heart: Heart) -> None:
        """Remove consumers that are dead and hold nothing."""
        infos = await self._redis.xinfo_consumers(self._stream, self._group)
        quiet = {
            text(each["name"]) for each in infos if each["pending"] == 0 and each["idle"] > FORGOTTEN_AFTER_S * 1000
        }
        for name in await heart.dead(quiet - PARKED - {self._consumer}):
            await scripts.remove_consumer(self._redis, self._stream, group=self._group, consumer=name)

    async def _owners(self) -> set[str]:
        summary = await self._redis.xpending(self._stream, self._group)
        return {text(each["name"]) for each in summary["consumers"] or () if int(each["pending"])}

    async def _due(self, owner: str, limit: int) -> list[_Due]:
        """Entries of one owner whose pause is over. It goes on where the last look ended."""
        found: list[_Due] = []
        start = self._next.pop(owner, "-")
        for _ in range(PAGES_MAX):
            page: list[dict[str, Any]] = await self._redis.xpending_range(
                self._stream,
                self._group,
                min=start,
                max="+",
                count=PAGE,
                consumername=owner,
                idle=self._idle_ms_min(owner),
            )
            for each in page:
                due = _Due(text(each["message_id"]), int(each["time_since_delivered"]), int(each["times_delivered"]))
                if due.id in self._held or due.idle_ms < self._pause_s(owner, due) * 1000:
                    continue
                found.append(due)
                if len(found) == limit:
                    self._next[owner] = f"({due.id}"
                    return found
            if len(page) < PAGE:
                return found
            start = f"({text(page[-1]['message_id'])}"
        self._next[owner] = start
        return found

    async def _take(self, owner: str, due: list[_Due]) -> list[Claimed]:
        """Claim what is due and still that owner's: of several sweepers one wins each entry."""
        if not due:
            return []
        deliveries = {each.id: each.deliveries + 1 for each in due}
        taken = await scripts.claim(
            self._redis,
            self._stream,
            group=self._group,
            consumer=self._consumer,
            owner=owner,
            seen=[(each.id, each.idle_ms) for each in due],
        )
        return [Claimed(entry_id, fields, deliveries[text(entry_id)]) for entry_id, fields in taken]

    def _idle_ms_min(self, owner: str) -> int:
        """No entry of this owner is due before: Redis leaves the others out by itself."""
        if owner == RETRY:
            return int(min(self._settings.streams_backoff_base_s, self._settings.streams_backoff_max_s) * 500)
        if owner == BUSY:
            return int(BUSY_PAUSE_S * 1000)
        return DEAD_AFTER_S * 1000 if owner == self._consumer else 0

    def _pause_s(self, owner: str, due: _Due) -> float:
        if owner == RETRY:
            return backoff_s(
                due.id,
                due.deliveries,
                base_s=self._settings.streams_backoff_base_s,
                max_s=self._settings.streams_backoff_max_s,
            )
        return self._idle_ms_min(owner) / 1000
