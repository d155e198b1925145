"""Draws a card: type on paper, or on its lead picture with a scrim that keeps the type readable.

Runs in a process of its own (`drawers`): what a picture does to it, it does to that process alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pressroom_render.card_fonts import sans, serif
from pressroom_render.card_text import Face, Set, fit
from pressroom_render.cards import Card

import pyvips  # isort: skip  (`card_text` has told fontconfig where the fonts are)

WIDTH, HEIGHT = 1200, 630
MARGIN = 72
INNER = WIDTH - 2 * MARGIN
JPEG_QUALITY = 82
PIXELS_MAX = 100_000_000

PAPER, INK, SOFT, WHITE, SCRIM = (255, 255, 255), (21, 23, 26), (86, 90, 96), (255, 255, 255), (11, 12, 14)
TAB = (72, 6)
SCRIM_MIN = 0.62
CONTRAST_MIN = 5.0
"""A little more than WCAG's 4.5, for what JPEG does to thin strokes."""

SIZES_PAPER = (104, 96, 88, 80, 74, 68, 62, 56, 52, 48, 44, 40, 36, 32, 28)
SIZES_PICTURE = (76, 70, 64, 58, 54, 50, 46, 42, 38, 34, 30, 28)
LINES_MAX = 4
LABEL_PX, BYLINE_PX, NAME_PX = 25, 25, 34
TALL = frozenset({"ar", "fa", "ur", "hi", "mr", "ne", "th", "bn", "ta", "te"})
"""Languages whose marks stand high above and deep below the line."""

TOO_SMALL = (
    "The lead picture is {width} × {height} pixels, too small for a social card; one of at least 1200 × 630 is sharp."
)
UNREADABLE = "The lead picture cannot be read, so the card is drawn without it. Upload it again as JPEG, PNG or WebP."


@dataclass(frozen=True, slots=True)
class Drawing:
    """A card in both formats, and a sentence for the editor when something is to be done."""

    jpeg: bytes
    png: bytes
    warning: str = ""


@dataclass(slots=True)
class Sheet:
    """A picture and what is to be drawn on it, in order; x is mirrored on a right-to-left card."""

    base: Any
    rtl: bool
    marks: list[tuple[Any, ...]] = field(default_factory=list)

    def text(self, found: Set, colour: tuple[int, ...], y: float, *, end: bool = False) -> None:
        """Put a text at the line's start, or at its end; `y` is the top of its first line."""
        x = WIDTH - MARGIN - found.mask.width if self.rtl != end else MARGIN
        self.marks.append((colour, found.mask, x, round(y) + found.top))

    def bar(self, colour: tuple[int, ...], x: int, y: float, width: int, height: int) -> None:
        self.marks.append((colour, None, WIDTH - x - width if self.rtl else x, round(y), width, height))

    def image(self) -> Any:
        drawn = self.base
        for colour, mask, *place in self.marks:
            if mask is None:
                drawn = drawn.draw_rect(list(colour), *place, fill=True)
            else:
                drawn = drawn.draw_mask(list(colour), mask, *place)
        return drawn


def draw(card: Card, image: bytes | None) -> Drawing:
    """The card, with its lead picture's bytes if there is one. A picture that cannot be read is left away."""
    picture, warning = _picture(image, card.focal_point) if image else (None, "")
    sheet = _on_paper(card) if picture is None else _on_picture(card, picture)
    drawn = sheet.image()
    jpeg = drawn.jpegsave_buffer(Q=JPEG_QUALITY, interlace=True, optimize_coding=True, keep="none")
    return Drawing(jpeg, drawn.pngsave_buffer(compression=6, keep="none"), warning)


def _on_paper(card: Card) -> Sheet:
    rtl = card.direction == "rtl"
    sheet = Sheet(pyvips.Image.black(WIDTH, HEIGHT, bands=3).copy(interpretation="srgb") + list(PAPER), rtl)
    sheet.base = sheet.base.cast("uchar")
    colour = _rgb(card.colours[0])
    sheet.text(_line(card.newspaper, _headline_face(card, "Semi-Bold"), NAME_PX, card, 700), INK, 44)
    sheet.text(_line(card.date, _label_face(card), BYLINE_PX, card, 340), SOFT, 54, end=True)
    sheet.bar(INK, MARGIN, 104, INNER, 2)
    sheet.bar(colour, MARGIN, 106, *TAB)
    label = _line(card.label, _label_face(card, "Semi-Bold"), LABEL_PX, card, INNER)
    sheet.text(label, colour, 132)
    headline = _fitted(card, SIZES_PAPER, 345)
    sheet.text(headline, INK, 178 + (345 - headline.height_px) * 0.35)
    if card.byline:
        sheet.text(_line(card.byline, _label_face(card, "Semi-Bold"), BYLINE_PX, card, INNER), INK, 548)
    return sheet


def _on_picture(card: Card, picture: Any) -> Sheet:
    headline = _fitted(card, SIZES_PICTURE, 270)
    foot = HEIGHT - 84
    top = foot - 14 - headline.height_px
    line = top - 56
    sheet = Sheet(_scrimmed(picture, round(line) - 16), card.direction == "rtl")
    sheet.bar(WHITE, MARGIN, line, INNER, 1)
    sheet.bar(_rgb(card.colours[1]), MARGIN, line, *TAB)
    label = _line(card.label, _label_face(card, "Semi-Bold"), LABEL_PX, card, 600)
    sheet.text(label, WHITE, line + 14)
    sheet.text(_line(card.newspaper, _headline_face(card, "Semi-Bold"), 28, card, 420), WHITE, line + 12, end=True)
    sheet.text(headline, WHITE, top)
    byline = " · ".join(each for each in (card.byline, card.date) if each)
    sheet.text(_line(byline, _label_face(card), BYLINE_PX, card, INNER), WHITE, foot)
    return sheet


def _fitted(card: Card, sizes_px: tuple[int, ...], height_px: float) -> Set:
    face = _headline_face(card, "Normal" if card.layout == "opinion" else "Semi-Bold")
    return fit(
        card.headline,
        face,
        width_px=INNER,
        height_px=height_px,
        sizes_px=sizes_px,
        lines_max=LINES_MAX,
        rtl=card.direction == "rtl",
    )


def _line(text: str, face: Face, size_px: int, card: Card, width_px: float) -> Set:
    """One line, cut at its end when it is too long."""
    return fit(
        text,
        face,
        width_px=width_px,
        height_px=size_px * face.leading,
        sizes_px=(size_px,),
        lines_max=1,
        rtl=card.direction == "rtl",
    )


def _headline_face(card: Card, weight: str) -> Face:
    tall = card.language.partition("-")[0].lower() in TALL
    return Face(serif(card.language), weight, 1.5 if tall else 1.1, " @opsz=60")


def _label_face(card: Card, weight: str = "Normal") -> Face:
    return Face(sans(card.language), weight, 1.4)


def _picture(body: bytes, focal_point: tuple[float, float] | None) -> tuple[Any, str]:
    """The picture cut to the card's shape about its focal point, in memory."""
    try:
        header = pyvips.Image.new_from_buffer(body, "")
        if header.width * header.height > PIXELS_MAX:
            return None, UNREADABLE
        header = header.autorot()
        width, height = header.width, header.height
        scale = max(WIDTH / width, HEIGHT / height)
        options: dict[str, Any] = {"height": round(height * scale) + 1, "size": "both", "fail_on": "error"}
        small = pyvips.Image.thumbnail_buffer(body, round(width * scale) + 1, output_profile="srgb", **options)
        small = small.colourspace("srgb")
        small = small.flatten(background=list(PAPER)) if small.hasalpha() else small
        x, y = focal_point or (0.5, 0.4)
        left = min(max(round(x * small.width - WIDTH / 2), 0), small.width - WIDTH)
        top = min(max(round(y * small.height - HEIGHT / 2), 0), small.height - HEIGHT)
        picture = small.crop(left, top, WIDTH, HEIGHT).copy_memory()
    except pyvips.Error:
        return None, UNREADABLE
    small_warning = TOO_SMALL.format(width=width, height=height) if width < WIDTH or height < HEIGHT else ""
    return picture, small_warning


def _scrimmed(picture: Any, top: int) -> Any:
    """Darken the picture below `top` as much as white type needs there, and no more; fade in above."""
    top = max(0, min(top, HEIGHT - 1))
    under = picture.crop(0, top, WIDTH, HEIGHT - top).shrink(6, 6)
    alpha = max(SCRIM_MIN, _needed(under.max()))
    fade = max(1, min(top, 190))
    column = bytearray(HEIGHT)
    for y in range(HEIGHT):
        step = min(1.0, max(0.0, (y - (top - fade)) / fade))
        column[y] = round(255 * alpha * step * step * (3 - 2 * step))
    mask = pyvips.Image.new_from_memory(bytes(column), 1, HEIGHT, 1, "uchar").zoom(WIDTH, 1)
    dark = (picture * 0 + list(SCRIM)).cast("uchar")
    return mask.ifthenelse(dark, picture, blend=True)


def _needed(brightest: float) -> float:
    """The scrim's share over a grey of this value (0 to 255) that leaves white type `CONTRAST_MIN`."""
    luminance = 1.05 / CONTRAST_MIN - 0.05
    grey: float = 255 * (1.055 * luminance ** (1 / 2.4) - 0.055)
    return min(1.0, max(0.0, (brightest - grey) / max(1.0, brightest - SCRIM[0])))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
