"""A card while it is being laid out: a ground, and the texts and bars that come on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pressroom_render.card_breaks import breakable
from pressroom_render.card_fonts import sans, serif
from pressroom_render.card_text import Face, Set, fit, line
from pressroom_render.cards import Card
from pressroom_render.labels import primary

import pyvips  # isort: skip  (`card_text` has told fontconfig where the fonts are)

WIDTH, HEIGHT = 1200, 630
MARGIN = 72
LINES_MAX = 4
JPEG_QUALITY = 82
PNG_COMPRESSION = 3
"""Level 6 takes 60 % longer and saves 4 %."""

TALL = frozenset({"ar", "fa", "ur", "ps", "hi", "mr", "ne", "th", "bn", "ta", "te", "my", "km", "lo"})
"""Languages whose marks stand high above and deep below the line."""
DENSE = frozenset({"ja", "ko", "zh"})
"""Their letters fill the whole square, and want more air between lines than Latin ones."""

Colour = tuple[int, int, int]


def rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ground(colour: Colour) -> Any:
    plain = pyvips.Image.black(WIDTH, HEIGHT, bands=3) + list(colour)
    return plain.cast("uchar").copy(interpretation="srgb")


@dataclass(frozen=True, slots=True)
class Placed:
    """A text where it stands: its ink's top left corner, and its colour."""

    found: Set
    colour: Colour
    x: int
    y: int

    @property
    def right(self) -> int:
        return self.x + int(self.found.mask.width)

    @property
    def bottom(self) -> int:
        return self.y + int(self.found.mask.height)


@dataclass(slots=True)
class Sheet:
    """Positions are given for left-to-right cards; x is mirrored on the others."""

    card: Card
    base: Any
    texts: list[Placed] = field(default_factory=list)

    @property
    def rtl(self) -> bool:
        return self.card.direction == "rtl"

    def text(self, found: Set, colour: Colour, y: float, *, x: int = MARGIN, right: int | None = None) -> None:
        """Put a text with its first line's box at `y`, from `x` on; or ending at `right`."""
        if not found.text:
            return
        width = int(found.mask.width)
        left = x if right is None else right - width
        placed = Placed(found, colour, WIDTH - left - width if self.rtl else left, round(y) + found.top)
        self.texts.append(placed)
        self._paint(found.mask, found.painted(colour), placed.x, placed.y)

    def bar(self, colour: Colour, x: int, y: float, width: int, height: int) -> None:
        full = pyvips.Image.black(width, height) + 255
        self._paint(full.cast("uchar"), list(colour), WIDTH - x - width if self.rtl else x, round(y))

    def dot(self, colour: Colour, x: int, y: float, size: int) -> None:
        """A disc, drawn four times as large and shrunk, for smooth edges."""
        large = pyvips.Image.black(size * 4, size * 4).draw_circle([255], size * 2, size * 2, size * 2 - 2, fill=True)
        self._paint(large.shrink(4, 4).cast("uchar"), list(colour), WIDTH - x - size if self.rtl else x, round(y))

    def face(self, portrait: Any, x: int, y: float, size: int) -> None:
        """A person's picture, round."""
        square = portrait if portrait.width == size else portrait.thumbnail_image(size).copy_memory()
        large = pyvips.Image.black(size * 4, size * 4).draw_circle([255], size * 2, size * 2, size * 2 - 2, fill=True)
        mask = large.shrink(4, 4).cast("uchar")
        left, top = WIDTH - x - size if self.rtl else x, round(y)
        behind = self.base.crop(left, top, size, size)
        self.base = self.base.insert(mask.ifthenelse(square, behind, blend=True), left, top)

    def image(self, picture: Any, x: int) -> None:
        """A picture as high as the card."""
        self.base = self.base.insert(picture, WIDTH - x - picture.width if self.rtl else x, 0)

    def headline(self, sizes_px: tuple[int, ...], width_px: float, height_px: float) -> Set:
        """The headline, as large as it goes there. Opinion is lighter than news."""
        style = self.card.style
        weight = style.opinion_weight if self.card.layout == "opinion" else style.weight
        face = Face(serif(style.headline, self.card.language), weight, self._leading(), " @opsz=60")
        text = breakable(self.card.headline, self.card.language)
        return fit(
            text,
            face,
            width_px=width_px,
            height_px=height_px,
            sizes_px=sizes_px,
            lines_max=LINES_MAX,
            rtl=self.rtl,
        )

    def serif(self, text: str, size_px: int, width_px: float, *, weight: int = 600) -> Set:
        face = Face(serif(self.card.style.headline, self.card.language), weight, self._leading(), " @opsz=30")
        return line(text, face, size_px, width_px=width_px, rtl=self.rtl)

    def sans(self, text: str, size_px: int, width_px: float, *, weight: int = 400) -> Set:
        """One line, cut at its end when it is too long."""
        face = Face(sans(self.card.style.label, self.card.language), weight, 1.4)
        return line(text, face, size_px, width_px=width_px, rtl=self.rtl)

    def _leading(self) -> float:
        language = primary(self.card.language)
        return 1.5 if language in TALL else 1.25 if language in DENSE else 1.1

    def _paint(self, mask: Any, paint: Any, x: int, y: int) -> None:
        """Blend a colour or a picture in; only the mask's box is touched. What lies outside the card is not drawn."""
        left, top = max(x, 0), max(y, 0)
        width, height = min(x + mask.width, WIDTH) - left, min(y + mask.height, HEIGHT) - top
        if width <= 0 or height <= 0:
            return
        mask = mask.crop(left - x, top - y, width, height)
        paint = paint if isinstance(paint, list) else paint.crop(left - x, top - y, width, height)
        painted = mask.ifthenelse(paint, self.base.crop(left, top, width, height), blend=True)
        self.base = self.base.insert(painted, left, top)


def jpeg_of(drawn: Any) -> bytes:
    body: bytes = drawn.jpegsave_buffer(Q=JPEG_QUALITY, interlace=True, optimize_coding=True, keep="none")
    return body


def png_of(drawn: Any) -> bytes:
    body: bytes = drawn.pngsave_buffer(compression=PNG_COMPRESSION, keep="none")
    return body
