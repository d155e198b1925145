"""`/api/v1/keys`: who may do what."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.edge import ERRORS, NOT_FOUND, Admin, TheDesk
from pressroom_ingest.keys import Role

router = APIRouter(prefix="/api/v1/keys", tags=["Keys"])


class KeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: str = Field(min_length=1, max_length=120, examples=["Night desk"])
    role: Role


@router.get("", responses=ERRORS)
async def list_keys(desk: TheDesk, actor: Admin) -> dict[str, Any]:
    async with desk.read() as work:
        return {"items": await work.keys.list(), "next": None}


@router.post("", status_code=201, responses=ERRORS)
async def create(desk: TheDesk, actor: Admin, given: KeyIn) -> dict[str, Any]:
    """A new key. `secret` is in this answer and nowhere else, so a repeat makes another key."""
    async with desk.begin() as work:
        view, secret = await work.keys.create(given.name, given.role)
        await work.audit.add(actor, "key.created", key_id=view["id"], name=given.name, role=given.role)
    return view | {"secret": secret}


@router.delete("/{key_id}", status_code=204, responses=NOT_FOUND)
async def revoke(desk: TheDesk, actor: Admin, key_id: str) -> Response:
    """Revoke a key, at once."""
    async with desk.begin() as work:
        await work.keys.revoke(key_id)
        await work.audit.add(actor, "key.revoked", key_id=key_id)
    return Response(status_code=204)
