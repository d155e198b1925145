"""`/api/v1/operations`: how every group stands, and replays. For admins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from redis.asyncio import Redis

from pressroom_ingest.api.answers import ARTICLE_ID, Page, Time
from pressroom_ingest.api.edge import ERRORS, NOT_FOUND, Admin, Limit, TheDesk, document
from pressroom_ingest.kinds import Flag, Moment
from pressroom_ingest.replays import Replays, Selection, would
from pressroom_shared import outbox
from pressroom_shared.http import Problem, problem_responses
from pressroom_shared.keys import bulk
from pressroom_shared.owed import count_owed
from pressroom_shared.streams.client import RedisError, connect
from pressroom_shared.streams.status import all_statuses

router = APIRouter(prefix="/api/v1/operations", tags=["Operations"])

UNAVAILABLE = problem_responses(503)
Sink = Literal["pages", "cards", "search", "notify"]
REPLAY_ID = "0193a0f0-0000-7000-8000-0000000000f1"
ReplayId = Annotated[str, Path(description="The replay's id.", examples=[REPLAY_ID])]


class SelectionShown(BaseModel):
    """Which articles: all of them where nothing is given."""

    article_id: str = Field(description="One article.", examples=[ARTICLE_ID])
    ids: list[str] = Field(description="Some articles.", examples=[[ARTICLE_ID]])
    section: str = Field(description="A section with its sub-sections.", examples=["business/economy"])
    since: Time | None = Field(description="Last published since then.")


class ReplayShown(BaseModel):
    """A replay, and how far it has come."""

    id: str = Field(description="The replay's id.", examples=[REPLAY_ID])
    selection: SelectionShown = Field(description="Which articles.")
    to: list[Sink] = Field(description="Which sinks.")
    state: Literal["queued", "sending", "draining", "done", "cancelled"] = Field(
        description="`draining` until every sink has done it all."
    )
    reason: str = Field(description="Who asked for it, or what.", examples=["Asked for by Night desk."])
    total: int = Field(description="How many articles.", examples=[1200])
    sent: int = Field(description="How many of them are sent.", examples=[400])
    created_at: Time = Field(description="When it was asked for.")
    finished_at: Time | None = Field(description="When it was done or cancelled.")


class ReplayAsked(ReplayShown):
    """A replay that was asked for."""

    would: str = Field(description="What it does, in a line.", examples=["would render 12, index 12"])


class ReplayWould(BaseModel):
    """What a replay would do."""

    would: str = Field(description="In a line.", examples=["would render 12, index 12"])
    live: int = Field(description="Live articles.", examples=[12])
    withdrawn: int = Field(description="Withdrawn ones.", examples=[1])


class GroupShown(BaseModel):
    """One consumer group at this moment."""

    model_config = ConfigDict(extra="allow")
    group: str = Field(description="Its name.", examples=["pages"])
    stream: str = Field(description="The stream that it reads.", examples=["pressroom:{p0}:articles"])
    lag: int = Field(description="Entries not read yet; -1 when they wait and Redis cannot say how many.", examples=[0])
    bulk_lag: int = Field(description="The same of its bulk stream, with what that had no room for.", examples=[0])
    pending: int = Field(description="Entries read and not done.", examples=[1])
    oldest_s: float = Field(description="The age of the oldest live entry that is not done.", examples=[0.2])
    retries: int = Field(description="Entries that are tried again.", examples=[0])
    dead: int = Field(description="Dead letters.", examples=[0])
    rate: float = Field(description="Entries a second.", examples=[12.5])
    consumers: int = Field(description="Processes that read.", examples=[2])
    advice: str = Field(description="What an operator should do; empty when all is well.", examples=[""])


class Status(BaseModel):
    """How every group stands."""

    groups: list[GroupShown] = Field(description="Every consumer group.")
    outbox_waiting: int = Field(description="What is committed, and not sent yet.", examples=[0])
    replays: list[ReplayShown] = Field(description="Replays under way.")
    advice: list[str] = Field(description="What an operator should do.", examples=[["pages: start a replica."]])


async def the_redis(desk: TheDesk) -> AsyncIterator[Redis]:
    """A connection for one request. Raises 503 while Redis does not answer."""
    redis = connect(desk.settings.redis_url, tries=1)
    try:
        yield redis
    except (RedisError, ConnectionError, TimeoutError) as error:
        raise Problem(503, f"Redis does not answer ({error}); what is committed waits for it.") from error
    finally:
        await redis.aclose()


TheRedis = Annotated[Redis, Depends(the_redis)]


@router.get("/status", response_model=Status, responses=ERRORS | UNAVAILABLE)
async def status(desk: TheDesk, actor: Admin, redis: TheRedis) -> dict[str, Any]:
    """Every consumer group: lag, pending, age of the oldest entry in seconds, retries, dead letters, entries a second,
    consumers, and one line of advice. Besides: what waits in the outbox, and replays under way."""
    groups = await all_statuses(redis)
    async with desk.read() as work:
        waiting = await outbox.count_waiting(work.connection)
        debts = await count_owed(work.connection)
        replays = await Replays(work.connection, desk.clock).open()
    groups = [
        replace(each, bulk_lag=each.bulk_lag + debts.get(bulk(each.group), 0)) if each.bulk_lag >= 0 else each
        for each in groups
    ]
    return {
        "groups": [each.document() for each in groups],
        "outbox_waiting": waiting,
        "replays": [each.view() for each in replays],
        "advice": [each.advice for each in groups if each.advice],
    }


class ReplayIn(BaseModel):
    """Which articles, and to which sinks. Exactly one of `all`, `article_id`, `section` and `since`."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    all: Flag = Field(default=False, description="Every article that was ever published.")
    article_id: str = Field(default="", max_length=64, description="One article.", examples=[ARTICLE_ID])
    section: str = Field(
        default="", max_length=200, description="A section with its sub-sections.", examples=["business/economy"]
    )
    since: Moment | None = Field(default=None, description="Last published since then. RFC 3339.")
    to: list[Sink] = Field(
        default=["pages", "cards", "search", "notify"], min_length=1, max_length=4, description="Which sinks."
    )
    dry_run: Flag = Field(default=False, description="Only say what it would do.")

    @model_validator(mode="after")
    def one_of(self) -> ReplayIn:
        given = [self.all, bool(self.article_id), bool(self.section), self.since is not None]
        if sum(given) != 1:
            raise ValueError("Give exactly one of all, article_id, section and since.")
        if self.since is not None and self.since.tzinfo is None:
            raise ValueError("since needs a time zone, as in 2026-11-23T12:00:00Z.")
        return self

    @property
    def selection(self) -> Selection:
        return Selection(self.article_id, self.section, self.since)


@router.post(
    "/replays",
    status_code=202,
    response_model=ReplayAsked,
    responses=NOT_FOUND | {200: {"model": ReplayWould, "description": "What it would do."}},
)
async def ask_replay(desk: TheDesk, actor: Admin, given: ReplayIn) -> Response:
    """Send articles once more to some sinks. They apply at `>=`, derived output is made again, and no reader is told.

    `dry_run` answers 200 with `would` and changes nothing.
    """
    if given.dry_run:
        async with desk.read() as work:
            live, withdrawn = await Replays(work.connection, desk.clock).count(given.selection)
        _found(given, live + withdrawn)
        return document({"would": would(live, withdrawn, given.to), "live": live, "withdrawn": withdrawn})
    async with desk.begin() as work:
        replays = Replays(work.connection, desk.clock)
        live, withdrawn = await replays.count(given.selection)
        _found(given, live + withdrawn)
        asked = await replays.ask(given.selection, given.to, reason=f"Asked for by {actor.name}.")
        await work.audit.add(actor, "replay.asked", replay_id=asked.id, to=list(asked.groups))
    answer = document(asked.view() | {"would": would(live, withdrawn, given.to)})
    answer.status_code = 202
    return answer


def _found(given: ReplayIn, count: int) -> None:
    if given.article_id and not count:
        raise Problem(404, f"There is no published article {given.article_id!r}.")


@router.get("/replays", response_model=Page[ReplayShown], responses=ERRORS)
async def list_replays(
    desk: TheDesk,
    actor: Admin,
    cursor: Annotated[str, Query(max_length=64, description="`next` of the page before.", examples=[REPLAY_ID])] = "",
    limit: Limit = 20,
) -> dict[str, Any]:
    """Newest first, with how far each has come."""
    async with desk.read() as work:
        found = await Replays(work.connection, desk.clock).page(before=cursor, limit=limit)
    return {"items": [each.view() for each in found], "next": found[-1].id if len(found) == limit else None}


@router.get("/replays/{replay_id}", response_model=ReplayShown, responses=NOT_FOUND)
async def show_replay(desk: TheDesk, actor: Admin, replay_id: ReplayId) -> dict[str, Any]:
    """How far it has come: `sent` of `total`; `draining` until every sink has done it all."""
    async with desk.read() as work:
        return (await Replays(work.connection, desk.clock).get(replay_id)).view()


@router.delete("/replays/{replay_id}", status_code=204, responses=NOT_FOUND | problem_responses(409))
async def cancel_replay(desk: TheDesk, actor: Admin, replay_id: ReplayId) -> Response:
    """Send no more of it. What is in the bulk streams already is still done."""
    async with desk.begin() as work:
        await Replays(work.connection, desk.clock).cancel(replay_id)
        await work.audit.add(actor, "replay.cancelled", replay_id=replay_id)
    return Response(status_code=204)
