"""What nobody waits for leaves the machine to what somebody waits for.

A replay or an import has work for hours, and the processors would be busy with it whenever news comes. So, while news
comes, bulk work rests some time for each time it works; and what computes in a thread stops while news is in hand. When
none has come for a while it goes on without resting.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

NEWS_S = 10
"""How long one piece of news makes bulk work rest."""

REST_S_MAX = 1
"""The longest rest: one long piece of work must not stop the others, nor a process that is told to end."""

SHARE = 8
"""While news comes, bulk takes so many times less at once: news waits for what it holds, a transaction above all."""

WAY_S_MAX = 0.1
"""How long a thread waits for news in hand, between two of its own pieces."""


class Courtesy:
    """Shared by what works in one process, news and bulk."""

    def __init__(self, rests: float) -> None:
        """`rests`: so many times as long as it took, bulk work rests."""
        self._rests = rests
        self._news_at = float("-inf")
        self._in_hand = 0
        self._free = threading.Event()
        self._free.set()

    @contextmanager
    def news(self) -> Iterator[None]:
        """Around what is done about news. On the event loop."""
        self._news_at = time.monotonic()
        self._in_hand += 1
        self._free.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._free.set()

    def give_way(self) -> None:
        """Wait while news is in hand. In a thread, between two pieces of bulk work."""
        self._free.wait(WAY_S_MAX)

    def give_way_up_to(self, whole_s: float) -> Callable[[], None]:
        """As `give_way`, so long in all: for work that somebody waits for, too."""
        left_s = whole_s

        def give_way() -> None:
            nonlocal left_s
            if left_s > 0 and not self._free.is_set():
                began = time.monotonic()
                self._free.wait(min(left_s, WAY_S_MAX))
                left_s -= time.monotonic() - began

        return give_way

    @property
    def news_comes(self) -> bool:
        return time.monotonic() - self._news_at <= NEWS_S

    def at_once(self, count: int) -> int:
        """How many of `count` pieces of bulk work to take at once."""
        return max(1, count // SHARE) if self.news_comes else count

    def rest_s(self, worked_s: float) -> float:
        """How long to rest after bulk work of this length; 0 when there is no news."""
        return min(worked_s * self._rests, REST_S_MAX) if self.news_comes else 0

    async def rest(self, worked_s: float) -> None:
        if rest_s := self.rest_s(worked_s):
            await asyncio.sleep(rest_s)
