"""`/api/v1/articles`: drafts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Request, Response

from pressroom_ingest.api.answers import Article, ArticleListed, Page
from pressroom_ingest.api.edge import (
    ERRORS,
    NOT_FOUND,
    ArticleId,
    Contributor,
    Cursor,
    Limit,
    Reader,
    TheDesk,
    answer,
    decode_cursor,
    document,
    encode_cursor,
    kept,
    page,
    respond,
)
from pressroom_ingest.articles import Filter
from pressroom_ingest.documents import ArticleIn, patch_schema
from pressroom_ingest.idempotency import KEY_CHARS_MAX, Answer
from pressroom_ingest.presenting import article_view, list_view
from pressroom_shared.clock import from_microseconds, microseconds
from pressroom_shared.http import Problem, problem_responses

router = APIRouter(prefix="/api/v1/articles", tags=["Articles"])
FIELDS_MAX = 40
"""How many fields of a change the audit log names."""

IfMatch = Annotated[str | None, Header(description="The `ETag` that you have read.", examples=['"3"'])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=KEY_CHARS_MAX,
        description="The same key repeats the first answer, for 24 h.",
        examples=["5f0c7a1e"],
    ),
]


@router.post("", status_code=201, response_model=Article, responses=ERRORS | problem_responses(409))
async def create(
    request: Request, desk: TheDesk, actor: Contributor, given: ArticleIn, idempotency_key: IdempotencyKey = None
) -> Response:
    """Store a draft."""
    async with desk.begin() as work:

        async def act() -> Answer:
            head = await work.articles.create(given, actor)
            await work.audit.add(actor, "article.created", article_id=head.id)
            view = await article_view(work, head, now=desk.clock.now())
            return answer(201, view, Location=f"/api/v1/articles/{head.id}", ETag=head.etag)

        made = await kept(request, work, actor, act)
    return respond(made)


@router.get("", response_model=Page[ArticleListed], responses=ERRORS)
async def list_articles(
    desk: TheDesk,
    actor: Reader,
    state: Annotated[
        str,
        Query(
            pattern="^(|draft|in_review|approved|scheduled|live|withdrawn)$",
            description="Where they stand.",
            examples=["live"],
        ),
    ] = "",
    section: Annotated[str, Query(description="Of a section alone.", examples=["business/economy"])] = "",
    tag: Annotated[str, Query(description="A tag's slug.", examples=["harbor"])] = "",
    author: Annotated[str, Query(description="An author's slug.", examples=["ines-falk"])] = "",
    q: Annotated[str, Query(max_length=200, description="Words of the headline.", examples=["cranes"])] = "",
    external_id: Annotated[str, Query(description="The id in an archive.", examples=["wp-1017"])] = "",
    held: Annotated[bool | None, Query(description="Whose scheduled time is over, and who wait for an editor.")] = None,
    late: Annotated[
        bool, Query(description="Only those whose newest version went out late, for nothing ran at its time.")
    ] = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """Articles, last changed first."""
    after = decode_cursor(cursor, int, str)
    wanted = Filter(
        state=state,
        section=section,
        tag=tag,
        author=author,
        q=q,
        external_id=external_id,
        held=held,
        late=timedelta(seconds=desk.settings.late_after_s) if late else None,
    )
    async with desk.read() as work:
        before = (from_microseconds(after[0]), str(after[1])) if after else None
        heads = await work.articles.page(wanted, before=before, limit=limit)
        planned, now = await work.schedules.of([head.id for head in heads]), desk.clock.now()
        items = [list_view(work, head, planned.get(head.id), now=now) for head in heads]
    cursors = {head.id: encode_cursor(microseconds(head.updated_at), head.id) for head in heads}
    return page(items, limit, lambda item: cursors[item["id"]])


@router.get("/{article_id}", response_model=Article, responses=NOT_FOUND | problem_responses(410))
async def show(desk: TheDesk, actor: Reader, article_id: ArticleId) -> Response:
    """The newest revision, and where the live one stands."""
    async with desk.read() as work:
        if await work.purging.find(article_id) is not None:
            raise Problem(410, "The article was purged.")
        head = await work.articles.head(article_id)
        return document(await article_view(work, head, now=desk.clock.now()), ETag=head.etag)


@router.patch(
    "/{article_id}",
    response_model=Article,
    responses=NOT_FOUND | problem_responses(412, 428),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {"schema": patch_schema(), "example": {"headline": "A new headline"}}
                for media_type in ("application/merge-patch+json", "application/json")
            },
        }
    },
)
async def change(
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    patch: Annotated[dict[str, Any], Body()],
    if_match: IfMatch = None,
) -> Response:
    """Change the draft: JSON Merge Patch (RFC 7396). What is live stays until it is published again."""
    async with desk.begin() as work:
        head = await work.articles.change(article_id, patch, if_match=if_match, actor=actor)
        await work.audit.add(
            actor, "article.changed", article_id=article_id, revision=head.revision, fields=sorted(patch)[:FIELDS_MAX]
        )
        view = await article_view(work, head, now=desk.clock.now())
    return document(view, ETag=head.etag)


@router.delete("/{article_id}", status_code=204, responses=NOT_FOUND | problem_responses(409))
async def delete(
    desk: TheDesk,
    actor: Contributor,
    article_id: ArticleId,
    purge: Annotated[
        bool, Query(description="Erase it everywhere, whatever its state, with its pictures: for admins.")
    ] = False,
) -> Response:
    """Delete an article that was never published; or purge one, of which nothing is left but that it was there."""
    async with desk.begin() as work:
        if purge:
            left = await work.purging.purge(article_id, actor=actor)
            await work.audit.add(actor, "article.purged", article_id=article_id, version=left.version)
        else:
            await work.articles.delete(article_id, actor)
            await work.audit.add(actor, "article.deleted", article_id=article_id)
    return Response(status_code=204)
