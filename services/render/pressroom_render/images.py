"""Develops a picture: five widths as WebP and JPEG, three crops, and a blur of a few bytes.

Runs in a process of its own (`drawers`). Nothing of the file but its pixels goes on: no place, no camera, no profile.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from pressroom_render.image_names import CROPS, crop_size, widths_of
from pressroom_render.pictures import Unreadable, covering_size, cut, focus_of, look_at, resized, shrunk

WEBP_QUALITY, JPEG_QUALITY, BLUR_QUALITY = 76, 80, 20
WEBP_EFFORT = 3
BLUR_WIDTH = 16
HEIGHT_MAX = 8_000


@dataclass(frozen=True, slots=True)
class Developed:
    """All files of one picture, by the ends of their names, and what a page must know to name them."""

    width: int
    height: int
    focal_point: tuple[float, float]
    placeholder: str
    files: dict[str, bytes]


def develop(body: bytes, focal_point: tuple[float, float] | None) -> Developed:
    """Make every file of a picture. Raises `Unreadable`."""
    look = look_at(body)
    widths = widths_of(look.width)
    if _scaled(look.height, widths[-1], look.width) > HEIGHT_MAX:
        raise Unreadable(
            f"The picture is {look.width} × {look.height} pixels: too high and narrow to be shown smaller."
        )
    large = shrunk(body, look, widths[-1], _scaled(look.height, widths[-1], look.width))
    focus = focal_point or focus_of(large)
    files: dict[str, bytes] = {}
    for width in widths:
        image = large if width == large.width else resized(large, width, _scaled(look.height, width, look.width))
        files[f"{width}.webp"] = image.webpsave_buffer(Q=WEBP_QUALITY, effort=WEBP_EFFORT, keep="none")
        files[f"{width}.jpg"] = _jpeg(image)
    for name in CROPS:
        size = crop_size(look.width, look.height, name)
        files[f"{name}.jpg"] = _jpeg(cut(resized(large, *covering_size(large, *size)), *size, focus))
    return Developed(look.width, look.height, focus, _blur(large), files)


def _scaled(height: int, width: int, full: int) -> int:
    return max(1, round(height * width / full))


def _jpeg(image: Any) -> bytes:
    body: bytes = image.jpegsave_buffer(Q=JPEG_QUALITY, interlace=True, optimize_coding=True, keep="none")
    return body


def _blur(image: Any) -> str:
    small = resized(image, BLUR_WIDTH, min(BLUR_WIDTH * 2, _scaled(image.height, BLUR_WIDTH, image.width)))
    body = small.webpsave_buffer(Q=BLUR_QUALITY, effort=6, keep="none")
    return f"data:image/webp;base64,{base64.b64encode(body).decode()}"
