"""Text as masks: set by Pango in any script, fitted to a box, and its lines balanced."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import Any

from pressroom_render.card_fonts import use_fonts

use_fonts()
import pyvips  # noqa: E402  (fontconfig must know its file first)

PROBE_PX = 24
"""Lines are tried at this size: advances grow with the size (no hinting), and small ones are cheap."""
PROBE_LEADING_PX = 96
BALANCE_STEPS = 6
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Face:
    """Families, weight and line height of a text."""

    families: str
    weight: str
    leading: float
    variations: str = ""

    def at(self, size_px: float) -> str:
        return f"{self.families} {self.weight} {size_px:g}px{self.variations}"


@dataclass(frozen=True, slots=True)
class Set:
    """A text that has been set: a mask, where its ink begins in its box, and how much it takes."""

    mask: Any
    left: int
    top: int
    width_px: float
    height_px: float
    lines: int


def set_text(text: str, face: Face, size_px: float, *, width_px: float, rtl: bool) -> Set:
    """Set a text in a box of this width; the box is as high as its lines."""
    leading = size_px * face.leading
    mask = _layout(text, face, size_px, width_px, leading, rtl=rtl)
    top = int(mask.get("yoffset"))
    lines = max(1, round((top + mask.height) / leading + 0.2))
    return Set(mask, int(mask.get("xoffset")), top, mask.width, lines * leading, lines)


def fit(
    text: str, face: Face, *, width_px: float, height_px: float, sizes_px: tuple[int, ...], lines_max: int, rtl: bool
) -> Set:
    """The text as large as it goes, in lines of about the same length. Cut at a word when no size is small enough."""

    def fits(words: str, size: int) -> bool:
        scaled = width_px * PROBE_PX / size
        width, lines = _probe(words, face, scaled, rtl=rtl)
        return width <= scaled + 0.5 and lines <= lines_max and lines * size * face.leading <= height_px

    low, high = 0, len(sizes_px) - 1  # sizes fall; the first that fits
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(text, sizes_px[middle]) else (middle + 1, high)
    size = sizes_px[low]
    if not fits(text, size):
        text = _cut(text, lambda words: fits(words, size))
    width = _balanced(text, face, width_px * PROBE_PX / size, rtl=rtl) * size / PROBE_PX
    wanted = _probe(text, face, width_px * PROBE_PX / size, rtl=rtl)[1]
    found = set_text(text, face, size, width_px=width, rtl=rtl)
    return found if found.lines <= wanted else set_text(text, face, size, width_px=width_px, rtl=rtl)


def _balanced(text: str, face: Face, width: float, *, rtl: bool) -> float:
    """The narrowest box that takes no more lines: the last one is then not a lone word."""
    _, lines = _probe(text, face, width, rtl=rtl)
    if lines == 1:
        return width
    low, high = width * 0.5, width
    for _ in range(BALANCE_STEPS):
        middle = (low + high) / 2
        found, count = _probe(text, face, middle, rtl=rtl)
        low, high = (low, middle) if count <= lines and found <= middle + 0.5 else (middle, high)
    return high


def _cut(text: str, fits: Any) -> str:
    """The longest beginning that fits with an ellipsis; at a word's end in scripts that have spaces."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(_shortened(text, middle)) else (low, middle - 1)
    return _shortened(text, low)


def _shortened(text: str, chars: int) -> str:
    start = text[:chars]
    words = start.rpartition(" ")[0]
    return (words if len(words) > chars * 0.6 else start).rstrip(" ,;:–—-") + ELLIPSIS


def _probe(text: str, face: Face, width: float, *, rtl: bool) -> tuple[float, int]:
    """How wide and how many lines the text is at the probe's size. Wide leading makes the count unmistakable."""
    mask = _layout(text, face, PROBE_PX, width, PROBE_LEADING_PX, rtl=rtl)
    bottom = int(mask.get("yoffset")) + mask.height
    return mask.width, max(1, math.ceil((bottom - PROBE_LEADING_PX * 0.1) / PROBE_LEADING_PX))


def _layout(text: str, face: Face, size_px: float, width: float, leading: float, *, rtl: bool) -> Any:
    mark = "\u200f" if rtl else "\u200e"  # the article's direction, whatever letter comes first
    markup = f'<span line_height="{round(leading * 1024)}">{mark}{html.escape(text, quote=False)}</span>'
    return pyvips.Image.text(markup, font=face.at(size_px), width=max(1, round(width)), dpi=72, wrap="word")
