"""The dead-letter stream of a group: the entry whole, with the error and the traceback, for an operator to act on."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from pressroom_shared.clock import rfc3339
from pressroom_shared.errors import PressroomError
from pressroom_shared.events import Outcome
from pressroom_shared.keys import FIELD, OUTCOMES, bulk, dead_events, dead_letters
from pressroom_shared.outbox import outcome_event
from pressroom_shared.streams import scripts
from pressroom_shared.streams.entries import Entry, Raw

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
        "event_id": entry.event.id if entry.event else "",
    }
    return await scripts.bury(
        redis,
        stream,
        group=group,
        consumer=consumer,
        id=entry.id,
        dead=dead_letters(group),
        fields=fields,
        known=dead_events(group),
        event_id=fields["event_id"],
        outcomes=OUTCOMES,
        field=FIELD,
        outcome=b"" if outcome is None else outcome_event(outcome, f"/{group}").encode(),
    )


SCANNED_MAX = 5_000
"""One page of a filtered list looks through at most so many dead letters."""

PAGE = 200


class NotADeadLetterError(PressroomError):
    """There is no such dead letter (any more). Read by the operator."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One entry that failed for good."""

    id: str
    group: str
    stream: str
    entry: str
    event_id: str
    event_type: str
    subject: str
    failure: str
    reason: str
    deliveries: int
    dead_at: str
    payload: bytes
    traceback: str

    @classmethod
    def read(cls, letter_id: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
        def said(name: str) -> str:
            return fields.get(name.encode(), b"").decode(errors="replace")

        names = (
            "group",
            "stream",
            "entry",
            "event_id",
            "event_type",
            "subject",
            "failure",
            "reason",
            "dead_at",
            "traceback",
        )
        return cls(
            id=letter_id.decode(),
            deliveries=int(said("deliveries") or 0),
            payload=fields.get(FIELD.encode(), b""),
            **{name: said(name) for name in names},
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters: every field that is given must fit; `reason` anywhere in the text."""

    event_type: str = ""
    subject: str = ""
    failure: str = ""
    reason: str = ""

    def fits(self, letter: DeadLetter) -> bool:
        return (
            self.event_type in {"", letter.event_type}
            and self.subject in {"", letter.subject}
            and self.failure in {"", letter.failure}
            and self.reason.casefold() in letter.reason.casefold()
        )


class DeadLetters:
    """One group's dead letters, for an operator."""

    def __init__(self, redis: Redis, group: str) -> None:
        self._redis = redis
        self._stream = dead_letters(group)
        self.group = group

    async def page(self, wanted: Wanted, *, before: str, limit: int) -> tuple[list[DeadLetter], str]:
        """Newest first, from below the id `before` (empty: the newest); and where to go on, empty when that is all."""
        found: list[DeadLetter] = []
        top = f"({before}" if before else "+"
        for _ in range(SCANNED_MAX // PAGE):
            entries = cast("Raw", await self._redis.xrevrange(self._stream, max=top, count=PAGE))
            for letter_id, fields in entries:
                letter = DeadLetter.read(letter_id, fields)
                if wanted.fits(letter):
                    found.append(letter)
                if len(found) == limit:
                    return found, letter.id
            if len(entries) < PAGE:
                return found, ""
            top = f"({entries[-1][0].decode()}"
        return found, top.removeprefix("(")

    async def get(self, letter_id: str) -> DeadLetter:
        """Raises `NotADeadLetterError`."""
        try:
            entries = cast("Raw", await self._redis.xrange(self._stream, min=letter_id, max=letter_id, count=1))
        except ResponseError:  # not even the form of an id
            entries = []
        if not entries:
            raise NotADeadLetterError(f"The group {self.group} has no dead letter {letter_id}.")
        return DeadLetter.read(*entries[0])

    async def retry(self, letter: DeadLetter, payload: bytes) -> None:
        """Give an entry to its group once more, and to no other group, in one step.

        It comes through the group's bulk stream, as often as if it were new. Raises `NotADeadLetterError`.
        """
        await self._take_out(letter, target=bulk(self.group), field=FIELD, payload=payload)

    async def drop(self, letter: DeadLetter) -> None:
        """Forget an entry. Raises `NotADeadLetterError`."""
        await self._take_out(letter)

    async def _take_out(self, letter: DeadLetter, **to: Any) -> None:
        known = dead_events(self.group)
        if not await scripts.take_out(
            self._redis, self._stream, id=letter.id, known=known, event_id=letter.event_id, **to
        ):
            raise NotADeadLetterError(f"The group {self.group} has no dead letter {letter.id} any more.")
