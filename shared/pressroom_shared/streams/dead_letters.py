"""The dead-letter stream of a group: the entry whole, with the error and the traceback, for an operator to act on."""

from __future__ import annotations

import traceback
from datetime import datetime
from typing import Any

from redis.asyncio import Redis

from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Outcome
from pressroom_shared.keys import FIELD, OUTCOMES, dead_letters
from pressroom_shared.outbox import outcome_event
from pressroom_shared.streams import scripts
from pressroom_shared.streams.entries import Entry

TRACEBACK_CHARS_MAX = 20_000


async def bury(
    redis: Redis,
    entry: Entry,
    error: BaseException,
    *,
    stream: str,
    group: str,
    consumer: str,
    now: datetime,
    outcome: Outcome | None,
) -> bool:
    """Move an entry to the dead-letter stream, say so to the editor, and ack it: all three or none.

    False when another consumer has taken the entry over: its fate is that one's to write.
    """
    lines = "".join(traceback.format_exception(error))
    fields: dict[str, Any] = {
        FIELD: entry.payload,
        "entry": entry.id,
        "stream": stream,
        "group": group,
        "reason": str(error) or type(error).__name__,
        "failure": type(error).__name__,
        "traceback": lines[-TRACEBACK_CHARS_MAX:],
        "deliveries": entry.deliveries,
        "dead_at": rfc3339(now),
        "event_type": entry.event.type if entry.event else "",
        "subject": entry.event.subject if entry.event else "",
    }
    return await scripts.bury(
        redis,
        stream,
        group=group,
        consumer=consumer,
        id=entry.id,
        dead=dead_letters(group),
        fields=fields,
        outcomes=OUTCOMES,
        field=FIELD,
        outcome=b"" if outcome is None else outcome_event(outcome, f"/{group}").encode(),
    )
