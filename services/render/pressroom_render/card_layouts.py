"""The forms of a card: type on paper, on a picture under a scrim, beside a picture in a column.

One device repeats, as on the pages: the tab in the section's colour on a rule.
"""

from __future__ import annotations

from typing import Any

import pyvips

from pressroom_render.card_sheet import HEIGHT, MARGIN, WIDTH, Colour, Sheet, ground, rgb
from pressroom_render.card_text import mask_of
from pressroom_render.cards import Card

INNER = WIDTH - 2 * MARGIN
WHITE: Colour = (255, 255, 255)
TAB = (72, 6)
EDGE = 10
"""The bar at the start of a live or corrected article's card."""
BAND = 84
"""The bar across the top of breaking news."""
COLUMN = 432
"""The picture beside the text."""
FACE, FACE_SMALL, FACE_TINY = 336, 112, 56
"""An author's picture: beside the text, beside the name, in the foot of a picture."""

SIZES_PAPER = (108, 100, 92, 84, 76, 70, 64, 58, 52, 48, 44, 40, 36, 32, 29)
SIZES_PICTURE = (80, 74, 68, 62, 56, 52, 48, 44, 40, 36, 32, 29)
SIZES_COLUMN = (76, 70, 64, 58, 54, 50, 46, 42, 38)
SIZES_OPINION = (104, 96, 88, 82, *SIZES_COLUMN, 34, 30)
SMALL = 25
NAME = 32

SCRIM_MIN, SCRIM_FOOT = 0.6, 0.9
CONTRAST_MIN = 5.0
"""A little more than WCAG's 4.5, for what JPEG does to thin strokes."""


def lay_out(card: Card, picture: Any, portrait: Any = None) -> Sheet:
    """The card with its picture, which is given in the shape of `shape_of(card)`; None: without.

    `portrait` is the author's, a square of `FACE` pixels; the layout of an opinion shows it.
    """
    form = card.style.form(card.layout)
    if picture is None or form == "paper":
        return _paper(card, portrait)
    if form == "column":
        return _column(card, picture, portrait) or _paper(card, portrait)
    return _picture(card, picture, portrait)


def shape_of(card: Card) -> tuple[int, int]:
    """Width and height of the picture that the card's form takes."""
    return (COLUMN, HEIGHT) if card.style.form(card.layout) == "column" else (WIDTH, HEIGHT)


def _paper(card: Card, portrait: Any) -> Sheet:
    if portrait is not None and (beside := _beside_face(card, portrait)):
        return beside
    sheet = Sheet(card, ground(_ground(card)))
    top = _breaking(sheet) if card.layout == "breaking" else _masthead(sheet, INNER)
    if card.layout == "opinion":
        _opinion(sheet, INNER, top, SIZES_OPINION, portrait)
        return sheet
    _label(sheet, top + 22, rgb(card.colours[0]), rgb(card.colours[0]))
    room = HEIGHT - 106 - (top + 78)
    headline = sheet.headline(SIZES_PAPER, INNER, room)
    sheet.text(headline, _ink(card), top + 78 + (room - headline.height_px) * 0.38)
    _foot(sheet, INNER, _ink(card), rgb(card.style.soft))
    _edge(sheet, rgb(card.colours[0]))
    return sheet


def _beside_face(card: Card, portrait: Any) -> Sheet | None:
    """An opinion beside a large picture of its author. None when the headline is too long for that."""
    sheet = Sheet(card, ground(_ground(card)))
    top = _masthead(sheet, INNER)
    fitted = _opinion(sheet, INNER - FACE - 56, top, SIZES_COLUMN, None)
    sheet.face(portrait, WIDTH - MARGIN - FACE, top + (HEIGHT - top - FACE) / 2, FACE)
    return sheet if fitted else None


def _picture(card: Card, picture: Any, portrait: Any) -> Sheet:
    sheet = Sheet(card, picture)
    foot = HEIGHT - 80
    headline = sheet.headline(SIZES_PICTURE, INNER, 296)
    top = foot - 16 - headline.height_px
    line = round(top - 72)
    sheet.base = _scrimmed(picture, line - 8, rgb(card.style.scrim))
    dark = rgb(card.colours[1])
    if card.layout == "breaking":
        _breaking(sheet)
    else:
        _name(sheet, WHITE, line + 15, 27, right=WIDTH - MARGIN)
    sheet.bar(WHITE, MARGIN, line, INNER, 1)
    sheet.bar(dark, MARGIN, line, *TAB)
    _label(sheet, line + 16, WHITE, dark)
    sheet.text(headline, WHITE, top)
    start = MARGIN
    if portrait is not None:
        sheet.face(portrait, MARGIN, foot - 10, FACE_TINY)
        start += FACE_TINY + 18
    sheet.text(sheet.sans(_joined(card.byline, card.date), SMALL, INNER + MARGIN - start), WHITE, foot, x=start)
    _edge(sheet, dark)
    return sheet


def _column(card: Card, picture: Any, portrait: Any) -> Sheet | None:
    """None when the headline is too long for it."""
    sheet = Sheet(card, ground(_ground(card)))
    width = WIDTH - COLUMN - MARGIN - 52
    top = _masthead(sheet, width)
    if card.layout == "opinion":
        fitted = _opinion(sheet, width, top, SIZES_COLUMN, portrait)
    else:
        _label(sheet, top + 22, rgb(card.colours[0]), rgb(card.colours[0]))
        room = HEIGHT - 106 - (top + 78)
        headline = sheet.headline(SIZES_COLUMN, width, room)
        fitted = not headline.cut
        sheet.text(headline, _ink(card), top + 78 + (room - headline.height_px) * 0.38)
        _foot(sheet, width, _ink(card), rgb(card.style.soft))
    sheet.image(picture, WIDTH - COLUMN)
    _edge(sheet, rgb(card.colours[0]))
    return sheet if fitted else None


def _opinion(sheet: Sheet, width: int, top: int, sizes: tuple[int, ...], portrait: Any) -> bool:
    """The author first, in the section's colour; then a light headline. Says whether that fitted uncut."""
    card, colour = sheet.card, rgb(sheet.card.colours[0])
    if portrait is None:
        author = sheet.serif(card.byline, 42, width)
        sheet.text(author, colour, top + 34)
        start = top + 58 + (author.height_px if card.byline else 0)
    else:
        indent = FACE_SMALL + 24
        author = sheet.serif(card.byline, 42, width - indent)
        sheet.face(portrait, MARGIN, top + 26, FACE_SMALL)
        sheet.text(author, colour, top + 26 + (FACE_SMALL - author.height_px) / 2, x=MARGIN + indent)
        start = top + 26 + FACE_SMALL + 18
    room = HEIGHT - 96 - start
    headline = sheet.headline(sizes, width, room)
    sheet.text(headline, _ink(card), start + (room - headline.height_px) * 0.25)
    sheet.text(sheet.sans(_joined(card.label, card.date), SMALL, width), rgb(card.style.soft), HEIGHT - 84)
    return not headline.cut


def _masthead(sheet: Sheet, width: int) -> int:
    """The newspaper's name above a rule with the tab. Answers where the rule is."""
    card = sheet.card
    _name(sheet, _ink(card), 44, NAME, x=MARGIN, width=width)
    sheet.bar(_ink(card), MARGIN, 104, width, 1)
    sheet.bar(rgb(card.colours[0]), MARGIN, 104, *TAB)
    return 104


def _breaking(sheet: Sheet) -> int:
    """The band: the word, and the newspaper's name. The section's colour carries white type on every site."""
    card = sheet.card
    sheet.bar(rgb(card.colours[0]), 0, 0, WIDTH, BAND)
    sheet.text(sheet.sans(card.word, 38, INNER / 2, weight=700), WHITE, 15)
    _name(sheet, WHITE, 25, NAME, right=WIDTH - MARGIN)
    return BAND


def _label(sheet: Sheet, y: float, colour: Colour, mark: Colour) -> None:
    """The section; after a dot and the word for what is live, after the word for what was corrected."""
    card = sheet.card
    text = card.section if card.layout == "breaking" else card.label
    x = MARGIN
    if card.layout == "live":
        sheet.dot(mark, MARGIN, y + 10, 18)
        x += 30
    sheet.text(sheet.sans(text, SMALL, INNER / 2, weight=600), colour, y, x=x)


def _foot(sheet: Sheet, width: int, ink: Colour, soft: Colour) -> None:
    card = sheet.card
    day = sheet.sans(card.date, SMALL, width / 2)
    sheet.text(day, soft, HEIGHT - 84, right=MARGIN + width)
    sheet.text(sheet.sans(card.byline, SMALL, width - day.mask.width - 32, weight=600), ink, HEIGHT - 84)


def _edge(sheet: Sheet, colour: Colour) -> None:
    if sheet.card.layout in {"live", "correction"}:
        sheet.bar(colour, 0, 0, EDGE, HEIGHT)


def _name(
    sheet: Sheet, colour: Colour, y: float, size: int, *, x: int = MARGIN, right: int | None = None, width: int = 560
) -> None:
    """The logo's shape where there is one, else the name set in the headline's face."""
    card = sheet.card
    if card.style.logo:
        sheet.text(mask_of(card.style.logo, card.newspaper, size * 1.3, width), colour, y, x=x, right=right)
    else:
        sheet.text(sheet.serif(card.newspaper, size, width), colour, y, x=x, right=right)


def _ground(card: Card) -> Colour:
    return rgb(card.style.panel if card.layout in {"opinion", "correction"} else card.style.paper)


def _ink(card: Card) -> Colour:
    return rgb(card.style.ink)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _scrimmed(picture: Any, top: int, scrim: Colour) -> Any:
    """Darken the picture below `top` as much as white type needs there, and no more; fade in above, deepen below."""
    top = max(0, min(top, HEIGHT - 1))
    brightest = picture.crop(0, top, WIDTH, HEIGHT - top).shrink(6, 6).max()
    alpha = max(SCRIM_MIN, _needed(brightest, scrim))
    fade = max(1, min(top, 220))
    start = top - fade
    column = bytearray(HEIGHT - start)
    for y in range(start, HEIGHT):
        rise = min(1.0, (y - start) / fade)
        deepen = max(0.0, (y - top) / (HEIGHT - top))
        column[y - start] = round(255 * (alpha * rise * rise * (3 - 2 * rise) + max(0.0, SCRIM_FOOT - alpha) * deepen))
    mask = pyvips.Image.new_from_memory(bytes(column), 1, len(column), 1, "uchar").zoom(WIDTH, 1)
    lower = picture.crop(0, start, WIDTH, len(column))
    return picture.insert(mask.ifthenelse(list(scrim), lower, blend=True), 0, start)


def _needed(brightest: float, scrim: Colour) -> float:
    """The scrim's share over a grey of this value (0 to 255) that leaves white type `CONTRAST_MIN`."""
    luminance = 1.05 / CONTRAST_MIN - 0.05
    grey: float = 255 * (1.055 * luminance ** (1 / 2.4) - 0.055)
    dark = max(scrim)
    return min(1.0, max(0.0, (brightest - grey) / max(1.0, brightest - dark)))
