"""`python -m tests.contact_sheet` draws the card of every sample article into docs/images, and says what is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pressroom_ingest.slugs import slugify
from pressroom_local.frontmatter import read_manuscript
from pressroom_local.sample import FACE_AT, FOLDER, SITE, people
from pressroom_render.card_layouts import lay_out
from pressroom_render.card_lint import lint
from pressroom_render.card_preview import card_of_words
from pressroom_render.card_sheet import Sheet
from pressroom_render.cards import Card
from pressroom_render.drawing import laid_out

import pyvips  # isort: skip  (its fonts are told first)

ROOT = Path(__file__).parents[1]
SAMPLE = FOLDER
IMAGES = ROOT / "docs" / "images"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ACROSS, WIDTH, GAP = 3, 480, 16


def sample_cards() -> dict[str, tuple[Card, bytes | None, bytes | None]]:
    """Of every sample article its card, its lead picture and its author's, by the file's name."""
    found: dict[str, tuple[Card, bytes | None, bytes | None]] = {}
    faces = {slug: FOLDER / said["picture"] for slug, said in people().items()}
    for path in sorted((FOLDER / "articles").glob("*.md")):
        manuscript = read_manuscript(path)
        words = {name: value for name, value in manuscript.document.items() if name != "social"}
        card = card_of_words(words, SITE, now=NOW)
        lead = next((each for each in manuscript.pictures if each.field.startswith("lead_image")), None)
        if manuscript.corrections:
            card = replace(card, layout="correction", word="Corrected")
        focal_point = lead.focal_point if lead else None
        card = replace(card, focal_point=focal_point, portrait_focus=FACE_AT)
        face = faces.get(slugify(card.byline)) if card.layout == "opinion" else None
        found[path.stem] = (card, lead.path.read_bytes() if lead else None, face.read_bytes() if face else None)
    return found


def sheet_of(sheets: list[Sheet]) -> Any:
    small = [each.base.thumbnail_image(WIDTH) for each in sheets]
    return pyvips.Image.arrayjoin(small, across=ACROSS, shim=GAP, background=[205, 203, 197])


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with_pictures: list[Sheet] = []
    for name, (card, picture, face) in sample_cards().items():
        sheet, warning = laid_out(card, picture, face)
        with_pictures.append(sheet)
        for sentence in [*([warning] if warning else []), *lint(sheet)]:
            print(f"{name}: {sentence}")
    paper = [lay_out(card, None) for card, _, _ in list(sample_cards().values())[::3]]
    sheet_of(with_pictures).webpsave(str(IMAGES / "cards.webp"), Q=82, keep="none")
    sheet_of(paper).webpsave(str(IMAGES / "cards-without-pictures.webp"), Q=82, keep="none")
    print(f"{len(with_pictures)} cards in {IMAGES}")


if __name__ == "__main__":
    main()
