"""Waiting on conditions with a deadline: tests never sleep for a time and hope."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], *, timeout_s: float = 10, every_s: float = 0.02) -> Any:
    """Ask until the answer is true, and return it. Fails with the last answer after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        value = await answer if inspect.isawaitable(answer) else answer
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s; the last answer was {value!r}")
        await asyncio.sleep(every_s)
