"""The caretaker: forgets what has been kept long enough. Each replica runs one; twice is as good as once."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from pressroom_ingest.desk import Desk, Work
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

TIDY_EVERY_S = 600
USES_EVERY_S = 30


async def tidy(work: Work, desk: Desk) -> None:
    """Erase what the settings no longer keep."""
    now = desk.clock.now()
    await work.audit.erase_addresses(before=now - timedelta(days=desk.settings.audit_addresses_kept_d))
    await work.idempotency.forget()


class Caretaker:
    """Tidies every ten minutes, and writes every half minute which keys were used."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, stop: asyncio.Event) -> None:
        tidied_at: float | None = None
        while True:
            try:
                async with self._desk.begin(wake=False) as work:
                    await work.keys.used(self._desk.uses.take())
                    if tidied_at is None or time.monotonic() - tidied_at > TIDY_EVERY_S:
                        await tidy(work, self._desk)
                        tidied_at = time.monotonic()
            except (DBAPIError, OSError) as error:
                log.warning("the caretaker's database does not answer, trying again later: %s", error)
            if await pause(stop, USES_EVERY_S):
                return
