"""What a social card says: decided here from the article and the newspaper's file, drawn by `drawing`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from pressroom_render.card_words import word
from pressroom_render.labels import date, direction
from pressroom_shared.events import Article
from pressroom_shared.site import Section, Site

Layout = Literal["news", "opinion", "breaking", "live", "correction"]

DESIGN = 1
"""Raised when `drawing` draws the same card differently, so that every card gets a new name."""

HASH_CHARS = 16
OPINION_KINDS = frozenset({"opinion"})


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that shows on a card. Two cards that are equal look the same."""

    newspaper: str
    layout: Layout
    label: str
    """The section's name; for breaking, live and corrected articles that word and the section's name."""
    colours: tuple[str, str]
    """The section's, `#rrggbb`: on light and on dark paper."""
    headline: str
    byline: str
    date: str
    language: str
    direction: str
    image_key: str | None
    focal_point: tuple[float, float] | None
    """x and y, 0 to 1, from the top left."""


def card_of(article: Article, site: Site) -> Card:
    """The card of a live article. `social` overrides its headline and picture."""
    section = site.section(article.section) or Section(slug="news", name=article.section)
    layout = layout_of(article)
    name = site.section_name(article.section)
    special = word(layout, article.language)
    social = article.social
    media_id = (social and social.media_id) or (article.lead_image and article.lead_image.media_id)
    media = article.media_by_id(media_id) if media_id else None
    return Card(
        newspaper=site.title,
        layout=layout,
        label=f"{special} · {name}" if special and special.casefold() != name.casefold() else name,
        colours=section.color,
        headline=_one_line((social and social.title) or article.headline),
        byline=_one_line(", ".join(person.name for person in article.authors)),
        date=date(article.first_published_at, article.language, site.zone),
        language=article.language,
        direction=direction(article.language),
        image_key=media.key if media else None,
        focal_point=media.focal_point if media else None,
    )


def layout_of(article: Article) -> Layout:
    """What is most urgent about an article decides how its card looks."""
    if article.announcements and article.announcements[-1].change == "correction":
        return "correction"
    if article.breaking:
        return "breaking"
    if article.kind == "live":
        return "live"
    return "opinion" if article.kind in OPINION_KINDS else "news"


def card_hash(card: Card) -> str:
    """The same for cards that look the same, in every process."""
    text = json.dumps([DESIGN, asdict(card)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARS]


def card_key(article_id: str, digest: str) -> str:
    """The JPEG's place in the site store, and below the newspaper's address."""
    return f"cards/{article_id}.{digest}.jpg"


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
