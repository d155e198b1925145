"""Draws a card, with its lead picture where that can be used.

Runs in a process of its own (`drawers`): what a picture does to it, it does to that process alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pressroom_render.card_glyphs import missing
from pressroom_render.card_layouts import FACE, lay_out, shape_of
from pressroom_render.card_lint import lint
from pressroom_render.card_sheet import HEIGHT, WIDTH, Sheet, jpeg_of, png_of
from pressroom_render.cards import Card
from pressroom_render.pictures import Look, Unreadable, covering, look_at

ENLARGED_MAX = 2.5
"""A picture that would have to be enlarged more is left away: type on paper is better than a blur."""

TOO_SMALL = "The lead picture is {width} × {height} pixels, too small for a social card; one of {at_least} is sharp."
BOXES = "The card shows boxes instead of {boxes}: none of its fonts has them. Give it a title of its own (`social`)."
FACE_SMALL = "The author's picture is {width} × {height} pixels, too small for the card, which is drawn without it."
FACE_UNREADABLE = "The author's picture cannot be used, so the card is drawn without it. {reason}"
UNREADABLE = "The lead picture cannot be used, so the card is drawn without it. {reason} Upload another one."


@dataclass(frozen=True, slots=True)
class Drawing:
    """A card in both formats, and a sentence for the editor when something is to be done."""

    jpeg: bytes
    png: bytes
    warning: str = ""


def draw(card: Card, image: bytes | None, face: bytes | None = None) -> Drawing:
    """The card, with its lead picture's and its author's bytes. A picture that cannot be used is left away."""
    sheet, warning = laid_out(card, image, face)
    drawn = sheet.base.copy_memory()
    boxes = missing(card.headline + card.byline)
    warnings = [warning, BOXES.format(boxes=" ".join(boxes)) if boxes else ""]
    return Drawing(jpeg_of(drawn), png_of(drawn), " ".join(each for each in warnings if each))


def preview(card: Card, image: bytes | None, face: bytes | None = None) -> tuple[bytes, list[str]]:
    """The JPEG alone, and everything that is to be said about it: the warning, and what `lint` finds."""
    sheet, warning = laid_out(card, image, face)
    return jpeg_of(sheet.base), [*([warning] if warning else []), *lint(sheet)]


def laid_out(card: Card, image: bytes | None, face: bytes | None = None) -> tuple[Sheet, str]:
    """The card before it is encoded, and the warning."""
    picture, warning = _picture(card, image) if image else (None, "")
    portrait, other = _portrait(card, face) if face and card.layout == "opinion" else (None, "")
    return lay_out(card, picture, portrait), " ".join(each for each in (warning, other) if each)


def _picture(card: Card, body: bytes) -> tuple[Any, str]:
    """The picture in the shape that the card takes, and what is wrong with it."""
    width, height = shape_of(card)
    try:
        look = look_at(body)
        if max(width / look.width, height / look.height) > ENLARGED_MAX:
            return None, _too_small(look)
        picture = covering(body, look, width, height, card.focal_point)
    except Unreadable as error:
        return None, UNREADABLE.format(reason=error)
    return picture, _too_small(look) if look.width < width or look.height < height else ""


def _portrait(card: Card, body: bytes) -> tuple[Any, str]:
    """The author's picture, square, and what is wrong with it."""
    try:
        look = look_at(body)
        if FACE / min(look.width, look.height) > ENLARGED_MAX:
            return None, FACE_SMALL.format(width=look.width, height=look.height)
        return covering(body, look, FACE, FACE, card.portrait_focus), ""
    except Unreadable as error:
        return None, FACE_UNREADABLE.format(reason=error)


def _too_small(look: Look) -> str:
    return TOO_SMALL.format(width=look.width, height=look.height, at_least=f"{WIDTH} × {HEIGHT}")
