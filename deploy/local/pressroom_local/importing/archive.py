"""An article as an export has it, whichever system wrote it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

HEADLINE_CHARS_MAX = 300
SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


@dataclass
class Picture:
    """A picture that an export names."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass
class Entry:
    """One article of an export. `html` is turned into Markdown once its pictures are here."""

    external_id: str
    headline: str
    html: str
    published_at: str | None = None
    slug: str = ""
    standfirst: str = ""
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lead: Picture | None = None
    old_path: str = ""
    canonical_url: str = ""
    seo: dict[str, str] = field(default_factory=dict)


@dataclass
class Archive:
    """A whole export: its articles, what it says of its pictures, and what is not taken over."""

    origin: str
    entries: list[Entry] = field(default_factory=list)
    pictures: dict[str, Picture] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)


def document(
    entry: Entry, *, body: str, section: str, also_in: list[str], lead: dict[str, Any] | None
) -> dict[str, Any]:
    """The entry as the API takes it: a line of the import."""
    made: dict[str, Any] = {
        "external_id": entry.external_id,
        "headline": entry.headline[:HEADLINE_CHARS_MAX] or "Untitled",
        "section": section,
        "body": body or "…",
        "standfirst": entry.standfirst[:1000],
        "authors": entry.authors,
        "tags": [each[:80] for each in dict.fromkeys(entry.tags)][:30],
        "also_in": also_in[:10],
        "published_at": entry.published_at,
        "slug": entry.slug if SLUG.match(entry.slug) and len(entry.slug) <= 80 else None,
        "redirect_from": [entry.old_path] if entry.old_path not in {"", "/"} else [],
        "canonical_url": entry.canonical_url or None,
        "lead_image": lead,
        "seo": entry.seo or None,
    }
    return {name: value for name, value in made.items() if value not in (None, "", [])}
