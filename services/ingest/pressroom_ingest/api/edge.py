"""What every route needs at the edge: who asks, the desk, pages of lists, kept answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Security
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pressroom_ingest.api.answers import ARTICLE_ID
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.idempotency import Answer
from pressroom_ingest.keys import Actor, Role, article_of
from pressroom_ingest.rates import Rates
from pressroom_ingest.waiting import Waiters
from pressroom_shared.http import FieldError, Problem, invalid, problem_responses

LIMIT_MAX = 100
bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Authorization: Bearer prk_…`")
ERRORS = problem_responses(400, 401, 403, 413, 422, 429)
NOT_FOUND = problem_responses(400, 401, 403, 404, 413, 422, 429)


async def the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def the_waiters(request: Request) -> Waiters:
    waiters: Waiters = request.app.state.waiters
    return waiters


async def the_actor(
    request: Request,
    desk: Annotated[Desk, Depends(the_desk)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Actor:
    """Who asks. Raises 401 without a valid key, 429 with `Retry-After` when it asks too often."""
    if credentials is None:
        raise _unknown("Send your API key: `Authorization: Bearer prk_…`.")
    async with desk.read() as work:
        actor = await work.keys.actor(credentials.credentials)
    if actor is None:
        raise _unknown("This API key is not known, has expired, or was revoked.")
    rates: Rates = request.app.state.rates
    wait_s = await rates.take(actor.id)
    if wait_s:
        sentence = f"This key has asked too often; it may again in {wait_s} s."
        raise Problem(429, sentence, headers={"Retry-After": str(wait_s)})
    desk.uses.note(actor.id, desk.clock.now())
    return replace(actor, address=request.client.host if request.client else "")


def _unknown(sentence: str) -> Problem:
    return Problem(401, sentence, headers={"WWW-Authenticate": "Bearer"})


def at_least(role: Role) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency: who asks, if the role suffices in some section; else 403. Which section, the nouns ask."""

    async def check(actor: Annotated[Actor, Depends(the_actor)]) -> Actor:
        if not actor.may_somewhere(role):
            raise Problem(403, f"Your key's role is {actor.role}; this needs {article_of(role)} {role}.")
        return actor

    return check


TheDesk = Annotated[Desk, Depends(the_desk)]
TheWaiters = Annotated[Waiters, Depends(the_waiters)]
Reader = Annotated[Actor, Depends(at_least("reader"))]
Contributor = Annotated[Actor, Depends(at_least("contributor"))]
Editor = Annotated[Actor, Depends(at_least("editor"))]
Admin = Annotated[Actor, Depends(at_least("admin"))]
ArticleId = Annotated[str, Path(description="The article's id.", examples=[ARTICLE_ID])]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="At most so many.", examples=[20])]
Cursor = Annotated[str, Query(max_length=300, description="`next` of the page before.", examples=["WyIwMTkzYTBmMCJd"])]


def encode_cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> list[Any] | None:
    """The parts of a cursor; None for an empty one. Raises 422 for one that is not ours."""
    if not cursor:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        parts = None
    if not isinstance(parts, list) or [type(each) for each in parts] != list(kinds):
        raise invalid([FieldError("cursor", "It is not the `next` of an earlier page.")])
    return parts


def page(items: list[dict[str, Any]], limit: int, cursor: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """A page of a list: `items`, and `next` when there may be more."""
    return {"items": items, "next": cursor(items[-1]) if len(items) == limit else None}


async def kept(
    request: Request, work: Work, actor: Actor, act: Callable[[], Awaitable[Answer]], *, keep: bool = True
) -> Answer:
    """Do a POST once for each Idempotency-Key; without one, do it."""
    key = request.headers.get("idempotency-key")
    if key is None or not keep:
        return await act()
    route, body = f"{request.method} {request.url.path}?{request.url.query}", await request.body()
    before = await work.idempotency.find(actor, key, route, body)
    if before is not None:
        return before
    answer = await act()
    await work.idempotency.keep(actor, key, route, body, answer)
    return answer


def answer(status: int, document: dict[str, Any], **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(document, ensure_ascii=False), named)


def respond(given: Answer) -> Response:
    return Response(given.body, given.status, given.headers, media_type="application/json")


def document(body: dict[str, Any], **headers: str) -> JSONResponse:
    return JSONResponse(body, headers={name.replace("_", "-"): value for name, value in headers.items()})
