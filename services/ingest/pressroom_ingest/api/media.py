"""`/api/v1/media`: pictures."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi import Path as PathPart
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import MEDIA_ID, Page, Time
from pressroom_ingest.api.edge import (
    ERRORS,
    NOT_FOUND,
    Contributor,
    Cursor,
    Limit,
    Reader,
    TheDesk,
    decode_cursor,
    document,
    encode_cursor,
    page,
)
from pressroom_ingest.kinds import Flag
from pressroom_ingest.locations import strip_location
from pressroom_ingest.media import sha256_of, store_key
from pressroom_ingest.pictures import look_at
from pressroom_shared.http import problem_responses

router = APIRouter(prefix="/api/v1/media", tags=["Pictures"])
ALT, AN_ALT = "For who cannot see it.", "Two cranes over an empty quay."
CAPTION, A_CAPTION = "What stands below it.", "The quay at noon."
CREDIT, A_CREDIT = "Whose picture it is.", "Odd Berg / The Courier"
DECORATIVE = "It says nothing that the text does not."
MediaId = Annotated[str, PathPart(description="The picture's id.", examples=[MEDIA_ID])]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
FocalPoint = tuple[Share, Share]


class MediaPatch(BaseModel):
    """What may change of a picture: the words about it, and where it is looked at."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    alt: str = Field(default="", max_length=1000, description=ALT, examples=[AN_ALT])
    caption: str = Field(default="", max_length=2000, description=CAPTION, examples=[A_CAPTION])
    credit: str = Field(default="", max_length=300, description=CREDIT, examples=[A_CREDIT])
    decorative: Flag = Field(default=False, description=DECORATIVE)
    focal_point: FocalPoint | None = Field(
        default=None, description="x and y, 0 to 1, from the top left.", examples=[[0.5, 0.3]]
    )


class Picture(BaseModel):
    """A picture, and the words about it."""

    id: str = Field(description="For `media:ID` in a text.", examples=[MEDIA_ID])
    url: str = Field(description="The file.", examples=["http://localhost:8080/media/3f/3fb0.jpg"])
    width: int = Field(description="In pixels.", examples=[2400])
    height: int = Field(description="In pixels.", examples=[1600])
    media_type: Literal["image/jpeg", "image/png", "image/webp", "image/avif"] = Field(
        description="Found in its bytes."
    )
    bytes: int = Field(description="The file's size.", examples=[812345])
    alt: str = Field(description=ALT, examples=[AN_ALT])
    caption: str = Field(description=CAPTION, examples=[A_CAPTION])
    credit: str = Field(description=CREDIT, examples=[A_CREDIT])
    decorative: bool = Field(description=DECORATIVE)
    focal_point: list[float] | None = Field(description="x and y, from the top left, 0 to 1.", examples=[[0.5, 0.3]])
    created_at: Time = Field(description="When it was uploaded.")


@router.post(
    "",
    status_code=201,
    response_model=Picture,
    responses=ERRORS
    | problem_responses(415)
    | {200: {"model": Picture, "description": "It was there already, and stays as it is."}},
)
async def upload(
    desk: TheDesk,
    actor: Contributor,
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or AVIF; 25 MB at most.")],
    alt: Annotated[str, Form(max_length=1000, description=ALT, examples=[AN_ALT])] = "",
    caption: Annotated[str, Form(max_length=2000, description=CAPTION, examples=[A_CAPTION])] = "",
    credit: Annotated[str, Form(max_length=300, description=CREDIT, examples=[A_CREDIT])] = "",
    decorative: Annotated[bool, Form(description=DECORATIVE)] = False,
) -> Response:
    """Store a picture, without the place where it was taken. The same one again: 200, and nothing is stored."""
    path = await asyncio.to_thread(_to_disk, file)
    try:
        picture = await asyncio.to_thread(look_at, path, pixels_max=desk.settings.media_pixels_max)
        await asyncio.to_thread(strip_location, path)
        sha256, size = await asyncio.to_thread(sha256_of, path), path.stat().st_size
        await desk.store.adopt(store_key(sha256, picture.extension), path)  # immutable: written before it is named
        words = {"alt": alt, "caption": caption, "credit": credit, "decorative": decorative}
        async with desk.begin() as work:
            view, new = await work.shelf.add(picture, sha256=sha256, size=size, **words)
            if new:
                await work.audit.add(actor, "picture.added", media_id=view["id"])
    finally:
        path.unlink(missing_ok=True)
    answered = document(view, Location=f"/api/v1/media/{view['id']}")
    answered.status_code = 201 if new else 200
    return answered


@router.get("", response_model=Page[Picture], responses=ERRORS)
async def list_media(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Pictures, newest first."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        items = await work.shelf.page(after=after[0] if after else "", limit=limit)
    return page(items, limit, lambda item: encode_cursor(item["id"]))


@router.get("/{media_id}", response_model=Picture, responses=NOT_FOUND)
async def show(desk: TheDesk, actor: Reader, media_id: MediaId) -> dict[str, Any]:
    """A picture, and the words about it."""
    async with desk.read() as work:
        return await work.shelf.show(media_id)


@router.patch("/{media_id}", response_model=Picture, responses=NOT_FOUND)
async def change(desk: TheDesk, actor: Contributor, media_id: MediaId, given: MediaPatch) -> dict[str, Any]:
    """Change the words about a picture. Live articles show them when they are published again."""
    words = given.model_dump(exclude_unset=True)
    async with desk.begin() as work:
        changed = await work.shelf.change(media_id, words)
        await work.audit.add(actor, "picture.changed", media_id=media_id, fields=sorted(words))
    return changed


def _to_disk(upload: UploadFile) -> Path:
    """The upload as a file of its own, readable by whoever serves it. It was spooled to disk above 1 MB."""
    number, name = tempfile.mkstemp(prefix="pressroom-upload-")
    with os.fdopen(number, "wb") as target:
        shutil.copyfileobj(upload.file, target)
    path = Path(name)
    path.chmod(0o644)
    return path
