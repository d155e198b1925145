"""Opens a picture that somebody uploaded: told by its signature, bounded, upright, in sRGB, its first frame alone.

Runs in a process that may die of it (`drawers`). The loaders of all other formats are shut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyvips

PIXELS_MAX = 100_000_000
"""As many as ingest accepts."""

KINDS = {"jpeg": "VipsForeignLoadJpeg", "png": "VipsForeignLoadPng", "webp": "VipsForeignLoadWebp"}
KINDS["avif"] = "VipsForeignLoadHeif"
SIDEWAYS = frozenset({5, 6, 7, 8})
WHITE = [255, 255, 255]
FOCUS_PX = 64
"""The short side of the copy on which the focal point is looked for."""
UPPER_THIRD = (0.5, 0.4)
"""Where to look when nothing in a picture draws the eye."""

pyvips.operation_block_set("VipsForeignLoad", True)
for loader in KINDS.values():
    pyvips.operation_block_set(loader, False)
pyvips.cache_set_max(0)  # no picture is worked on twice: the memory is better free


class Unreadable(Exception):
    """A picture that cannot be used. Its message is a sentence for the editor."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture's head. Width and height are those of the upright picture."""

    kind: str
    width: int
    height: int
    upright: bool
    profiled: bool


def kind_of(body: bytes) -> str | None:
    """JPEG, PNG, WebP and AVIF by their signatures; None for all else."""
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    return "avif" if body[4:8] == b"ftyp" and body[8:12] in {b"avif", b"avis"} else None


def look_at(body: bytes) -> Look:
    """Read a picture's head, without decoding it."""
    kind = kind_of(body)
    if kind is None:
        raise Unreadable("The file is no JPEG, PNG, WebP or AVIF picture.")
    try:
        head = pyvips.Image.new_from_buffer(body, "", fail_on="none")
    except pyvips.Error as error:
        raise Unreadable("The picture's head is broken.") from error
    width, height = int(head.width), int(head.height)
    if width * height > PIXELS_MAX:
        raise Unreadable(f"The picture has {width * height:,} pixels; at most {PIXELS_MAX:,} are drawn.")
    names = set(head.get_fields())
    turn = int(head.get("orientation")) if "orientation" in names else 1
    if turn in SIDEWAYS:
        width, height = height, width
    return Look(kind, width, height, turn == 1, "icc-profile-data" in names or head.interpretation == "cmyk")


def shrunk(body: bytes, look: Look, width: int, height: int) -> Any:
    """The upright picture in sRGB on white at just this size, in memory. A damaged file is not passed off as whole."""
    options: dict[str, Any] = {"output_profile": "srgb"} if look.profiled else {}
    try:
        image = _decoded(body, look, width, height).thumbnail_image(width, height=height, size="force", **options)
        image = image.colourspace("srgb")
        image = image.flatten(background=WHITE) if image.hasalpha() else image
        return image.cast("uchar").copy_memory()
    except pyvips.Error as error:
        raise Unreadable("The picture is damaged, or too large to be decoded.") from error


def _decoded(body: bytes, look: Look, width: int, height: int) -> Any:
    """A JPEG is decoded at an eighth, a quarter or a half where that is still twice as large as what is wanted."""
    spare = min(look.width / width, look.height / height) / 2
    factor = next((each for each in (8, 4, 2) if each <= spare), 1)
    options: dict[str, Any] = {"shrink": factor} if look.kind == "jpeg" else {}
    access = "sequential" if look.upright else "random"  # what must be turned is read from its other end
    return pyvips.Image.new_from_buffer(body, "", access=access, fail_on="error", **options)


def covering(body: bytes, look: Look, width: int, height: int, focal_point: tuple[float, float] | None) -> Any:
    """The picture filling width × height, cut about its focal point."""
    image = shrunk(body, look, *covering_size(look, width, height))
    return cut(image, width, height, focal_point or focus_of(image))


def covering_size(image: Any, width: int, height: int) -> tuple[int, int]:
    """The size at which an image just covers width × height."""
    scale = max(width / image.width, height / image.height)
    return max(width, round(image.width * scale)), max(height, round(image.height * scale))


def resized(image: Any, width: int, height: int) -> Any:
    """Another size of an image that is in memory already."""
    return image.thumbnail_image(width, height=height, size="force").copy_memory()


def cut(image: Any, width: int, height: int, focal_point: tuple[float, float]) -> Any:
    """Width × height of an image, with the focal point as near to the middle as can be."""
    x, y = focal_point
    left = min(max(round(x * image.width - width / 2), 0), image.width - width)
    top = min(max(round(y * image.height - height / 2), 0), image.height - height)
    return image.crop(left, top, width, height)


def focus_of(image: Any) -> tuple[float, float]:
    """Where the eye goes, by libvips's measure (edges, colour, skin); found on a small copy."""
    factor = max(1, min(image.width, image.height) // FOCUS_PX)
    small = image.shrink(factor, factor)
    side = min(small.width, small.height)
    if side < FOCUS_PX // 4:
        return UPPER_THIRD
    _, found = small.smartcrop(side, side, interesting="attention", attention_x=True, attention_y=True)
    return (round(found["attention_x"] / small.width, 3), round(found["attention_y"] / small.height, 3))
