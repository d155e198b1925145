"""A card that is only looked at: of a file that is not published yet, or of a live article under another headline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pressroom_render.card_style import load_style
from pressroom_render.cards import Card, card_of
from pressroom_render.darkroom import preview_card
from pressroom_shared.errors import PressroomError
from pressroom_shared.events import Article
from pressroom_shared.site import load_site


class WordsError(PressroomError):
    """The article cannot have a card as it is."""


TOLD = ("headline", "section", "kind", "breaking", "social")


def card_of_words(words: Mapping[str, Any], site_file: Path, *, now: datetime) -> Card:
    """The card of an article as the editors' API takes it; `now` is its date unless it names one.

    Raises `WordsError`.
    """
    site = load_site(site_file)
    if words.get("section") not in site.section_keys:
        known = ", ".join(site.section_keys)
        raise WordsError(f"section: {words.get('section')!r} is none of the newspaper's: {known}.")
    authors = [each if isinstance(each, str) else str(each.get("name", "")) for each in words.get("authors", [])]
    published = words.get("published_at") or now
    told = (
        {name: words[name] for name in TOLD if words.get(name) is not None}
        | {"id": "preview", "version": 1, "revision": 1, "path": "/", "slug": "preview", "body": "", "body_text": ""}
        | {"language": words.get("language") or site.language, "announcements": []}
        | {"authors": [{"slug": "", "name": each} for each in authors]}
        | {"first_published_at": published, "published_at": published}
    )
    try:
        article = Article.model_validate(told)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise WordsError(f"{reasons}.") from error
    return card_of(article, site, load_style(site_file))


def preview_words(
    words: Mapping[str, Any],
    picture: bytes | None,
    site_file: Path,
    *,
    now: datetime,
    focal_point: tuple[float, float] | None = None,
) -> tuple[bytes, list[str]]:
    """The card as JPEG, and a sentence for everything that an editor should know about it. Draws in this process."""
    card = replace(card_of_words(words, site_file, now=now), focal_point=focal_point)
    return preview_card(card, picture)
