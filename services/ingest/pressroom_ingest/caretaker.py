"""The caretaker: forgets what has been kept long enough. Each replica runs one; twice is as good as once."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from pressroom_ingest.desk import Desk, Work
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

EVERY_S = 600


async def tidy(work: Work, desk: Desk) -> None:
    """Erase what the settings no longer keep."""
    now = desk.clock.now()
    await work.audit.erase_addresses(before=now - timedelta(days=desk.settings.audit_addresses_kept_d))
    await work.idempotency.forget()


class Caretaker:
    """Tidies every ten minutes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._desk.begin(wake=False) as work:
                await tidy(work, self._desk)
            await pause(stop, EVERY_S)
