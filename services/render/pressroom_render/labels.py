"""Labels and dates in the language of a page. A language without a file of its own speaks English."""

from __future__ import annotations

import hashlib
import importlib.resources
import re
import tomllib
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "ps", "yi", "dv", "ug", "ckb", "sd"})
WORDS_A_MINUTE = 240
CJK_CHARS_A_MINUTE = 500
_DENSE = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
"""Kana, Han and Hangul."""


def primary(language: str) -> str:
    return language.partition("-")[0].lower()


def direction(language: str) -> str:
    """`rtl` or `ltr`, by the primary language."""
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


@cache
def labels(language: str) -> dict[str, Any]:
    """Every label in this language, or in English."""
    folder = importlib.resources.files("pressroom_render") / "labels"
    file = folder / f"{primary(language)}.toml"
    return tomllib.loads((file if file.is_file() else folder / f"{FALLBACK}.toml").read_text(encoding="utf-8"))


@cache
def labels_hash() -> str:
    """Changes with any label of any language."""
    folder = importlib.resources.files("pressroom_render") / "labels"
    texts = sorted(f"{each.name}{each.read_text(encoding='utf-8')}" for each in folder.iterdir())
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def date(moment: datetime, language: str, zone: ZoneInfo, *, pattern: str = "date") -> str:
    words, local = labels(language), moment.astimezone(zone)
    return str(words[pattern]).format(
        weekday=words["days"][local.weekday()], day=local.day, month=words["months"][local.month - 1], year=local.year
    )


def time(moment: datetime, language: str, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return str(labels(language)["time"]).format(hour=f"{local.hour:02}", minute=f"{local.minute:02}")


def date_and_time(moment: datetime, language: str, zone: ZoneInfo) -> str:
    return f"{date(moment, language, zone)}, {time(moment, language, zone)}"


def month_name(month: str, language: str) -> str:
    """`2026-11` as a month of that language."""
    words = labels(language)
    return str(words["month_year"]).format(month=words["months"][int(month[5:7]) - 1], year=month[:4])


def reading_minutes(text: str) -> int:
    """At least one. Scripts without spaces are counted by characters."""
    dense = 0 if text.isascii() else len(_DENSE.findall(text))
    words = len(text.split()) if dense < len(text) / 4 else 0
    return max(1, round(words / WORDS_A_MINUTE + (dense / CJK_CHARS_A_MINUTE if not words else 0)))


def spoken_minutes(minutes: int, language: str) -> str:
    words = labels(language)
    return str(words["minute"] if minutes == 1 else words["minutes"].format(n=minutes))
