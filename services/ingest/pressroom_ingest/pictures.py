"""What an uploaded file is, told from its bytes: type, size, and that it is whole, without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import imagesize

from pressroom_ingest.soundness import refuse_unsound
from pressroom_shared.http import Problem

HEAD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    extension: str
    width: int
    height: int


def kind_of(head: bytes) -> tuple[str, str] | None:
    """Media type and extension of JPEG, PNG, WebP and AVIF by their signatures; None for all else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp", "webp"
    if head[4:8] == b"ftyp" and head[8:12] in {b"avif", b"avis"}:
        return "image/avif", "avif"
    return None


def look_at(path: Path, *, pixels_max: int) -> Picture:
    """Read a file. Raises a problem: 415 for another type, 422 for a broken one, too large, or two in one."""
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    if kind is None:
        raise Problem(415, "The file is no JPEG, PNG, WebP or AVIF picture.")
    try:
        width, height = imagesize.get(path)
    except (ValueError, OSError, IndexError) as error:
        raise Problem(422, "The picture's head is broken: its size cannot be read.") from error
    width, height = int(width), int(height)
    if width <= 0 or height <= 0:
        raise Problem(422, "The picture's head is broken: its size cannot be read.")
    if width * height > pixels_max:
        raise Problem(422, f"The picture has {width * height:,} pixels; at most {pixels_max:,} are accepted.")
    refuse_unsound(path, kind[0])
    return Picture(*kind, width, height)
