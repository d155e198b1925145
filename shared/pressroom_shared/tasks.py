"""Ends of tasks: whoever starts a task ends it, and waits for that."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

ASK_AGAIN_S = 0.2


async def end(*tasks: asyncio.Task[Any]) -> list[Exception]:
    """Cancel tasks, wait until each has ended, and return what they failed with.

    They are asked again and again: a library may swallow a cancel, as redis-py does while it connects, and a loop
    around it would go on for ever.
    """
    waiting: Collection[asyncio.Task[Any]] = tasks
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ASK_AGAIN_S)
    failures = (None if task.cancelled() else task.exception() for task in tasks)
    return [each for each in failures if isinstance(each, Exception)]
