"""Where a headline may break in scripts without spaces: between phrases, as a person would, and not within them."""

from __future__ import annotations

import re
from functools import cache

import budoux

from pressroom_render.labels import primary

BREAK, JOIN = "\u200b", "\u2060"
PART = re.compile(r"[^、。，・：；！？―—…]+[、。，・：；！？―—…]*|[、。，・：；！？―—…]+")
TRADITIONAL = ("hant", "tw", "hk", "mo")


def breakable(text: str, language: str) -> str:
    """The text with invisible marks where lines may end. Other languages break at their spaces, untouched."""
    match primary(language):
        case "th":  # Pango breaks Thai at spaces alone, and Thai has them between sentences
            return BREAK.join(_parser("thai").parse(text))
        case "ja":
            return _phrases("japanese", text)
        case "zh":
            script = "traditional_chinese" if is_traditional(language) else "simplified_chinese"
            return _phrases(script, text)
        case "ko":  # words are kept whole, as newspapers do
            return " ".join(JOIN.join(word) for word in text.split(" "))
        case _:
            return text


def is_traditional(language: str) -> bool:
    """Whether a Chinese language tag means the traditional characters."""
    return any(part in TRADITIONAL for part in language.lower().split("-")[1:])


def _phrases(parser: str, text: str) -> str:
    """Phrases that are kept whole, but for a break after their punctuation."""
    parts = (part for phrase in _parser(parser).parse(text) for part in PART.findall(phrase))
    return BREAK.join(JOIN.join(part) for part in parts)


@cache
def _parser(name: str) -> budoux.Parser:
    parser: budoux.Parser = getattr(budoux, f"load_default_{name}_parser")()
    return parser
