"""`/api/v1/audit`: who did what, when, and from where."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pressroom_ingest.api.answers import ARTICLE_ID, KEY_ID, VERSION, Id, Page, Time
from pressroom_ingest.api.edge import ERRORS, Admin, Cursor, Limit, TheDesk, decode_cursor, encode_cursor, page
from pressroom_ingest.auditing import AuditFilter
from pressroom_ingest.kinds import Moment

router = APIRouter(prefix="/api/v1/audit", tags=["Audit"])


class AuditActor(BaseModel):
    """Who did it."""

    id: str = Field(description="The key's id.", examples=[KEY_ID])
    name: str = Field(description="The key's name at that time.", examples=["Night desk"])


class AuditLine(BaseModel):
    """One thing that was done."""

    id: int = Field(description="Grows with every line.", examples=[4711])
    at: Time = Field(description="When.")
    actor: AuditActor = Field(description="Who.")
    action: str = Field(description="What: a noun and a verb.", examples=["article.published"])
    article_id: Id | None = Field(description="With which article.")
    detail: dict[str, Any] = Field(description="More about it.", examples=[{"version": VERSION, "change": "new"}])
    address: str | None = Field(description="From where; erased after some days.", examples=["192.0.2.7"])


@router.get("", response_model=Page[AuditLine], responses=ERRORS)
async def list_audit(
    desk: TheDesk,
    actor: Admin,
    article_id: Annotated[str, Query(max_length=64, description="Of one article.", examples=[ARTICLE_ID])] = "",
    actor_id: Annotated[str, Query(max_length=64, description="Of one key.", examples=[KEY_ID])] = "",
    action: Annotated[
        str,
        Query(
            max_length=60,
            description="`article.published`, or `article` for all that begin so.",
            examples=["article.published"],
        ),
    ] = "",
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """What was done, newest first. Lines are never changed; an address is erased after 30 days."""
    after = decode_cursor(cursor, int)
    wanted = AuditFilter(article_id=article_id, actor_id=actor_id, action=action, since=since, until=until)
    async with desk.read() as work:
        items = await work.audit.page(wanted, before=after[0] if after else None, limit=limit)
    return page(items, limit, lambda item: encode_cursor(item["id"]))
