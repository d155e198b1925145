"""Publishing, withdrawing, and what became of it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import Accepted, Article, CorrectionNoted, Id, Page, Time, Version, Who
from pressroom_ingest.api.articles import IdempotencyKey, IfMatch
from pressroom_ingest.api.edge import (
    NOT_FOUND,
    ArticleId,
    Editor,
    Reader,
    TheDesk,
    TheWaiters,
    answer,
    document,
    kept,
    respond,
)
from pressroom_ingest.articles import Head
from pressroom_ingest.desk import Desk
from pressroom_ingest.documents import Address
from pressroom_ingest.events import refuse_too_large
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.kinds import Flag, Moment
from pressroom_ingest.presenting import article_view, receipt_view
from pressroom_ingest.publications import Publication, Wish
from pressroom_ingest.waiting import Waiters
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Change
from pressroom_shared.http import FieldError, Problem, invalid, problem_responses

AHEAD_MAX = timedelta(days=5 * 366)
"""How far ahead something may be scheduled."""

router = APIRouter(prefix="/api/v1/articles/{article_id}", tags=["Publishing"])


class PublishIn(BaseModel):
    """How to publish. All may be left out."""

    model_config = ConfigDict(extra="forbid")
    change: Change | None = Field(default=None, description="`new` the first time, then `update`.")
    notify: Flag | None = Field(default=None, description="Tell readers. True for `new` and `correction`.")
    note: str = Field(
        default="",
        max_length=2000,
        description="What was wrong, for a correction. Readers see it.",
        examples=["The bridge was built in 1931, not in 1913."],
    )
    at: Moment | None = Field(default=None, description="When; left out or past: now.")
    override_embargo: Flag = Field(default=False, description="Before the embargo's end: for admins, and audited.")


class UnpublishIn(BaseModel):
    """Why an article is withdrawn, and where its address leads from now on."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(
        default="",
        max_length=2000,
        description="For the newsroom's own records.",
        examples=["Two sources took it back."],
    )
    redirect_to: Address | None = Field(default=None, description="A path or an address; without it the page is gone.")


Wait = Annotated[
    str, Query(pattern="^(|live)$", description="`live`: answer once the page is there.", examples=["live"])
]


class Correction(CorrectionNoted):
    by: Who = Field(description="Who corrected it.")


class Scheduled(Accepted):
    scheduled_at: Time = Field(description="When it goes out.")


class Said(BaseModel):
    """What one service said."""

    status: Literal["waiting", "done", "failed", "skipped", "stale"] = Field(
        description="`waiting` while it has said nothing; `stale`: it holds a newer version."
    )
    at: Time | None = Field(description="When it was done.")
    took_ms: int | None = Field(description="From the commit, in milliseconds.", examples=[240])
    detail: str = Field(description="A sentence for an editor.", examples=["The page is at its address."])


class SaidNotify(Said):
    """What notify said, with its counts."""

    held_until: Time | None = Field(description="Readers are told then: until then it can be cancelled.")
    planned: int = Field(description="Readers who are to be told at once.", examples=[120])
    sent: int = Field(description="Told.", examples=[118])
    deferred: int = Field(description="To be tried again.", examples=[1])
    failed: int = Field(description="Given up.", examples=[0])
    suppressed: int = Field(description="Not told, for they do not want it, or cannot be reached.", examples=[1])
    uncertain: int = Field(description="Perhaps told: never tried again.", examples=[0])
    digest: int = Field(description="Readers whose digest will have it.", examples=[40])


class Receipt(BaseModel):
    """What every service has done with an article's newest version."""

    article_id: Id = Field(description="The article's id.")
    version: Version = Field(description="The newest version.")
    published_at: Time = Field(description="When it was published or withdrawn.")
    withdrawn: bool = Field(description="Whether the newest version is a withdrawal.")
    scheduled_for: Time | None = Field(description="The time that it was scheduled for.")
    late_s: int | None = Field(description="How many seconds after that time it went out.", examples=[0])
    live: bool = Field(description="Whether the page is there.")
    complete: bool = Field(description="Whether nothing more will come.")
    pages: Said = Field(description="The page, fronts and feeds.")
    cards: Said = Field(description="The social card.")
    search: Said = Field(description="The index.")
    notify: SaidNotify = Field(description="The readers.")


@router.post(
    "/publish",
    status_code=202,
    response_model=Accepted | Scheduled,
    responses=NOT_FOUND
    | problem_responses(409, 412)
    | {200: {"model": Accepted, "description": "The page is there: it was waited for."}},
)
async def publish(
    request: Request,
    desk: TheDesk,
    waiters: TheWaiters,
    actor: Editor,
    article_id: ArticleId,
    given: PublishIn | None = None,
    wait: Wait = "",
    timeout_s: Annotated[float, Query(ge=0, le=30, description="How long to wait for it.", examples=[10])] = 10,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make the newest revision live. 202, or 200 once the page is there when it is waited for."""
    given = given or PublishIn()
    wish = Wish(given.change, given.notify, given.note, given.override_embargo)
    overridden = {"override_embargo": True} if given.override_embargo else {}
    later = given.at if given.at is not None and given.at > desk.clock.now() else None
    if later is not None and later > desk.clock.now() + AHEAD_MAX:
        raise invalid([FieldError("at", f"It is more than {AHEAD_MAX.days} days ahead.")])
    async with desk.begin() as work:

        async def act() -> Answer:
            if later is not None:
                head = await work.schedules.set(article_id, wish, later, if_match=if_match, actor=actor)
                await work.audit.add(actor, "article.scheduled", article_id=article_id, at=rfc3339(later), **overridden)
                return _scheduled(desk, head, later)
            went_out = await work.publications.publish(article_id, wish, if_match=if_match, actor=actor)
            await refuse_too_large(work, went_out)
            await work.audit.add(
                actor,
                "article.published",
                article_id=article_id,
                version=went_out.version,
                change=went_out.change,
                **overridden,
            )
            return _accepted(desk, went_out)

        made = await kept(request, work, actor, act)
    if wait == "live" and later is None:
        made = await _once_live(desk, waiters, made, timeout_s)
    return respond(made)


@router.post("/unpublish", status_code=202, response_model=Accepted, responses=NOT_FOUND | problem_responses(409, 412))
async def unpublish(
    request: Request,
    desk: TheDesk,
    actor: Editor,
    article_id: ArticleId,
    given: UnpublishIn | None = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Withdraw a live article: its address answers 410, or leads to `redirect_to`."""
    given = given or UnpublishIn()
    async with desk.begin() as work:

        async def act() -> Answer:
            went_out = await work.publications.unpublish(
                article_id, reason=given.reason, redirect_to=given.redirect_to, if_match=if_match, actor=actor
            )
            await work.audit.add(actor, "article.withdrawn", article_id=article_id, version=went_out.version)
            return _accepted(desk, went_out)

        made = await kept(request, work, actor, act)
    return respond(made)


@router.delete("/schedule", response_model=Article, responses=NOT_FOUND | problem_responses(409, 412))
async def unschedule(desk: TheDesk, actor: Editor, article_id: ArticleId, if_match: IfMatch = None) -> Response:
    """Do not publish it later after all."""
    async with desk.begin() as work:
        head = await work.schedules.cancel(article_id, if_match=if_match, actor=actor)
        await work.audit.add(actor, "article.unscheduled", article_id=article_id)
        view = await article_view(work, head, now=desk.clock.now())
    return document(view, ETag=head.etag)


@router.get("/receipt", response_model=Receipt, responses=NOT_FOUND)
async def receipt(desk: TheDesk, actor: Reader, article_id: ArticleId) -> dict[str, Any]:
    """What every service has done with the newest version."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        history = await work.publications.history(article_id)
        if not history:
            raise Problem(404, "The article was never published, so there is no receipt.")
        return await receipt_view(work, history[-1])


@router.get("/corrections", response_model=Page[Correction], responses=NOT_FOUND)
async def corrections(desk: TheDesk, actor: Reader, article_id: ArticleId) -> dict[str, Any]:
    """Every correction of the article, oldest first: its note, when it went out, and who wrote it."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        history = await work.publications.history(article_id)
    items = [
        {"version": each.version, "note": each.note, "at": rfc3339(each.at), "by": each.actor_name}
        for each in history
        if each.change == "correction" and not each.withdrawn
    ]
    return {"items": items, "next": None}


def _scheduled(desk: Desk, head: Head, at: datetime) -> Answer:
    return answer(
        202,
        {
            "id": head.id,
            "version": head.version,
            "url": desk.site.absolute(head.path) if head.path else None,
            "live": False,
            "receipt": f"{desk.site.base_url}/api/v1/articles/{head.id}/receipt",
            "scheduled_at": rfc3339(at),
        },
        ETag=head.etag,
    )


def _accepted(desk: Desk, went_out: Publication) -> Answer:
    return answer(
        202,
        {
            "id": went_out.article_id,
            "version": went_out.version,
            "url": desk.site.absolute(went_out.path),
            "live": False,
            "receipt": f"{desk.site.base_url}/api/v1/articles/{went_out.article_id}/receipt",
        },
        ETag=f'"{went_out.revision}"',
    )


async def _once_live(desk: Desk, waiters: Waiters, made: Answer, timeout_s: float) -> Answer:
    """200 with `live: true` once the page is there; the answer as it was when it is not in time."""

    body = json.loads(made.body)
    try:
        async with asyncio.timeout(min(timeout_s, desk.settings.wait_timeout_s_max)):
            while True:
                news = asyncio.create_task(waiters.wait(body["id"]))
                try:
                    async with desk.read() as work:
                        if await work.receipts.is_live(body["id"], body["version"]):
                            return answer(200, body | {"live": True}, **made.headers)
                    await news
                finally:
                    news.cancel()
    except TimeoutError:
        return made
