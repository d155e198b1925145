"""`?wait=live`: an answer that waits for the pages' word, without asking the database in a loop."""

from __future__ import annotations

import asyncio

LOOK_S = 0.25
"""How often it looks nonetheless: another replica may have taken the outcome."""


class Waiters:
    """Wakes requests whose article has a new receipt."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def tell(self, article_id: str) -> None:
        event = self._events.pop(article_id, None)
        if event is not None:
            event.set()

    async def wait(self, article_id: str) -> None:
        """Until there is news of this article, `LOOK_S` at most."""
        event = self._events.setdefault(article_id, asyncio.Event())
        try:
            async with asyncio.timeout(LOOK_S):
                await event.wait()
        except TimeoutError:
            self._events.pop(article_id, None)
