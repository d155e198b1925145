"""Draws the card of an article that is still a file."""

from __future__ import annotations

from pathlib import Path

from pressroom_local import sample
from pressroom_local.errors import LocalError
from pressroom_local.frontmatter import read_manuscript
from pressroom_local.settings import Settings
from pressroom_shared.clock import SystemClock


def draw_card(file: Path, out: Path, settings: Settings) -> list[str]:
    """Write the card of `file` to `out` as JPEG; says what an editor should know about it. Raises `LocalError`."""
    from pressroom_render.card_preview import preview_words  # brings the image library, which no other command needs

    manuscript = read_manuscript(file)
    own = "site" in settings.model_fields_set or settings.site.is_file()
    lead = next((each for each in manuscript.pictures if each.field == "lead_image.file"), None)
    jpeg, remarks = preview_words(
        manuscript.document,
        lead.path.read_bytes() if lead else None,
        settings.site if own else sample.SITE,
        now=SystemClock().now(),
        focal_point=lead.focal_point if lead else None,
    )
    try:
        out.write_bytes(jpeg)
    except OSError as error:
        raise LocalError(f"{out}: the card cannot be written: {error.strerror}.") from error
    return remarks
