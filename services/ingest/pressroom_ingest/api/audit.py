"""`/api/v1/audit`: who did what, when, and from where."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from pressroom_ingest.api.edge import ERRORS, Admin, Cursor, Limit, TheDesk, decode_cursor, encode_cursor, page
from pressroom_ingest.auditing import AuditFilter
from pressroom_ingest.kinds import Moment

router = APIRouter(prefix="/api/v1/audit", tags=["Audit"])


@router.get("", responses=ERRORS)
async def list_audit(
    desk: TheDesk,
    actor: Admin,
    article_id: Annotated[str, Query(max_length=64, description="Of one article.")] = "",
    actor_id: Annotated[str, Query(max_length=64, description="Of one key.")] = "",
    action: Annotated[
        str, Query(max_length=60, description="`article.published`, or `article` for all that begin so.")
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
