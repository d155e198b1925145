"""What the newsroom asks of notify: to cancel what is not sent yet, and what became of each mail."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from pressroom_notify.api.edge import TheDesk
from pressroom_notify.cancelling import Cancelling
from pressroom_notify.sends import Sends, State
from pressroom_shared.bearer import Credentials, demand, known_key
from pressroom_shared.events import ApiKey
from pressroom_shared.http import FieldError, Problem, invalid, problem_responses

router = APIRouter(prefix="/api/v1", tags=["Notifications"])
LIMIT_MAX = 100
ID_MAX = 2**63 - 1


async def the_key(desk: TheDesk, credentials: Credentials) -> ApiKey:
    """Whose key it is that asks. Raises 401."""
    async with desk.database.read() as connection:
        return await known_key(connection, credentials, desk.clock.now())


TheKey = Annotated[ApiKey, Depends(the_key)]


@router.delete("/articles/{article_id}/notifications", responses=problem_responses(401, 403, 404))
async def cancel(desk: TheDesk, key: TheKey, article_id: str) -> dict[str, Any]:
    """Cancel every mail about an article that is not sent yet: held back, queued, to be tried again, or in a digest.

    A later announcement is sent as ever. For editors of its section.
    """
    async with desk.database.begin(wake=False) as connection:
        cancelling = Cancelling(connection, desk.clock.now())
        section = await cancelling.section(article_id)
        if section is None:
            demand(key, "editor")
            raise Problem(404, "Nothing was announced about such an article here; just after publishing, ask again.")
        demand(key, "editor", section)
        await cancelling.silence(article_id)
    async with desk.database.begin() as connection:
        done = await Cancelling(connection, desk.clock.now()).cancel(article_id)
    return {"article_id": article_id, "cancelled": done.cancelled, "sent": done.sent}


@router.get("/sends", responses=problem_responses(401, 403, 422))
async def sends(
    desk: TheDesk,
    key: TheKey,
    article: Annotated[str | None, Query(max_length=64, description="An article's id.")] = None,
    state: Annotated[State | None, Query(description="What has become of them.")] = None,
    cursor: Annotated[str, Query(max_length=300, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="At most so many.")] = 50,
) -> dict[str, Any]:
    """Every mail in the ledger, the newest first; with an article, also how many are in each state. For admins."""
    demand(key, "admin")
    if cursor and not (cursor.isascii() and cursor.isdecimal() and int(cursor) <= ID_MAX):
        raise invalid([FieldError("cursor", "It is not the `next` of an earlier page.")])
    async with desk.database.read() as connection:
        found = Sends(connection)
        before = int(cursor) if cursor else None
        items = await found.page(article_id=article, state=state, before=before, limit=limit)
        counts = await found.counts(article) if article is not None else None
    answer = {"items": items, "next": items[-1]["id"] if len(items) == limit else None}
    return answer | ({"counts": counts} if counts is not None else {})
