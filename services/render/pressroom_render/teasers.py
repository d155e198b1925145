"""An article as other pages show it: a small document of its own, so that a front need not read whole articles."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from pressroom_render.image_names import digest_of
from pressroom_render.labels import reading_minutes
from pressroom_shared.events import Article


@dataclass(frozen=True, slots=True)
class Image:
    """An article's picture, as it stands beside its headline."""

    key: str
    alt: str
    width: int
    height: int
    digest: str = ""
    """With its key, the name of its files (`image_names`)."""


@dataclass(frozen=True, slots=True)
class Teaser:
    """All that other pages show of an article, and nothing else: while its hash stays, they stay."""

    id: str
    path: str
    headline: str
    standfirst: str
    section: str
    kind: str
    language: str
    breaking: bool
    authors: tuple[tuple[str, str], ...]
    """Slug and name, of each author; `contributors` and `tags` alike."""
    contributors: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    published_at: datetime
    """The first publication."""
    minutes: int
    image: Image | None
    corrections: tuple[tuple[datetime, str], ...]
    hash: str = ""
    """Of all above, as it is kept. Empty while it is new."""
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What pages have made of it, in each way in which they show it."""

    def document(self) -> dict[str, Any]:
        """As it is kept, in JSON's own types."""
        return {name: getattr(self, name) for name in SHOWN} | {
            "published_at": self.published_at.isoformat(),
            "corrections": [[at.isoformat(), note] for at, note in self.corrections],
            "image": asdict(self.image) if self.image else None,
        }


SHOWN = [each.name for each in fields(Teaser) if each.name not in {"hash", "made"}]


def teaser_of(article: Article) -> Teaser:
    lead = article.lead_image
    media = article.media_by_id(lead.media_id) if lead else None
    image = None
    if lead and media:
        alt = "" if media.decorative else lead.alt or media.alt
        image = Image(media.key, alt, media.width, media.height, digest_of(media))
    return Teaser(
        id=article.id,
        path=article.path,
        headline=article.headline,
        standfirst=article.standfirst,
        section=article.section,
        kind=article.kind,
        language=article.language,
        breaking=article.breaking,
        authors=tuple((each.slug, each.name) for each in article.authors),
        contributors=tuple((each.slug, each.name) for each in article.contributors),
        tags=tuple((each.slug, each.name) for each in article.tags),
        published_at=article.first_published_at,
        minutes=reading_minutes(article.body_text),
        image=image,
        corrections=tuple((each.at, each.note) for each in article.corrections),
    )


def read_teaser(document: dict[str, Any], name: str) -> Teaser:
    """A teaser as it was kept, under this hash."""
    shared = {each: sys.intern(document[each]) for each in ("section", "kind", "language")}
    named = {each: _named(document[each]) for each in ("authors", "contributors", "tags")}
    image = Image(**document["image"]) if document["image"] else None
    at = datetime.fromisoformat(document["published_at"])
    corrections = tuple((datetime.fromisoformat(when), note) for when, note in document["corrections"])
    own = {"published_at": at, "corrections": corrections, "image": image, "hash": name}
    return Teaser(**document | shared | named | own)


def _named(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    """Thousands of teasers name the same few: each name is held once."""
    return tuple((sys.intern(slug), sys.intern(text)) for slug, text in pairs)


def teaser_hash(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:24]
