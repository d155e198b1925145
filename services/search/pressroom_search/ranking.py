"""News rank: how well the text matches, times how new it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=tuple[int, int])

HALF_LIFE_S = 14 * 24 * 3600
LASTING = 0.4
"""What an article keeps of its score, however old it is."""

POOL = 200
"""So many best by text, and so many best of the last two weeks, are ranked anew."""


def news_score(text_score: float, age_s: float) -> float:
    """text × (0.4 + 0.6 · 2^(−age / 14 days)). An article dated in the future is as new as one of now."""
    return text_score * (LASTING + (1 - LASTING) * math.exp2(-max(0.0, age_s) / HALF_LIFE_S))


def rank(text_scores: Mapping[Key, float], published_s: Mapping[Key, int], now_s: float) -> list[tuple[Key, float]]:
    """Keys with their news score, best first; equal ones newest first, then by key, so that pages do not flicker."""
    scored = [(key, news_score(score, now_s - published_s[key])) for key, score in text_scores.items()]
    return sorted(scored, key=lambda each: (-each[1], -published_s[each[0]], each[0]))
