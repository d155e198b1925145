"""`/api/v1/operations/inventories`: what each sink holds, where it differs from ingest, and repairing that."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.adopting import Adoptions
from pressroom_ingest.api.answers import Id, Version
from pressroom_ingest.api.edge import ERRORS, NOT_FOUND, Admin, TheDesk
from pressroom_ingest.api.operations import Sink
from pressroom_ingest.inventories import Inventories, Kind, by_kind
from pressroom_ingest.kinds import Flag
from pressroom_ingest.reconciling import carry_out, find_drift, plan
from pressroom_shared.keys import SINKS
from pressroom_shared.streams.metrics import DRIFT

router = APIRouter(prefix="/api/v1/operations/inventories", tags=["Operations"])

SHOWN_MAX = 500
REQUEST_ID = "0193a0f0-0000-7000-8000-000000000a01"
RequestId = Annotated[str, Path(description="The inventory's id.", examples=[REQUEST_ID])]
Contents = Annotated[bool, Query(description="Compare contents by their hashes too: slower, for each event is built.")]


class InventoryAsked(BaseModel):
    """An inventory that the sinks were asked for."""

    id: str = Field(description="The inventory's id.", examples=[REQUEST_ID])
    waiting_for: list[Sink] = Field(description="Sinks that have not answered.")


class DriftShown(BaseModel):
    """One article of which a sink holds something else than ingest has."""

    group: Sink = Field(description="The sink.")
    article_id: Id = Field(description="The article's id.")
    kind: Kind = Field(description="How they differ.")
    ours: Version | None = Field(description="Ingest's version.")
    theirs: Version | None = Field(description="The sink's version.")
    detail: str = Field(description="The same in words.", examples=["the sink holds an older version"])


class Refused(BaseModel):
    """One article that could not be taken back."""

    article_id: Id = Field(description="The article's id.")
    detail: str = Field(description="Why not.", examples=["Its section `sport` is not in the site file."])


class AdoptionShown(BaseModel):
    """How far taking back has come."""

    waiting: int = Field(description="Articles that are asked for and have not come yet.", examples=[0])
    taken: int = Field(description="Articles that are ingest's again.", examples=[3])
    refused: list[Refused] = Field(description="Those that could not be taken back, the first of them.")


class InventoryShown(InventoryAsked):
    """What the sinks have answered."""

    answered: list[Sink] = Field(description="Sinks whose answer is whole.")
    count: int = Field(description="How many articles differ.", examples=[2])
    by_kind: dict[Kind, int] = Field(description="How many in which way.", examples=[{"behind": 2}])
    drift: list[DriftShown] = Field(description=f"The first {SHOWN_MAX} of them.")
    adoption: AdoptionShown | None = Field(description="Where something is taken back, how far that is.")


class Repaired(BaseModel):
    """What was done, or would be."""

    replayed: dict[Sink, int] = Field(description="Articles sent again, by sink.", examples=[{"search": 2}])
    adopted: int = Field(description="Articles that are taken back from the pages.", examples=[0])
    stamped_again: int = Field(description="Articles sent above every version that a sink holds.", examples=[0])
    withdrawn: int = Field(description="Articles withdrawn that ingest has not.", examples=[0])
    left_as_drift: int = Field(description="What is left, for sinks that are newer.", examples=[0])
    dry_run: bool = Field(description="Whether nothing was changed.")


@router.post("", status_code=202, response_model=InventoryAsked, responses=ERRORS)
async def ask(desk: TheDesk, actor: Admin) -> dict[str, Any]:
    """Ask every sink what it holds. Look at the answer's `id` for what comes back."""
    async with desk.begin() as work:
        request_id = await Inventories(work.connection, desk.clock).ask()
    return {"id": request_id, "waiting_for": list(SINKS)}


@router.get("/{request_id}", response_model=InventoryShown, responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Admin, request_id: RequestId, contents: Contents = False) -> dict[str, Any]:
    """Which sinks have answered, the drift of those: missing, behind, ahead, unknown, differs.

    `adoption` says how far it is, where something is taken back.
    """
    async with desk.read() as work:
        answered = await Inventories(work.connection, desk.clock).answered(request_id)
        drift = await find_drift(work, desk.clock, request_id, contents=contents)
        adoption = await Adoptions(work).view(request_id)
    for group in answered:
        DRIFT.labels(group).set(sum(each.group == group for each in drift))
    return {
        "id": request_id,
        "answered": answered,
        "waiting_for": [group for group in SINKS if group not in answered],
        "count": len(drift),
        "by_kind": by_kind(drift),
        "drift": [each.view() for each in drift[:SHOWN_MAX]],
        "adoption": adoption,
    }


class RepairIn(BaseModel):
    """How to repair drift."""

    model_config = ConfigDict(extra="forbid")
    from_ingest: Flag = Field(
        default=False, description="Ingest decides also where a sink is newer, or has what ingest has not."
    )
    adopt: Flag = Field(
        default=False,
        description="Take back from the pages what ingest has lost: unknown articles, and newer versions.",
    )
    contents: Flag = Field(default=False, description="Also what differs by its contents only.")
    dry_run: Flag = Field(default=False, description="Only say what it would do.")


@router.post("/{request_id}/repair", response_model=Repaired, responses=NOT_FOUND)
async def repair(desk: TheDesk, actor: Admin, request_id: RequestId, given: RepairIn) -> dict[str, Any]:
    """Replay what sinks lack; with `from_ingest`, send ingest's state again above every version that a sink holds, and
    withdraw what ingest has not; with `adopt`, take back what ingest has lost (`adoption` in the inventory says how far
    that is). Nothing of it tells a reader. Only the sinks that have answered are looked at."""
    async with desk.begin() as work:
        drift = await find_drift(work, desk.clock, request_id, contents=given.contents)
        wanted = plan(drift, from_ingest=given.from_ingest, adopt=given.adopt)
        if not given.dry_run:
            await carry_out(work, desk.clock, wanted, actor, request_id=request_id)
            await work.audit.add(actor, "drift.repaired", request_id=request_id, done=wanted.view())
    return wanted.view() | {"dry_run": given.dry_run}
