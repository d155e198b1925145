"""The same card with Pillow, as its wheel brings it: greedy lines, no other font to fall back on."""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont  # type: ignore[import-not-found, unused-ignore]

WIDTH, HEIGHT, MARGIN = 1200, 630, 72


def lines_of(text: str, font: Any, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def draw(words: dict[str, Any], picture: bytes, fonts: dict[str, Any]) -> bytes:
    image = Image.open(io.BytesIO(picture))
    image.draft("RGB", (WIDTH, HEIGHT))
    image = image.convert("RGB")
    scale = max(WIDTH / image.width, HEIGHT / image.height)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    top = (image.height - HEIGHT) // 2
    image = image.crop((0, top, WIDTH, top + HEIGHT))
    lines = next(
        found
        for size in (80, 74, 68, 62, 56, 52, 48, 44, 40, 36, 32, 29)
        if len(found := lines_of(words["headline"], fonts[f"headline{size}"], WIDTH - 2 * MARGIN)) * size * 1.1 < 296
    )
    size = max(each for each in (80, 74, 68, 62, 56, 52, 48, 44, 40, 36, 32, 29) if len(lines) * each * 1.1 < 296)
    y = HEIGHT - 96 - len(lines) * size * 1.1
    scrim = Image.linear_gradient("L").resize((1, HEIGHT)).resize((WIDTH, HEIGHT)).point(lambda value: value * 0.9)
    image.paste(Image.new("RGB", image.size, (11, 12, 14)), mask=scrim)
    pen = ImageDraw.Draw(image)
    pen.rectangle((MARGIN, y - 72, WIDTH - MARGIN, y - 72), fill="white")
    pen.rectangle((MARGIN, y - 72, MARGIN + 72, y - 66), fill=words["colours"][1])
    pen.text((MARGIN, y - 56), words["section"], font=fonts["label"], fill="white")
    pen.text((WIDTH - MARGIN, y - 56), words["newspaper"], font=fonts["name"], fill="white", anchor="ra")
    for number, line in enumerate(lines):
        pen.text((MARGIN, y + number * size * 1.1), line, font=fonts[f"headline{size}"], fill="white")
    pen.text((MARGIN, HEIGHT - 76), f"{words['byline']} · {words['date']}", font=fonts["label"], fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, progressive=True, optimize=True)
    return out.getvalue()


def main() -> None:
    asked: dict[str, Any] = json.load(sys.stdin)
    picture = Path(asked["picture"]).read_bytes()
    fonts = {f"headline{size}": ImageFont.truetype(asked["serif"], size) for size in range(28, 81)}
    fonts |= {"label": ImageFont.truetype(asked["sans"], 25), "name": ImageFont.truetype(asked["serif"], 27)}
    for name, font in fonts.items():
        font.set_variation_by_axes([60, 600] if name != "label" else [400])
    found: dict[str, Any] = {}
    for name, words in asked["cards"].items():
        spent = []
        for _ in range(asked["times"] + 1):
            before = time.process_time()
            body = draw(words, picture, fonts)
            spent.append((time.process_time() - before) * 1000)
        found[name] = {"ms": sorted(spent[1:]), "bytes": len(body)}
        (Path(asked["folder"]) / f"pillow-{name}.jpeg").write_bytes(body)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"cards": found, "peak_mb": peak}))


main()
