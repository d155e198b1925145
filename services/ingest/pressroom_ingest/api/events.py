"""`/api/v1/events`: what was published and withdrawn, in published order, for catching up."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query

from pressroom_ingest.api.edge import ERRORS, Limit, Reader, TheDesk
from pressroom_ingest.tables import outbox, publication
from pressroom_shared.clock import rfc3339

router = APIRouter(prefix="/api/v1/events", tags=["Events"])


@router.get("", responses=ERRORS)
async def events(
    desk: TheDesk,
    actor: Reader,
    after: Annotated[int, Query(ge=0, description="The last `sequence` that you have.")] = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Publications and withdrawals, as they were sent. The sequence grows, with gaps."""
    both = sa.and_(publication.c.article_id == outbox.c.article_id, publication.c.version == outbox.c.version)
    statement = (
        sa.select(outbox.c.sequence, outbox.c.event_id, publication)
        .join(publication, both)
        .where(outbox.c.sequence > after)
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    async with desk.read() as work:
        rows = (await work.connection.execute(statement)).all()
    items = [
        {
            "sequence": row.sequence,
            "id": row.event_id,
            "type": f"pressroom.article.{'unpublished' if row.withdrawn else 'published'}.v1",
            "article_id": row.article_id,
            "version": row.version,
            "change": None if row.withdrawn else row.change,
            "url": desk.site.absolute(row.path),
            "at": rfc3339(row.at),
        }
        for row in rows
    ]
    return {"items": items, "next": items[-1]["sequence"] if items else after}
