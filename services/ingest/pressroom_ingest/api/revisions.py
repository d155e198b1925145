"""Every save of an article."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from pressroom_ingest.api.edge import (
    NOT_FOUND,
    Contributor,
    Cursor,
    Limit,
    TheDesk,
    decode_cursor,
    encode_cursor,
    page,
)
from pressroom_ingest.presenting import revision_view

router = APIRouter(prefix="/api/v1/articles/{article_id}/revisions", tags=["Revisions"])


@router.get("", responses=NOT_FOUND)
async def list_revisions(
    desk: TheDesk, actor: Contributor, article_id: str, cursor: Cursor = "", limit: Limit = 50
) -> dict[str, Any]:
    """Newest first: who, when, and which fields changed."""
    after = decode_cursor(cursor, int)
    async with desk.read() as work:
        found = await work.articles.revisions(article_id, before=after[0] if after else None, limit=limit)
    return page([revision_view(each, whole=False) for each in found], limit, lambda item: encode_cursor(item["number"]))


@router.get("/{number}", responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Contributor, article_id: str, number: int) -> dict[str, Any]:
    """One save, whole."""
    async with desk.read() as work:
        await work.articles.head(article_id)
        return revision_view(await work.articles.revision(article_id, number), whole=True)
