"""The way of a draft to its approval, and what the newsroom notes beside it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pressroom_ingest.api.answers import NOTE_ID, Article, Page, Revision, Time, Who
from pressroom_ingest.api.articles import IdempotencyKey, IfMatch
from pressroom_ingest.api.edge import (
    NOT_FOUND,
    ArticleId,
    Contributor,
    Cursor,
    Limit,
    Reader,
    TheDesk,
    answer,
    decode_cursor,
    encode_cursor,
    kept,
    page,
    respond,
)
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.keys import demand
from pressroom_ingest.presenting import article_view
from pressroom_ingest.workflow import Review
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/articles/{article_id}", tags=["Workflow"])
NoteId = Annotated[str, Path(description="The note's id.", examples=[NOTE_ID])]
NoteText = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]


class StateIn(BaseModel):
    """Where the newest revision goes next, and a word about it."""

    model_config = ConfigDict(extra="forbid")
    state: Review = Field(description="`draft`, `in_review` or `approved`.", examples=["in_review"])
    note: NoteText | None = Field(default=None, description="Kept as a note.", examples=["Two sources now."])


class NoteIn(BaseModel):
    """A note to leave."""

    model_config = ConfigDict(extra="forbid")
    text: NoteText = Field(description="For the newsroom alone.", examples=["Ask the port again."])


class Note(BaseModel):
    """A note of the newsroom."""

    id: str = Field(description="The note's id.", examples=[NOTE_ID])
    revision: Revision = Field(description="The newest revision when it was written.")
    text: str = Field(description="What it says.", examples=["Ask the port again."])
    by: Who = Field(description="Who wrote it.")
    at: Time = Field(description="When.")


@router.post("/state", status_code=200, response_model=Article, responses=NOT_FOUND | problem_responses(412))
async def move(
    request: Request,
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    given: StateIn,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hand a draft in, approve it, or take it back. Approving and taking an approval back is for editors."""
    async with desk.begin() as work:

        async def act() -> Answer:
            head = await work.workflow.move(article_id, given.state, if_match=if_match, actor=actor)
            if given.note:
                await work.notes.add(article_id, given.note, revision=head.revision, actor=actor)
            await work.audit.add(actor, "article.moved", article_id=article_id, to=given.state, revision=head.revision)
            return answer(200, await article_view(work, head, now=desk.clock.now()), ETag=head.etag)

        made = await kept(request, work, actor, act)
    return respond(made)


@router.get("/notes", response_model=Page[Note], responses=NOT_FOUND)
async def list_notes(
    desk: TheDesk, actor: Reader, article_id: ArticleId, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """The newsroom's notes on an article, newest first."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        await work.articles.head(article_id)
        items = await work.notes.page(article_id, before=after[0] if after else "", limit=limit)
    return page(items, limit, lambda item: encode_cursor(item["id"]))


@router.post("/notes", status_code=201, response_model=Note, responses=NOT_FOUND)
async def add_note(
    request: Request,
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    given: NoteIn,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Leave a note for the newsroom."""
    async with desk.begin() as work:

        async def act() -> Answer:
            head = await work.articles.head(article_id, lock=True)
            demand(actor, "contributor", head.section)
            view = await work.notes.add(article_id, given.text, revision=head.revision, actor=actor)
            await work.audit.add(actor, "note.added", article_id=article_id, note_id=view["id"])
            return answer(201, view)

        made = await kept(request, work, actor, act)
    return respond(made)


@router.delete("/notes/{note_id}", status_code=204, responses=NOT_FOUND)
async def remove_note(desk: TheDesk, actor: Contributor, article_id: ArticleId, note_id: NoteId) -> Response:
    """Remove one's own note; an admin, anybody's."""
    async with desk.begin() as work:
        await work.notes.remove(article_id, note_id, actor)
        await work.audit.add(actor, "note.removed", article_id=article_id, note_id=note_id)
    return Response(status_code=204)
