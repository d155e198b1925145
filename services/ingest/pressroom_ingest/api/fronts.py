"""`/api/v1/fronts`: what stands where on the home page and on each section's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import VERSION, Id, Time, Who
from pressroom_ingest.api.articles import IfMatch
from pressroom_ingest.api.edge import NOT_FOUND, Editor, Reader, TheDesk, document
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/fronts", tags=["Fronts"])
SLOT_MAX = 24
FrontName = Annotated[str, Path(description="`home`, or a section.", examples=["home"])]
Ids = Annotated[list[str], Field(max_length=SLOT_MAX, examples=[["0193a0f0-0000-7000-8000-000000000001"]])]


class FrontIn(BaseModel):
    """Article ids by slot, the first on top. A slot that is left out is empty: the front fills it by itself."""

    model_config = ConfigDict(extra="forbid")
    lead: Ids = Field(default=[], description="What leads the front.")
    editors_pick: Ids = Field(default=[], description="The editors' picks.")
    opinion: Ids = Field(default=[], description="Opinion.")
    trending: Ids = Field(default=[], description="Trending.")


class FrontShown(BaseModel):
    """A front's slots. An empty one is filled by the front itself."""

    front: str = Field(description="`home`, or a section.", examples=["home"])
    lead: list[Id] = Field(description="What leads the front.")
    editors_pick: list[Id] = Field(description="The editors' picks.")
    opinion: list[Id] = Field(description="Opinion.")
    trending: list[Id] = Field(description="Trending.")
    version: int = Field(description="The `ETag`; 0 where nobody has put anything.", examples=[VERSION])
    updated_at: Time | None = Field(description="When it was last curated.")
    by: Who | None = Field(description="By whom.")


@router.get("/{front:path}", response_model=FrontShown, responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Reader, front: FrontName) -> Response:
    """A front's slots. `home`, or a section: `business`, `business/economy`."""
    async with desk.read() as work:
        view = await work.fronts.show(front)
    return _answer(view)


@router.put("/{front:path}", response_model=FrontShown, responses=NOT_FOUND | problem_responses(412))
async def put(desk: TheDesk, actor: Editor, front: FrontName, given: FrontIn, if_match: IfMatch = None) -> Response:
    """Curate a front, whole. It is rendered anew at once; an article that is not live waits until it is."""
    async with desk.begin() as work:
        view = await work.fronts.put(front, given.model_dump(), if_match=if_match, actor=actor)
        await work.audit.add(actor, "front.changed", front=front, version=view["version"])
    return _answer(view)


def _answer(view: dict[str, Any]) -> Response:
    return document(view, ETag=f'"{view["version"]}"')
