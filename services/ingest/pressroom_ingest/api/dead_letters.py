"""`/api/v1/operations/dead`: entries that failed for good; look, mend, retry, drop. For admins."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from pressroom_ingest.api.answers import ARTICLE_ID, EVENT_ID, Page
from pressroom_ingest.api.edge import ERRORS, NOT_FOUND, Admin, Limit, TheDesk
from pressroom_ingest.api.operations import UNAVAILABLE, TheRedis
from pressroom_ingest.desk import Desk
from pressroom_ingest.keys import Actor
from pressroom_shared.events import decode
from pressroom_shared.events.envelope import Undecodable
from pressroom_shared.http import FieldError, Problem, invalid
from pressroom_shared.streams.dead_letters import DeadLetter, DeadLetters, NotADeadLetterError, Wanted

router = APIRouter(prefix="/api/v1/operations/dead", tags=["Operations"])

T = TypeVar("T")
LETTER_ID = "1795600800000-0"
PLACE = r"^([1-9][0-9]{0,18}-[0-9]{1,19})?$"
"""A place in a stream, as Redis names it."""
Group = Literal["pages", "cards", "search", "notify", "receipts", "operations"]
RETRIES_A_SECOND = 50
RETRIES_AT_ONCE = 100
AN_EVENT = {"specversion": "1.0", "id": EVENT_ID, "type": "pressroom.article.published.v1", "data": {"headline": "…"}}


class _Pace:
    """At most so many retries a second, so that what failed together does not come back together."""

    def __init__(self) -> None:
        self._left = float(RETRIES_AT_ONCE)
        self._at = time.monotonic()

    def take(self, wanted: int) -> int:
        """How many of `wanted` may go now. Raises 429 when none may."""
        now = time.monotonic()
        self._left = min(RETRIES_AT_ONCE, self._left + (now - self._at) * RETRIES_A_SECOND)
        self._at = now
        granted = min(wanted, int(self._left))
        if granted < 1:
            raise Problem(
                429,
                f"At most {RETRIES_A_SECOND} dead letters a second are retried; go on in a moment.",
                headers={"Retry-After": "1"},
            )
        self._left -= granted
        return granted


_pace = _Pace()

EventType = Annotated[
    str,
    Query(alias="type", max_length=100, description="The event's type.", examples=["pressroom.article.published.v1"]),
]
Subject = Annotated[str, Query(max_length=100, description="The article's id.", examples=[ARTICLE_ID])]
Failure = Annotated[str, Query(max_length=100, description="The error's class.", examples=["Poison"])]
Reason = Annotated[str, Query(max_length=200, description="A part of the reason.", examples=["invalid"])]
Cursor = Annotated[
    str, Query(pattern=PLACE, max_length=40, description="`next` of the page before.", examples=[LETTER_ID])
]
GroupName = Annotated[Group, Path(description="The consumer group.")]
LetterId = Annotated[str, Path(description="The dead letter's id.", examples=[LETTER_ID])]


class DeadLetterLine(BaseModel):
    """An entry that failed for good."""

    id: str = Field(description="The dead letter's id.", examples=[LETTER_ID])
    group: Group = Field(description="The consumer group that failed.")
    stream: str = Field(description="From which stream it came.", examples=["pressroom:{p0}:articles"])
    entry: str = Field(description="Its id there.", examples=["1795600700000-3"])
    type: str = Field(description="The event's type.", examples=["pressroom.article.published.v1"])
    subject: str = Field(description="What it is about: an article's id.", examples=[ARTICLE_ID])
    failure: str = Field(description="The error's class.", examples=["Poison"])
    reason: str = Field(description="What went wrong.", examples=["data.headline: Field required"])
    deliveries: int = Field(description="How often it was tried.", examples=[5])
    dead_at: str = Field(description="When it was given up.", examples=["2026-11-24T18:30:00Z"])
    bytes: int = Field(description="The payload's size.", examples=[4200])


class DeadLetterShown(DeadLetterLine):
    """A dead letter, whole."""

    payload: Any = Field(description="The event; text where it is no JSON.", examples=[AN_EVENT])
    traceback: str = Field(description="Where it went wrong.", examples=["Traceback (most recent call last): …"])


class Retried(BaseModel):
    """What was given to its group once more."""

    retried: int = Field(description="How many.", examples=[1])


class RetriedMany(Retried):
    """The same, and where to go on."""

    next: str | None = Field(
        description="The `cursor` to go on with; null when there are no others.", examples=[LETTER_ID]
    )


@router.get("/{group}", response_model=Page[DeadLetterLine], responses=ERRORS | UNAVAILABLE)
async def list_dead(
    actor: Admin,
    redis: TheRedis,
    group: GroupName,
    event_type: EventType = "",
    subject: Subject = "",
    failure: Failure = "",
    reason: Reason = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """A group's dead letters, newest first, without their payloads. `next` may come with fewer than `limit`."""
    wanted = Wanted(event_type, subject, failure, reason)
    found, following = await DeadLetters(redis, group).page(wanted, before=cursor, limit=limit)
    return {"items": [_line(each) for each in found], "next": following or None}


@router.get("/{group}/{letter_id}", response_model=DeadLetterShown, responses=NOT_FOUND | UNAVAILABLE)
async def show_dead(actor: Admin, redis: TheRedis, group: GroupName, letter_id: LetterId) -> dict[str, Any]:
    """One, with its payload in full and the traceback. `payload` is text where it is no JSON."""
    letter = await _letter(redis, group, letter_id)
    return _line(letter) | {"payload": _readable(letter.payload), "traceback": letter.traceback}


class RetryIn(BaseModel):
    """How to retry a dead letter."""

    model_config = ConfigDict(extra="forbid")
    payload: dict[str, Any] | None = Field(
        default=None, description="The event as you mended it, whole.", examples=[AN_EVENT]
    )


@router.post("/{group}/{letter_id}/retry", status_code=202, response_model=Retried, responses=NOT_FOUND | UNAVAILABLE)
async def retry_dead(
    desk: TheDesk, actor: Admin, redis: TheRedis, group: GroupName, letter_id: LetterId, given: RetryIn | None = None
) -> dict[str, Any]:
    """Give it to its group once more, and to no other. A `payload` that is sent instead must be a valid event."""
    letter = await _letter(redis, group, letter_id)
    mended = given.payload if given is not None else None
    payload = letter.payload if mended is None else _checked(mended)
    _pace.take(1)
    await _record(desk, actor, "dead_letter.retried", letter, mended=mended is not None)
    await _gone_is_404(DeadLetters(redis, group).retry(letter, payload))
    return {"retried": 1}


class RetryManyIn(BaseModel):
    """Which: all fields that are given must fit."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    event_type: str = Field(
        default="",
        alias="type",
        max_length=100,
        description="The event's type.",
        examples=["pressroom.article.published.v1"],
    )
    subject: str = Field(default="", max_length=100, description="The article's id.", examples=[ARTICLE_ID])
    failure: str = Field(default="", max_length=100, description="The error's class.", examples=["Poison"])
    reason: str = Field(default="", max_length=200, description="A part of the reason.", examples=["invalid"])
    cursor: str = Field(
        default="", pattern=PLACE, max_length=40, description="`next` of the answer before.", examples=[LETTER_ID]
    )

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.event_type, self.subject, self.failure, self.reason)


@router.post("/{group}:retry", status_code=202, response_model=RetriedMany, responses=NOT_FOUND | UNAVAILABLE)
async def retry_many(
    desk: TheDesk, actor: Admin, redis: TheRedis, group: GroupName, given: RetryManyIn
) -> dict[str, Any]:
    """Retry a hundred at most, as they are, newest first. `next` says that there may be others, and where to go on:
    what dies again meanwhile is not among them."""
    letters = DeadLetters(redis, group)
    found, following = await letters.page(given.wanted, before=given.cursor, limit=RETRIES_AT_ONCE)
    allowed = _pace.take(len(found)) if found else 0
    for letter in found[:allowed]:
        await _record(desk, actor, "dead_letter.retried", letter, mended=False)
        await _gone_is_404(letters.retry(letter, letter.payload))
    return {"retried": allowed, "next": found[allowed - 1].id if allowed < len(found) else following or None}


@router.delete("/{group}/{letter_id}", status_code=204, responses=NOT_FOUND | UNAVAILABLE)
async def drop_dead(desk: TheDesk, actor: Admin, redis: TheRedis, group: GroupName, letter_id: LetterId) -> Response:
    """Forget it, for good."""
    letter = await _letter(redis, group, letter_id)
    await _record(desk, actor, "dead_letter.dropped", letter)
    await _gone_is_404(DeadLetters(redis, group).drop(letter))
    return Response(status_code=204)


async def _letter(redis: Redis, group: str, letter_id: LetterId) -> DeadLetter:
    return await _gone_is_404(DeadLetters(redis, group).get(letter_id))


async def _gone_is_404(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except NotADeadLetterError as error:
        raise Problem(404, str(error)) from error


def _checked(mended: dict[str, Any]) -> bytes:
    """The bytes of a mended event. Raises 422 when it is no valid event: it would only die again."""
    payload = json.dumps(mended, ensure_ascii=False).encode()
    try:
        decode(payload)
    except Undecodable as error:
        raise invalid([FieldError("payload", f"{str(error)[0].upper()}{str(error)[1:]}.")]) from error
    return payload


async def _record(desk: Desk, actor: Actor, action: str, letter: DeadLetter, **detail: Any) -> None:
    """Into the audit log, before it is done: what was not done for an outage was asked for all the same."""
    async with desk.begin(wake=False) as work:
        await work.audit.add(
            actor,
            action,
            article_id=letter.subject,
            group=letter.group,
            dead_letter=letter.id,
            event_id=letter.event_id,
            **detail,
        )


def _line(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "group": letter.group,
        "stream": letter.stream,
        "entry": letter.entry,
        "type": letter.event_type,
        "subject": letter.subject,
        "failure": letter.failure,
        "reason": letter.reason,
        "deliveries": letter.deliveries,
        "dead_at": letter.dead_at,
        "bytes": len(letter.payload),
    }


def _readable(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload.decode(errors="replace")
