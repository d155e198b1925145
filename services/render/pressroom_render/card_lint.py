"""What may be wrong with a card, measured on its pixels after JPEG has had its way with them."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import pyvips

from pressroom_render.card_glyphs import missing
from pressroom_render.card_sheet import HEIGHT, WIDTH, Placed, Sheet, jpeg_of

CONTRAST_MIN = 4.5
"""WCAG 2.2, level AA."""
SAFE = 12
"""No type nearer to an edge: some readers' apps round the corners."""
AROUND = 3
"""Pixels next to a stroke belong to neither it nor its ground: they are blended, and JPEG rings there."""
WORST_PERCENT = 1


def lint(sheet: Sheet) -> list[str]:
    """A sentence for everything that is wrong; nothing for a good card."""
    drawn = pyvips.Image.jpegload_buffer(jpeg_of(sheet.base)).copy_memory()
    wrong: list[str] = []
    for text in sheet.texts:
        name = repr(text.found.text)
        boxes = missing(text.found.text)
        if boxes:
            wrong.append(f"{name}: no font has {' '.join(boxes)}.")
        if text.x < SAFE or text.y < SAFE or text.right > WIDTH - SAFE or text.bottom > HEIGHT - SAFE:
            wrong.append(f"{name} runs over the card's edge.")
        else:
            ratio = contrast(drawn, text)
            if ratio < CONTRAST_MIN:
                wrong.append(f"{name} has a contrast of {ratio:.1f}:1 on what is behind it.")
    wrong += [
        f"{one.found.text!r} runs into {other.found.text!r}."
        for one, other in combinations(sheet.texts, 2)
        if one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom
    ]
    return wrong


def contrast(drawn: Any, text: Placed) -> float:
    """Of a text's strokes with the pixels around them that are worst for it."""
    mask = text.found.mask.embed(
        AROUND, AROUND, text.found.mask.width + 2 * AROUND, text.found.mask.height + 2 * AROUND
    )
    area = drawn.crop(text.x - AROUND, text.y - AROUND, mask.width, mask.height)
    light = luminance(area)
    strokes = text.found.ink.embed(AROUND, AROUND, mask.width, mask.height) >= 250
    if not strokes.max():
        return math.inf  # nothing but emoji, which bring their own contrast
    near = mask.rank(2 * AROUND + 1, 2 * AROUND + 1, (2 * AROUND + 1) ** 2 - 1) > 0
    ink = _mean(light, strokes)
    ground = near.ifthenelse(-1.0, light)
    values = sorted(value for value in memoryview(ground.cast("float").write_to_memory()).cast("f") if value >= 0)
    worst = (
        values[-1 - len(values) * WORST_PERCENT // 100]
        if ink > values[len(values) // 2]
        else (values[len(values) * WORST_PERCENT // 100])
    )
    high, low = max(ink, worst), min(ink, worst)
    return (high + 0.05) / (low + 0.05)


def luminance(image: Any) -> Any:
    """WCAG's relative luminance of each pixel, 0 to 1."""
    share = image / 255
    linear = (share <= 0.04045).ifthenelse(share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722


def _mean(values: Any, where: Any) -> float:
    share = float(where.avg()) / 255
    return float((where / 255 * values).avg()) / share if share else 0.0
