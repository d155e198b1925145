"""People, topics, and the newspaper itself."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from pressroom_ingest.api.edge import (
    ERRORS,
    NOT_FOUND,
    Cursor,
    Limit,
    Reader,
    TheDesk,
    decode_cursor,
    encode_cursor,
    page,
)

router = APIRouter(prefix="/api/v1", tags=["People, topics, the newspaper"])


@router.get("/authors", responses=ERRORS)
async def authors(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        items = await work.names.authors(after=after[0] if after else "", limit=limit)
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/authors/{slug}", responses=NOT_FOUND)
async def author(desk: TheDesk, actor: Reader, slug: str) -> dict[str, Any]:
    async with desk.read() as work:
        return await work.names.author(slug)


@router.get("/tags", responses=ERRORS)
async def tags(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        items = await work.names.topics(after=after[0] if after else "", limit=limit)
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/tags/{slug}", responses=NOT_FOUND)
async def topic(desk: TheDesk, actor: Reader, slug: str) -> dict[str, Any]:
    async with desk.read() as work:
        return await work.names.topic(slug)


@router.get("/site", responses=ERRORS)
async def site(desk: TheDesk, actor: Reader) -> dict[str, Any]:
    """The newspaper's name, address, time zone, language and sections."""
    shown = desk.site.model_dump(
        mode="json", include={"title", "tagline", "base_url", "timezone", "language", "hold_s"}
    )
    shown["sections"] = [
        {
            "key": each.slug,
            "name": each.name,
            "url": desk.site.absolute(f"/{each.slug}/"),
            "sections": [
                {
                    "key": f"{each.slug}/{sub.slug}",
                    "name": sub.name,
                    "url": desk.site.absolute(f"/{each.slug}/{sub.slug}/"),
                }
                for sub in each.sections
            ],
        }
        for each in desk.site.sections
    ]
    return shown
