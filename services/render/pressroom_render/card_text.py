"""Text as masks: set by Pango in any script, fitted to a box, and its lines balanced. Emoji keep their own colours."""

from __future__ import annotations

import html
import math
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from pressroom_render.card_fonts import use_fonts

use_fonts()
import pyvips  # noqa: E402  (fontconfig must know its file first)

PROBE_PX = 32
"""Lines are tried at this size: advances grow with the size (no hinting), and small ones are cheap."""
PROBE_LEADING_PX = 128
OVERHANG = 1.01
"""A line's ink may stand out of its box by so much: letters overhang, and Pango rounds."""
BALANCE_STEPS = 6
WIDER = (1.0, 1.02, 1.05, 1.1, 2.0)
WITHOUT_END_PX = 100_000
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Face:
    """Families, weight and line height of a text."""

    families: str
    weight: int
    leading: float
    """Line height as a multiple of the size."""
    variations: str = ""

    def at(self, size_px: float) -> str:
        return f"{self.families} {size_px:g}px{self.variations}"


@dataclass(frozen=True, slots=True)
class Emoji:
    """The parts of a text that have colours of their own."""

    own: Any
    """Their colours; black elsewhere."""
    ink: Any
    """Which share of each pixel takes the text's colour, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Set:
    """A text that has been set: a mask of its ink, and where that begins below the top of its box."""

    text: str
    face: Face
    size_px: float
    mask: Any
    top: int
    lines: int
    cut: bool = False
    emoji: Emoji | None = None

    @property
    def ink(self) -> Any:
        """The mask of what takes the text's colour."""
        return self.mask if self.emoji is None else (self.mask * self.emoji.ink).cast("uchar")

    def painted(self, colour: tuple[int, int, int]) -> Any:
        """What is seen through the mask: the colour, and the emoji's own where they are."""
        if self.emoji is None:
            return list(colour)
        return (self.emoji.own + self.emoji.ink * list(colour)).cast("uchar")

    @property
    def height_px(self) -> float:
        return self.lines * self.size_px * self.face.leading


def set_text(text: str, face: Face, size_px: float, *, width_px: float, rtl: bool) -> Set:
    """Set a text in a box of this width; the box is as high as its lines."""
    leading = size_px * face.leading
    mask = _layout(text, face, size_px, width_px, leading, rtl=rtl)
    top = int(mask.get("yoffset"))
    lines = max(1, round((top + mask.height) / leading + 0.2))
    emoji = _emoji(text, face, size_px, width_px, leading, rtl=rtl) if _may_have_colours(text) else None
    return Set(text, face, size_px, mask, top, lines, emoji=emoji)


def line(text: str, face: Face, size_px: float, *, width_px: float, rtl: bool) -> Set:
    """One line of this size, cut at its end when it is too long."""

    def set_one(words: str) -> Set:
        return set_text(words, face, size_px, width_px=WITHOUT_END_PX, rtl=rtl)

    found = set_one(text)
    if found.mask.width <= width_px:
        return found
    return replace(set_one(_cut(text, lambda words: set_one(words).mask.width <= width_px)), cut=True)


def fit(
    text: str, face: Face, *, width_px: float, height_px: float, sizes_px: tuple[int, ...], lines_max: int, rtl: bool
) -> Set:
    """The text as large as it goes, in lines of about the same length. Cut at a word when no size is small enough."""

    def fits(words: str, size: int) -> bool:
        scaled = width_px * PROBE_PX / size
        width, lines = _probe(words, face, scaled, rtl=rtl)
        return width <= scaled * OVERHANG and lines <= lines_max and lines * size * face.leading <= height_px

    low, high = 0, len(sizes_px) - 1  # sizes fall; the first that fits
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(text, sizes_px[middle]) else (middle + 1, high)
    size = sizes_px[low]
    cut = not fits(text, size)
    if cut:
        text = _cut(text, lambda words: fits(words, size))
    while True:
        found = _set_balanced(text, face, size, width_px, rtl=rtl)
        fitted = (
            found.lines <= lines_max and found.height_px <= height_px + 1 and found.mask.width <= width_px * OVERHANG
        )
        if fitted or size == sizes_px[-1]:
            return replace(found, cut=cut)
        size = sizes_px[sizes_px.index(size) + 1]


def _set_balanced(text: str, face: Face, size: float, width_px: float, *, rtl: bool) -> Set:
    """Set at the balanced width. A probe rounds each letter's advance, so a little more may be needed."""
    scale = size / PROBE_PX
    balanced = _balanced(text, face, width_px / scale, rtl=rtl)
    lines = _probe(text, face, balanced, rtl=rtl)[1]
    for wider in WIDER:
        width = min(balanced * scale * wider, width_px)
        found = set_text(text, face, size, width_px=width, rtl=rtl)
        if found.lines <= lines and found.mask.width <= width * OVERHANG:
            break
    return found


def _balanced(text: str, face: Face, width: float, *, rtl: bool) -> float:
    """The narrowest box that takes no more lines: the last one is then not a lone word."""
    _, lines = _probe(text, face, width, rtl=rtl)
    if lines == 1:
        return width
    low, high = width * 0.5, width
    for _ in range(BALANCE_STEPS):
        middle = (low + high) / 2
        found, count = _probe(text, face, middle, rtl=rtl)
        low, high = (low, middle) if count <= lines and found <= middle * OVERHANG else (middle, high)
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


def _may_have_colours(text: str) -> bool:
    return any(char in "\ufe0f\u20e3" or unicodedata.category(char) == "So" for char in text)


def _emoji(text: str, face: Face, size_px: float, width: float, leading: float, *, rtl: bool) -> Emoji | None:
    """Set in black and in white: where the two differ, it is ink. None when all of it is."""
    black, white = (
        _layout(text, face, size_px, width, leading, rtl=rtl, colour=each)[:3] for each in ("#000000", "#ffffff")
    )
    ink = ((white - black) / 255)[1].copy_memory()
    return Emoji(black.copy_memory(), ink) if black.max() > 0 else None


def _layout(text: str, face: Face, size_px: float, width: float, leading: float, *, rtl: bool, colour: str = "") -> Any:
    """The mask; with a colour, the text in it and its emoji in theirs."""
    mark = "\u200f" if rtl else "\u200e"  # the article's direction, whatever letter comes first
    attributes = f'weight="{face.weight}" line_height="{round(leading * 1024)}"'
    attributes += f' foreground="{colour}"' if colour else ""
    markup = f"<span {attributes}>{mark}{html.escape(text, quote=False)}</span>"
    options = {"width": max(1, round(width)), "dpi": 72, "wrap": "word", "rgba": bool(colour)}
    return pyvips.Image.text(markup, font=face.at(size_px), **options)


def mask_of(logo: bytes, name: str, height_px: float, width_px: float) -> Set:
    """A logo's shape as if it were a text: where it is opaque, or dark where it has no alpha."""
    image = pyvips.Image.thumbnail_buffer(logo, round(width_px), height=round(height_px))
    mask = image[image.bands - 1] if image.hasalpha() else image.colourspace("b-w")[0].invert()
    return Set(name, Face("", 400, 1.0), height_px, mask.cast("uchar").copy_memory(), 0, 1)
