"""Time as a dependency, so that tests advance it and never sleep."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from. Every moment is an aware UTC datetime."""

    def now(self) -> datetime: ...

    async def sleep(self, delay_s: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)


class ManualClock:
    """A clock that moves only when it is told to. `sleep` returns at once and moves it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, delta: timedelta) -> None:
        self._now += delta

    async def sleep(self, delay_s: float) -> None:
        self.advance(timedelta(seconds=delay_s))
        await asyncio.sleep(0)


@lru_cache(maxsize=1_000)  # of one transaction's rows most have the same
def microseconds(moment: datetime) -> int:
    """Whole microseconds since the Unix epoch; exact, unlike `timestamp()`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with a `Z`, microseconds kept only where there are any."""
    text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
