"""What nobody waits for leaves the machine to what somebody waits for.

A replay or an import has work for hours, and the processors would be busy with it whenever news comes. So, while news
comes, bulk work rests as long as it works (or longer, as the setting says); when none has come for a while it goes on
without resting.
"""

from __future__ import annotations

import asyncio
import time

NEWS_S = 10
"""How long one piece of news makes bulk work rest."""

REST_S_MAX = 1
"""The longest rest: one long piece of work must not stop the others, nor a process that is told to end."""


class Courtesy:
    """Shared by what works in one process, news and bulk."""

    def __init__(self, rests: float) -> None:
        """`rests`: so many times as long as it took, bulk work rests."""
        self._rests = rests
        self._news_at = float("-inf")

    def notice(self) -> None:
        """News has come."""
        self._news_at = time.monotonic()

    def rest_s(self, worked_s: float) -> float:
        """How long to rest after bulk work of this length; 0 when there is no news."""
        if time.monotonic() - self._news_at > NEWS_S:
            return 0
        return min(worked_s * self._rests, REST_S_MAX)

    async def rest(self, worked_s: float) -> None:
        if rest_s := self.rest_s(worked_s):
            await asyncio.sleep(rest_s)
