"""`/api/v1/keys`: who may do what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import KEY_ID, Page, Time
from pressroom_ingest.api.edge import ERRORS, NOT_FOUND, Admin, TheDesk
from pressroom_ingest.keys import Role
from pressroom_ingest.kinds import Moment
from pressroom_shared.http import FieldError, invalid, problem_responses

router = APIRouter(prefix="/api/v1/keys", tags=["Keys"])
Overlap = Annotated[
    int, Field(strict=True, ge=0, le=720, description="How many hours the old secret is still good.", examples=[24])
]
KeyId = Annotated[str, Path(description="The key's id.", examples=[KEY_ID])]


class KeyIn(BaseModel):
    """A key to make."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: str = Field(min_length=1, max_length=120, examples=["Night desk"], description="As the log names it.")
    role: Role = Field(description="`reader`, `contributor`, `editor` or `admin`.", examples=["editor"])
    sections: dict[str, Role] = Field(
        default={},
        max_length=200,
        description="Another role in some sections; a main section's holds for its sub-sections.",
        examples=[{"business": "editor", "opinion": "reader"}],
    )
    expires_at: Moment | None = Field(default=None, description="Then it is good no longer.")


class RotateIn(BaseModel):
    """How to change a key's secret."""

    model_config = ConfigDict(extra="forbid")
    overlap_h: Overlap = 24


class KeyShown(BaseModel):
    """A key, without its secret."""

    id: str = Field(description="The key's id.", examples=[KEY_ID])
    name: str = Field(description="As the log names it.", examples=["Night desk"])
    role: Role = Field(description="What it may do.")
    sections: dict[str, Role] = Field(description="Its role in some sections.", examples=[{"business": "editor"}])
    created_at: Time = Field(description="When it was made.")
    expires_at: Time | None = Field(description="From when on it is good no longer.")
    last_used_at: Time | None = Field(description="Up to a minute behind.")
    previous_until: Time | None = Field(description="Until when the secret before the last rotation is good.")
    revoked_at: Time | None = Field(description="When it was revoked.")


class KeyMade(KeyShown):
    """A key, and its secret: here and nowhere else."""

    secret: str = Field(description="256 random bits.", examples=["prk_3mJr0y1uJ9…"])


@router.get("", response_model=Page[KeyShown], responses=ERRORS)
async def list_keys(desk: TheDesk, actor: Admin) -> dict[str, Any]:
    """Every key, without its secret. `last_used_at` is up to a minute behind."""
    async with desk.read() as work:
        return {"items": await work.keys.list(), "next": None}


@router.post("", status_code=201, response_model=KeyMade, responses=ERRORS)
async def create(desk: TheDesk, actor: Admin, given: KeyIn) -> dict[str, Any]:
    """A new key. `secret` is in this answer and nowhere else, so a repeat makes another key."""
    known = desk.site.section_keys
    wrong = [FieldError(f"sections.{each}", "It is no section of this newspaper.") for each in given.sections]
    wrong = [each for each in wrong if each.field.removeprefix("sections.") not in known]
    if "admin" in given.sections.values():
        wrong.append(FieldError("sections", "Admins are admins everywhere; give the key that role."))
    if given.expires_at is not None and given.expires_at <= desk.clock.now():
        wrong.append(FieldError("expires_at", "It lies in the past."))
    if wrong:
        raise invalid(wrong)
    async with desk.begin() as work:
        view, secret = await work.keys.create(
            given.name, given.role, sections=given.sections, expires_at=given.expires_at
        )
        await work.audit.add(
            actor, "key.created", key_id=view["id"], name=given.name, role=given.role, sections=given.sections
        )
    return view | {"secret": secret}


@router.get("/{key_id}", response_model=KeyShown, responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Admin, key_id: KeyId) -> dict[str, Any]:
    """One key, without its secret."""
    async with desk.read() as work:
        return await work.keys.show(key_id)


@router.post("/{key_id}/rotate", response_model=KeyMade, responses=NOT_FOUND | problem_responses(409))
async def rotate(desk: TheDesk, actor: Admin, key_id: KeyId, given: RotateIn | None = None) -> dict[str, Any]:
    """A new secret for a key; the old one is good for some hours more. A repeat rotates again."""
    given = given or RotateIn()
    async with desk.begin() as work:
        view, secret = await work.keys.rotate(key_id, overlap_h=given.overlap_h)
        await work.audit.add(actor, "key.rotated", key_id=key_id, overlap_h=given.overlap_h)
    return view | {"secret": secret}


@router.delete("/{key_id}", status_code=204, responses=NOT_FOUND)
async def revoke(desk: TheDesk, actor: Admin, key_id: KeyId) -> Response:
    """Revoke a key, at once."""
    async with desk.begin() as work:
        await work.keys.revoke(key_id)
        await work.audit.add(actor, "key.revoked", key_id=key_id)
    return Response(status_code=204)
