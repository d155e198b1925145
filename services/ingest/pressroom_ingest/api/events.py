"""`/api/v1/events`: what was published and withdrawn, in published order, for catching up."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pressroom_ingest.api.answers import EVENT_ID, Id, Time, Url, Version
from pressroom_ingest.api.edge import ERRORS, Limit, Reader, TheDesk
from pressroom_ingest.tables import outbox, publication
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Change

router = APIRouter(prefix="/api/v1/events", tags=["Events"])


class Event(BaseModel):
    """A publication or a withdrawal that was sent."""

    sequence: int = Field(description="Its place in the order of sending.", examples=[4711])
    id: str = Field(description="The event's id.", examples=[EVENT_ID])
    type: Literal["pressroom.article.published.v1", "pressroom.article.unpublished.v1"] = Field(
        description="What happened."
    )
    article_id: Id = Field(description="To which article.")
    version: Version = Field(description="In which version.")
    change: Change | None = Field(description="Of what kind; null for a withdrawal.")
    url: Url = Field(description="The page.")
    at: Time = Field(description="When.")


class Events(BaseModel):
    """What was sent after some place in the order."""

    items: list[Event] = Field(description="In the order of sending.")
    next: int = Field(description="The `after` to go on with.", examples=[4711])


@router.get("", response_model=Events, responses=ERRORS)
async def events(
    desk: TheDesk,
    actor: Reader,
    after: Annotated[int, Query(ge=0, description="The last `sequence` that you have.", examples=[4710])] = 0,
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
