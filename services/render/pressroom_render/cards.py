"""What a social card says: decided here from the article and the newspaper's file, drawn by `drawing`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pressroom_render.card_style import Layout, Style
from pressroom_render.card_words import word
from pressroom_render.labels import date, direction
from pressroom_shared.events import Article, Media
from pressroom_shared.site import Section, Site

DESIGN = 3
"""Raised when `drawing` draws the same card differently, so that every card gets a new name."""

HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that shows on a card. Two cards that are equal look the same."""

    newspaper: str
    layout: Layout
    word: str
    """What breaking, live and corrected articles say before the section; else empty."""
    section: str
    colours: tuple[str, str]
    """The section's, `#rrggbb`: on light and on dark paper."""
    headline: str
    byline: str
    date: str
    language: str
    direction: str
    image_key: str | None = None
    focal_point: tuple[float, float] | None = None
    """x and y, 0 to 1, from the top left; None: to be found."""
    portrait_key: str | None = None
    """Of an opinion's author."""
    portrait_focus: tuple[float, float] | None = None
    style: Style = field(default_factory=Style)

    @property
    def label(self) -> str:
        both = self.word and self.word.casefold() != self.section.casefold()
        return f"{self.word} · {self.section}" if both else self.section

    def with_portrait(self, portrait: Media | None) -> Card:
        return replace(
            self,
            portrait_key=portrait.key if portrait else None,
            portrait_focus=portrait.focal_point if portrait else None,
        )

    def document(self) -> dict[str, Any]:
        """What it says, in JSON's own types: all but the newspaper's style."""
        return {name: value for name, value in asdict(self).items() if name != "style"}

    @classmethod
    def read(cls, document: dict[str, Any], style: Style) -> Card:
        """A card that was kept, in today's style."""
        pairs = {
            name: tuple(document[name])
            for name in ("colours", "focal_point", "portrait_focus")
            if document[name] is not None
        }
        return cls(**document | pairs, style=style)


def card_of(article: Article, site: Site, style: Style | None = None, portrait: Media | None = None) -> Card:
    """The card of a live article. `social` overrides its headline and picture; `portrait` is that of `face_of`."""
    section = site.section(article.section) or Section(slug="news", name=article.section)
    layout = layout_of(article)
    social = article.social
    media_id = (social and social.media_id) or (article.lead_image and article.lead_image.media_id)
    media = article.media_by_id(media_id) if media_id else None
    corrected = article.corrections[-1].at if layout == "correction" and article.corrections else None
    card = Card(
        newspaper=site.title,
        layout=layout,
        word=word(layout, article.language),
        section=site.section_name(article.section),
        colours=section.color,
        headline=one_line((social and social.title) or article.headline),
        byline=one_line(", ".join(person.name for person in article.authors)),
        date=date(corrected or article.first_published_at, article.language, site.zone),
        language=article.language,
        direction=direction(article.language),
        image_key=media.key if media else None,
        focal_point=media.focal_point if media else None,
        style=style or Style(),
    )
    return card.with_portrait(portrait)


def face_of(article: Article) -> str | None:
    """The author whose face belongs on the card: whoever alone has written an opinion."""
    alone = layout_of(article) == "opinion" and len(article.authors) == 1
    return article.authors[0].slug if alone else None


def layout_of(article: Article) -> Layout:
    """What a reader must know first about an article decides how its card looks."""
    if article.announcements and article.announcements[-1].change == "correction":
        return "correction"
    if article.breaking:
        return "breaking"
    if article.kind == "live":
        return "live"
    return "opinion" if article.kind == "opinion" else "news"


def card_hash(card: Card) -> str:
    """The same for cards that look the same, in every process."""
    shown = asdict(card) | {"style": json.loads(card.style.model_dump_json())}
    text = json.dumps([DESIGN, shown], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARS]


def card_key(article_id: str, digest: str) -> str:
    """The JPEG's place in the site store, and below the newspaper's address."""
    return f"cards/{article_id}.{digest}.jpg"


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join("".join(char if char.isprintable() or char in JOINERS else " " for char in text).split())


JOINERS = frozenset("\u200c\u200d\u200e\u200f")
"""Invisible, but they belong to the spelling of Persian, of Indic scripts and of emoji."""
