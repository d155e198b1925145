"""`/api/v1/fronts`: what stands where on the home page and on each section's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.articles import IfMatch
from pressroom_ingest.api.edge import NOT_FOUND, Editor, Reader, TheDesk, document
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/fronts", tags=["Fronts"])
SLOT_MAX = 24
Ids = Annotated[list[str], Field(max_length=SLOT_MAX, examples=[["0193a0f0-0000-7000-8000-000000000001"]])]


class FrontIn(BaseModel):
    """Article ids by slot, the first on top. A slot that is left out is empty: the front fills it by itself."""

    model_config = ConfigDict(extra="forbid")
    lead: Ids = Field(default=[], description="What leads the front.")
    editors_pick: Ids = Field(default=[], description="The editors' picks.")
    opinion: Ids = Field(default=[], description="Opinion.")
    trending: Ids = Field(default=[], description="Trending.")


@router.get("/{front:path}", responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Reader, front: str) -> Response:
    """A front's slots. `home`, or a section: `business`, `business/economy`."""
    async with desk.read() as work:
        view = await work.fronts.show(front)
    return _answer(view)


@router.put("/{front:path}", responses=NOT_FOUND | problem_responses(412))
async def put(desk: TheDesk, actor: Editor, front: str, given: FrontIn, if_match: IfMatch = None) -> Response:
    """Curate a front, whole. It is rendered anew at once; an article that is not live waits until it is."""
    async with desk.begin() as work:
        view = await work.fronts.put(front, given.model_dump(), if_match=if_match, actor=actor)
        await work.audit.add(actor, "front.changed", front=front, version=view["version"])
    return _answer(view)


def _answer(view: dict[str, Any]) -> Response:
    return document(view, ETag=f'"{view["version"]}"')
