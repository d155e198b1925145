"""The passage of an article that answers the query, cut out of plain text, with what matched marked.

Here is plain text only; `to_html` is the one place where it becomes HTML, and it escapes all but its own `<mark>`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence

from pressroom_search.analysis import Token, is_dense, tokens
from pressroom_search.engine import Part

ELLIPSIS = "…"
_BREAKS = re.compile(r"\s*\n\s*")
Span = tuple[int, int]
Matches = Callable[[Token], Span | None]
"""Says what of a token matched."""


def mark(text: str, language: str, matches: Matches) -> tuple[Part, ...]:
    """The whole text, what matched marked."""
    return _parts(text, _joined(place for token in tokens(text, language) if (place := matches(token))))


def cut(text: str, language: str, matches: Matches, *, chars: int, scan_chars_max: int) -> tuple[Part, ...] | None:
    """The passage of about `chars` characters with the most different matches; None where nothing matches."""
    hits = [token for token in tokens(text[:scan_chars_max], language) if matches(token)]
    if not hits:
        return None
    first, last = _densest(hits, chars)
    room = max(0, chars - (hits[last].end - hits[first].start))
    start = _word_start(text, max(0, hits[first].start - room // 3), hits[first].start)
    end = _word_end(text, min(len(text), max(start + chars, hits[last].end)), hits[last].end)
    places = [place for token in hits if (place := matches(token))]
    parts = _parts(text, _joined(each for each in places if start <= each[0] and each[1] <= end), start, end)
    before = (Part(ELLIPSIS),) if start > 0 else ()
    return (*before, *parts, *((Part(ELLIPSIS),) if end < len(text) else ()))


def beginning(text: str, chars: int) -> tuple[Part, ...]:
    """Where nothing matches: how the text begins."""
    if len(text) <= chars:
        return (Part(text),) if text else ()
    return (Part(text[: _word_end(text, chars, chars // 2)].rstrip()), Part(ELLIPSIS))


def to_html(parts: Iterable[Part]) -> str:
    """HTML that is safe in an element: everything is escaped but the `<mark>` around what matched."""
    return "".join(f"<mark>{html.escape(each.text)}</mark>" if each.hit else html.escape(each.text) for each in parts)


def _densest(hits: Sequence[Token], chars: int) -> tuple[int, int]:
    """The run of matches that fits, with the most different words, then the most words, then the earliest."""
    best, best_score, first = (0, 0), (0, 0), 0
    for last in range(len(hits)):
        while hits[last].end - hits[first].start > chars and first < last:
            first += 1
        window = hits[first : last + 1]
        score = (len({token.stem or token.word for token in window}), len(window))
        if score > best_score:
            best, best_score = (first, last), score
    return best


def _word_start(text: str, at: int, at_most: int) -> int:
    """The nearest beginning of a word at or after `at`; scripts without spaces may begin anywhere."""
    if at == 0:
        return 0
    while at < at_most and not text[at - 1].isspace() and not is_dense(text[at]):
        at += 1
    return at


def _word_end(text: str, at: int, at_least: int) -> int:
    """The nearest end of a word at or before `at`; where there is none, right here."""
    if at >= len(text):
        return len(text)
    end = at
    while end > at_least and not text[end].isspace():
        end -= 1
    return end if end > at_least else at


def _joined(places: Iterable[Span]) -> list[Span]:
    """Pairs of characters that overlap become one."""
    spans: list[Span] = []
    for start, end in places:
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _parts(text: str, spans: Sequence[Span], start: int = 0, end: int | None = None) -> tuple[Part, ...]:
    end = len(text) if end is None else end
    parts: list[Part] = []
    at = start
    for span_start, span_end in spans:
        parts.append(Part(_flat(text[at:span_start])))
        parts.append(Part(text[span_start:span_end], hit=True))
        at = span_end
    parts.append(Part(_flat(text[at:end])))
    return tuple(part for part in parts if part.text)


def _flat(text: str) -> str:
    """Paragraphs run on in a snippet."""
    return _BREAKS.sub(" ", text)
