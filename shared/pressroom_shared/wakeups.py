"""A wake-up between tasks of one process: set many times, waited for by one, never lost."""

from __future__ import annotations

import asyncio


class Wakeup:
    """Something is to be done. Setting it twice before it is waited for wakes once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait until it is set, at most `timeout_s`; say whether it was. It is clear afterwards."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        finally:
            self._event.clear()
        return True


async def pause(stop: asyncio.Event, delay_s: float) -> bool:
    """Wait `delay_s`, or until `stop` is set; say whether it is set."""
    try:
        async with asyncio.timeout(delay_s):
            await stop.wait()
    except TimeoutError:
        return False
    return True
