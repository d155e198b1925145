"""`/api/v1/articles:import`: an archive, a line an article, in and out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pressroom_ingest.api.answers import ARTICLE_ID, Id, Url
from pressroom_ingest.api.edge import ERRORS, Contributor, TheDesk
from pressroom_ingest.desk import Desk
from pressroom_ingest.importing import Import, Line, read_line
from pressroom_ingest.keys import Actor
from pressroom_ingest.ndjson import TwoWay, lines
from pressroom_shared.http import FieldError
from pressroom_shared.problems import FieldErrorDocument

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/v1/articles", tags=["Importing"])

BATCH_MAX = 200
BATCH_BYTES_MAX = 4 * 1024 * 1024
TRIES = 3
"""How often a batch is tried that met another writer's rows."""

OUTCOME = (
    f'{{"line": 1, "external_id": "wp-1017", "status": "created", "id": "{ARTICLE_ID}", '
    '"url": "http://localhost:8080/world/2019/05/04/the-ferry-is-late/"}'
)
EXAMPLE = (
    '{"external_id": "wp-1017", "published_at": "2019-05-04T09:30:00Z", "headline": "The ferry is late", '
    '"section": "world", "body": "It came at ten."}'
)


class ImportLine(BaseModel):
    """What became of one line of an import."""

    line: int = Field(description="Its number; 0 for the body itself.", examples=[1])
    external_id: str | None = Field(description="As it was sent.", examples=["wp-1017"])
    status: Literal["created", "updated", "unchanged", "failed"] = Field(description="What became of it.")
    id: Id | None = Field(description="The article's id.")
    url: Url | None = Field(description="Its page, if it is live.")
    errors: list[FieldErrorDocument] | None = Field(default=None, description="Each field that is wrong.")


def _schema() -> dict[str, Any]:
    schema = ImportLine.model_json_schema(ref_template="#/components/schemas/{model}")
    del schema["$defs"]  # the document has them: every problem names them
    return schema


@router.post(
    ":import",
    status_code=200,
    response_class=TwoWay,
    responses=ERRORS
    | {
        200: {
            "description": "A line for each article, as soon as its batch is stored.",
            "content": {"application/x-ndjson": {"schema": _schema(), "example": OUTCOME}},
        }
    },
    openapi_extra={
        "requestBody": {
            "required": False,
            "description": "An article a line, each with its `external_id`; live with `published_at`, else a draft.",
            "content": {"application/x-ndjson": {"schema": {}, "example": EXAMPLE}},
        }
    },
)
async def import_articles(request: Request, desk: TheDesk, actor: Contributor) -> Response:
    """Take an archive in. No reader is told. Lines that are wrong are answered so, and stop no other. A second run,
    also after a break, changes only what is different.
    """
    return TwoWay(lambda: _outcomes(request, desk, actor))


async def _outcomes(request: Request, desk: Desk, actor: Actor) -> AsyncIterator[bytes]:
    total: Counter[str] = Counter()
    try:
        async for batch in _batches(request, desk):
            yield await _take(desk, actor, batch)
            total.update(line.status for line in batch)
    except ClientDisconnect:
        log.warning("an import was broken off after %d articles; the next run goes on from there", sum(total.values()))
    except HTTPException as error:  # the body is larger than is accepted
        yield _text([Line(0, errors=[FieldError("body", str(error.detail))])], desk)
    if total:
        async with desk.begin() as work:
            await work.audit.add(actor, "articles.imported", lines=dict(total))


async def _batches(request: Request, desk: Desk) -> AsyncIterator[list[Line]]:
    """Lines by a few hundred. One whose `external_id` is in the batch already begins the next."""
    raws: list[tuple[int, bytes | None]] = []
    size = 0
    async for number, raw in lines(request.stream(), line_bytes_max=desk.settings.body_bytes_max):
        raws.append((number, raw))
        size += len(raw or b"")
        if len(raws) == BATCH_MAX or size > BATCH_BYTES_MAX:
            for batch in await asyncio.to_thread(_read, raws, desk.settings.body_bytes_max):
                yield batch
            raws, size = [], 0
    for batch in await asyncio.to_thread(_read, raws, desk.settings.body_bytes_max):
        yield batch


def _read(raws: list[tuple[int, bytes | None]], line_bytes_max: int) -> list[list[Line]]:
    too_long = [FieldError("line", f"It is too long: at most {line_bytes_max:,} bytes are accepted.")]
    read = [Line(number, errors=too_long) if raw is None else read_line(number, raw) for number, raw in raws]
    batches: list[list[Line]] = [[]] if read else []
    seen: set[str] = set()
    for line in read:
        if line.given is not None and line.external_id in seen:
            batches.append([])
            seen = set()
        batches[-1].append(line)
        if line.given is not None:
            seen.add(line.external_id or "")
    return batches


async def _take(desk: Desk, actor: Actor, batch: list[Line]) -> bytes:
    for attempt in range(1, TRIES + 1):
        try:
            async with desk.begin() as work:
                await Import(work, actor).take(batch)
        except IntegrityError:  # another import has the same articles: this time they are seen
            if attempt == TRIES:
                for line in batch:
                    line.status, line.errors = (
                        "failed",
                        [FieldError("line", "Another writer was first; send it again.")],
                    )
        else:
            break
    return await asyncio.to_thread(_text, batch, desk)


def _text(batch: list[Line], desk: Desk) -> bytes:
    base_url = desk.site.base_url
    return "".join(json.dumps(line.outcome(base_url), ensure_ascii=False) + "\n" for line in batch).encode()
