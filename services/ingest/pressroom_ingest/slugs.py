"""Slugs: a name in any script as a part of an address."""

from __future__ import annotations

import re

from anyascii import anyascii

SLUG_CHARS_MAX = 80


def slugify(text: str, *, fallback: str = "untitled") -> str:
    """Lower-case ASCII words joined by hyphens, at most 80 characters, cut between words."""
    plain = re.sub(r"['’]", "", anyascii(text)).lower()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > SLUG_CHARS_MAX:
            break
        slug = longer
    return slug or (words[0][:SLUG_CHARS_MAX] if words else fallback)


def numbered(slug: str, number: int) -> str:
    """The n-th try for a slug that is taken: `slug`, `slug-2`, `slug-3`, …"""
    return slug if number == 1 else f"{slug}-{number}"
