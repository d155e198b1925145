"""What is wrong now, as any service says it; ingest tells the operator. An alarm that nobody repeats ends by itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis

from pressroom_shared.clock import rfc3339
from pressroom_shared.keys import ALARMS

LASTS = timedelta(minutes=2)
"""Repeat an alarm more often than that while it lasts."""


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
