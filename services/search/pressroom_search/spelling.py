"""Corrections of words that the index does not know, after SymSpell (Wolf Garbe): words meet where letters are left
out.

Every known word is entered under itself and under itself less one letter; a word that is asked for is looked up
likewise, a long one less two. What meets is then measured.
"""

from __future__ import annotations

from collections.abc import Iterable

WORD_CHARS_MIN = 4
"""Shorter words are too near to one another to guess."""

LONG_CHARS_MIN = 8
"""From here on two letters may be wrong."""

WORD_CHARS_MAX = 32


class Speller:
    """Built from words with the number of articles that have them."""

    def __init__(self, counts: Iterable[tuple[str, int]], *, words_max: int) -> None:
        usual = (
            (word, n) for word, n in counts if WORD_CHARS_MIN - 1 <= len(word) <= WORD_CHARS_MAX and word.isalpha()
        )
        self._counts = dict(sorted(usual, key=lambda each: (-each[1], each[0]))[:words_max])
        self._entries: dict[str, list[str]] = {}
        for word in self._counts:
            for key in {word, *_without_one(word)}:
                self._entries.setdefault(key, []).append(word)

    def correct(self, word: str) -> str | None:
        """The most likely known word, or None. `word` is folded."""
        if not WORD_CHARS_MIN <= len(word) <= WORD_CHARS_MAX or not word.isalpha():
            return None
        distance_max = 2 if len(word) >= LONG_CHARS_MIN else 1
        keys = {word, *_without_one(word)}
        if distance_max == 2:
            keys |= {shorter for key in list(keys) for shorter in _without_one(key)}
        met = {known for key in keys for known in self._entries.get(key, ())}
        near = ((distance(word, known, distance_max), -self._counts[known], known) for known in met)
        best = min((each for each in near if each[0] <= distance_max), default=None)
        return best[2] if best else None


def _without_one(word: str) -> Iterable[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


def distance(one: str, other: str, most: int) -> int:
    """Letters to change, leave out, put in or swap (optimal string alignment); `most + 1` when it is more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
