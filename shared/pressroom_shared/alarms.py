"""What is wrong now, as any service says it; ingest tells the operator. An alarm that nobody repeats ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis

from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.keys import ALARMS
from pressroom_shared.settings import Settings
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.wakeups import pause

LASTS = timedelta(minutes=2)
"""Repeat an alarm more often than that while it lasts."""

LOOK_S = 10

Look = Callable[[], str | None]
"""Says what is wrong, in one sentence for the operator; None while nothing is."""


class Alarming:
    """A part of a service's process: looks now and then, and says what is wrong while it lasts.

    It always looks at the disk of the data folder; `looks` are by the alarm's name, a noun.
    """

    def __init__(self, settings: Settings, looks: Mapping[str, Look], clock: Clock) -> None:
        self._settings = settings
        self._looks = dict(looks) | {f"disk:{settings.service}": lambda: full_disk(settings)}
        self._clock = clock
        self._wrong: set[str] = set()

    async def run(self, stop: asyncio.Event) -> None:
        redis = connect(self._settings.redis_url, tries=1)
        try:
            while not stop.is_set():
                with contextlib.suppress(RedisError, ConnectionError, TimeoutError):  # ingest tells that of Redis
                    await self.look(redis)
                await pause(stop, LOOK_S)
        finally:
            await redis.aclose()

    async def look(self, redis: Redis) -> None:
        """One look at everything."""
        for name, look in self._looks.items():
            text = await asyncio.to_thread(look)
            if text is not None:
                await raise_alarm(redis, name, text, now=self._clock.now())
                self._wrong.add(name)
            elif name in self._wrong:
                await end_alarm(redis, name)
                self._wrong.discard(name)


def full_disk(settings: Settings, folder: Path | None = None, *, of: str = "") -> str | None:
    """What is wrong with the disk under a folder, the data folder if none is given; None where there is no such folder.

    `of` says whose disk it is: else the service's.
    """
    where = folder or settings.data_dir
    if not where.exists():
        return None
    usage = shutil.disk_usage(where)
    if usage.free >= usage.total * settings.disk_free_min:
        return None
    part = f"{settings.disk_free_min:.0%}"
    return f"The disk of {of or settings.service} is nearly full: less than {part} of it is free."


async def raise_alarm(redis: Redis, name: str, text: str, *, now: datetime) -> None:
    """Say that something is wrong. `name` is a noun, as `mail`; `text` one sentence for the operator."""
    document = {"text": text, "until": rfc3339(now + LASTS)}
    await redis.hset(ALARMS, name, json.dumps(document, ensure_ascii=False))


async def end_alarm(redis: Redis, name: str) -> None:
    """Say that it is over."""
    await redis.hdel(ALARMS, name)


async def alarms(redis: Redis, *, now: datetime) -> dict[str, str]:
    """What is wrong, by name. Forgets what nobody repeated."""
    found: dict[str, str] = {}
    held: dict[bytes, bytes] = cast("Any", await redis.hgetall(ALARMS))
    for raw_name, raw in held.items():
        name, document = raw_name.decode(), json.loads(raw)
        if datetime.fromisoformat(document["until"]) > now:
            found[name] = document["text"]
        else:
            await end_alarm(redis, name)
    return found
