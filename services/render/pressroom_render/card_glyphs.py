"""Which characters the cards' fonts have: read from the fonts' own tables (OpenType `cmap`, formats 4 and 12)."""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from pathlib import Path

from pressroom_render.card_fonts import font_files

INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs", "Mn"})
"""Categories that need no glyph of their own: spaces, joiners, variation selectors, marks that join a letter."""


def missing(text: str) -> list[str]:
    """The characters of a text that would be drawn as boxes."""
    unknown = {char for char in text if not char.isascii() and unicodedata.category(char) not in INVISIBLE}
    return sorted(char for char in unknown if ord(char) not in covered()) if unknown else []


@cache
def covered() -> frozenset[int]:
    """Every code point that one of the fonts has."""
    return frozenset().union(*(_of(path) for path in font_files()))


def _of(path: Path) -> set[int]:
    with path.open("rb") as file:
        head = file.read(12)
        tables = file.read(16 * struct.unpack(">H", head[4:6])[0])
        for at in range(0, len(tables), 16):
            tag, _, offset, length = struct.unpack(">4sIII", tables[at : at + 16])
            if tag == b"cmap":
                file.seek(offset)
                return _points(file.read(length))
    return set()


def _points(table: bytes) -> set[int]:
    points: set[int] = set()
    for number in range(struct.unpack(">H", table[2:4])[0]):
        offset = struct.unpack(">I", table[8 + number * 8 : 12 + number * 8])[0]
        form = struct.unpack(">H", table[offset : offset + 2])[0]
        if form == 12:
            points |= _format_12(table[offset:])
        elif form == 4:
            points |= _format_4(table[offset:])
    return points


def _format_12(table: bytes) -> set[int]:
    groups = struct.unpack(">I", table[12:16])[0]
    points: set[int] = set()
    for first, last, _ in struct.iter_unpack(">III", table[16 : 16 + groups * 12]):
        points.update(range(first, last + 1))
    return points


def _format_4(table: bytes) -> set[int]:
    count = struct.unpack(">H", table[6:8])[0] // 2
    words = struct.unpack(f">{len(table) // 2}H", table[: len(table) // 2 * 2])
    ends, starts = words[7 : 7 + count], words[8 + count : 8 + 2 * count]
    deltas, ranges = words[8 + 2 * count : 8 + 3 * count], words[8 + 3 * count : 8 + 4 * count]
    points: set[int] = set()
    for index, (start, end, delta, shift) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for point in range(start, end + 1):
            place = 8 + 3 * count + index + shift // 2 + point - start
            glyph = words[place] if shift and place < len(words) else 0
            if (point + delta if not shift else glyph and glyph + delta) & 0xFFFF:
                points.add(point)
    return points
