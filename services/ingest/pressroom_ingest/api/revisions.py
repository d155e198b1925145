"""Every save of an article: listed, shown, compared, brought back."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from pressroom_ingest.api.answers import Article, Page, Time, Who
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
from pressroom_ingest.comparing import compare
from pressroom_ingest.documents import Document
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.presenting import article_view, revision_view
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/articles/{article_id}/revisions", tags=["Revisions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Revisions count from 1.", examples=[1])]


class RevisionHead(BaseModel):
    """One save."""

    number: int = Field(description="Counts from 1.", examples=[3])
    by: Who = Field(description="Who saved it.")
    at: Time = Field(description="When.")
    changed: list[str] = Field(description="Which fields differ from the save before.", examples=[["headline", "body"]])


class RevisionWhole(RevisionHead):
    document: Document = Field(description="The article as it was saved.")


class FieldChange(BaseModel):
    """One field that differs."""

    field: str = Field(description="Its name.", examples=["headline"])
    before: Any = Field(description="Its value in the first.", examples=["Harbor cranes stand still"])
    after: Any = Field(description="Its value in the second.", examples=["Harbor cranes move again"])
    lines: list[str] | None = Field(
        default=None,
        description="Of a long text, as `diff -u` writes them.",
        examples=[["@@ -1 +1 @@", "-They stopped at noon.", "+They stopped at one."]],
    )


class Difference(BaseModel):
    """Two saves side by side."""

    before: RevisionHead = Field(description="The first.")
    after: RevisionHead = Field(description="The second.")
    changes: list[FieldChange] = Field(description="Each field that differs.")


@router.get("", response_model=Page[RevisionHead], responses=NOT_FOUND)
async def list_revisions(
    desk: TheDesk, actor: Reader, article_id: ArticleId, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """Newest first: who, when, and which fields changed."""
    after = decode_cursor(cursor, int)
    async with desk.read() as work:
        found = await work.articles.revisions(article_id, before=after[0] if after else None, limit=limit)
    return page([revision_view(each, whole=False) for each in found], limit, lambda item: encode_cursor(item["number"]))


@router.get("/{number}", response_model=RevisionWhole, responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Reader, article_id: ArticleId, number: Number) -> dict[str, Any]:
    """One save, whole."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        return revision_view(await work.articles.revision(article_id, number), whole=True)


@router.get("/{number}/diff/{other}", response_model=Difference, response_model_exclude_unset=True, responses=NOT_FOUND)
async def diff(desk: TheDesk, actor: Reader, article_id: ArticleId, number: Number, other: Number) -> dict[str, Any]:
    """What differs between two saves: each field before and after, and the body line by line."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        before = await work.articles.revision(article_id, number)
        after = await work.articles.revision(article_id, other)
    changes = await asyncio.to_thread(compare, before.document, after.document)
    return {
        "before": revision_view(before, whole=False),
        "after": revision_view(after, whole=False),
        "changes": changes,
    }


@router.post("/{number}/restore", response_model=Article, responses=NOT_FOUND | problem_responses(412, 428))
async def restore(
    request: Request,
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    number: Number,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Save an earlier text again, as the newest revision. What is live stays until it is published."""
    async with desk.begin() as work:

        async def act() -> Answer:
            head = await work.articles.restore(article_id, number, if_match=if_match, actor=actor)
            await work.audit.add(
                actor, "article.restored", article_id=article_id, restored=number, revision=head.revision
            )
            return answer(200, await article_view(work, head, now=desk.clock.now()), ETag=head.etag)

        made = await kept(request, work, actor, act)
    return respond(made)
