"""Entries of a `live` article, and previews of any."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import ENTRY_ID, Accepted, Revision, Time
from pressroom_ingest.api.articles import IdempotencyKey, IfMatch
from pressroom_ingest.api.edge import NOT_FOUND, ArticleId, Contributor, TheDesk, answer, document, kept, respond
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.documents import Entry
from pressroom_ingest.entries import Edited
from pressroom_ingest.events import refuse_too_large
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.keys import Actor
from pressroom_ingest.kinds import Flag, Moment
from pressroom_ingest.previews import preview as send_preview
from pressroom_shared.clock import rfc3339
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/articles/{article_id}", tags=["Live articles"])
EntryId = Annotated[str, Path(description="The entry's id.", examples=[ENTRY_ID])]
Headline = Annotated[str, Field(max_length=300, description="May be left out.", examples=["The cranes move again"])]
Body = Annotated[str, Field(min_length=1, max_length=50_000, description="Markdown.", examples=["At two, they moved."])]
At = Annotated[Moment | None, Field(description="When it happened; now when it is left out.")]


class EntryIn(BaseModel):
    """An entry to add."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    headline: Headline = ""
    body: Body
    at: At = None
    notify: Flag = Field(default=False, description="Tell the article's readers.")


class EntryPatch(BaseModel):
    """What may change of an entry."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    headline: Headline = ""
    body: Body = ""
    at: Moment = Field(default=None, description="When it happened.")  # type: ignore[assignment]


class EntryDone(Accepted):
    """An entry, and the publication that it is on a live article."""

    entry: Entry | None = Field(description="As it is now; null when it was removed.")
    revision: Revision = Field(description="The article's newest revision: the `ETag`.")


class Preview(BaseModel):
    """Where a draft is shown."""

    url: str = Field(description="Unguessable, unlisted.", examples=["http://localhost:8080/preview/4fZr0qk/"])
    expires_at: Time = Field(description="Until when.")


@router.post("/entries", status_code=201, response_model=EntryDone, responses=NOT_FOUND | problem_responses(409, 412))
async def add(
    request: Request,
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    given: EntryIn,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add an entry. On a live article it is a publication; what else is being written of it stays a draft."""
    async with desk.begin() as work:

        async def act() -> Answer:
            edited = await work.entries.add(article_id, **given.model_dump(), if_match=if_match, actor=actor)
            return answer(201, await _done(work, desk, actor, "entry.added", edited), ETag=edited.head.etag)

        made = await kept(request, work, actor, act)
    return respond(made)


@router.patch("/entries/{entry_id}", response_model=EntryDone, responses=NOT_FOUND | problem_responses(409, 412))
async def change(
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    entry_id: EntryId,
    given: EntryPatch,
    if_match: IfMatch = None,
) -> Response:
    """Change an entry; on a live article a publication."""
    fields = given.model_dump(exclude_unset=True)
    async with desk.begin() as work:
        edited = await work.entries.change(article_id, entry_id, fields, if_match=if_match, actor=actor)
        view = await _done(work, desk, actor, "entry.changed", edited)
    return document(view, ETag=edited.head.etag)


@router.delete("/entries/{entry_id}", response_model=EntryDone, responses=NOT_FOUND | problem_responses(409, 412))
async def remove(
    desk: TheDesk, actor: Contributor, article_id: ArticleId, entry_id: EntryId, if_match: IfMatch = None
) -> Response:
    """Remove an entry; on a live article a publication."""
    async with desk.begin() as work:
        edited = await work.entries.remove(article_id, entry_id, if_match=if_match, actor=actor)
        view = await _done(work, desk, actor, "entry.removed", edited)
    return document(view, ETag=edited.head.etag)


async def _done(work: Work, desk: Desk, actor: Actor, action: str, edited: Edited) -> dict[str, Any]:
    head, went_out = edited.head, edited.went_out
    if went_out is not None:
        await refuse_too_large(work, went_out)
    version = went_out.version if went_out else None
    await work.audit.add(actor, action, article_id=head.id, version=version)
    return {
        "entry": edited.entry.model_dump(mode="json") if edited.entry else None,
        "id": head.id,
        "revision": head.revision,
        "version": version,
        "url": desk.site.absolute(head.path) if head.path else None,
        "live": False,
        "receipt": f"{desk.site.base_url}/api/v1/articles/{head.id}/receipt",
    }


@router.post("/preview", status_code=201, response_model=Preview, responses=NOT_FOUND, tags=["Previews"])
async def preview(desk: TheDesk, actor: Contributor, article_id: ArticleId) -> dict[str, Any]:
    """Show the newest revision as a page and a card: unlisted, noindex, for 24 h. A repeat makes another address."""
    async with desk.begin() as work:
        shown = await send_preview(work, article_id, kept_h=desk.settings.previews_kept_h, actor=actor)
        await work.audit.add(actor, "article.previewed", article_id=article_id)
    return {"url": desk.site.absolute(shown.path), "expires_at": rfc3339(shown.expires_at)}
