"""Every save of an article: listed, shown, compared, brought back."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from pressroom_ingest.api.articles import IdempotencyKey, IfMatch
from pressroom_ingest.api.edge import (
    NOT_FOUND,
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
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.presenting import article_view, revision_view
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/articles/{article_id}/revisions", tags=["Revisions"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Revisions count from 1.")]


@router.get("", responses=NOT_FOUND)
async def list_revisions(
    desk: TheDesk, actor: Reader, article_id: str, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """Newest first: who, when, and which fields changed."""
    after = decode_cursor(cursor, int)
    async with desk.read() as work:
        found = await work.articles.revisions(article_id, before=after[0] if after else None, limit=limit)
    return page([revision_view(each, whole=False) for each in found], limit, lambda item: encode_cursor(item["number"]))


@router.get("/{number}", responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Reader, article_id: str, number: Number) -> dict[str, Any]:
    """One save, whole."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        return revision_view(await work.articles.revision(article_id, number), whole=True)


@router.get("/{number}/diff/{other}", responses=NOT_FOUND)
async def diff(desk: TheDesk, actor: Reader, article_id: str, number: Number, other: Number) -> dict[str, Any]:
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


@router.post("/{number}/restore", responses=NOT_FOUND | problem_responses(412, 428))
async def restore(
    request: Request,
    desk: TheDesk,
    actor: Contributor,
    article_id: str,
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
