"""Passages: what matched is marked, and nothing else is markup."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pressroom_search.analysis import Token
from pressroom_search.engine import Part
from pressroom_search.snippets import Matches, beginning, cut, mark, to_html

LONG = "Fog lay on the bay. " * 30 + "The crane driver saw the ferry turn. " + "Nobody waved. " * 40


def is_one_of(*words: str) -> Matches:
    return lambda token: (token.start, token.end) if token.word in words or token.stem in words else None


def text_of(parts: tuple[Part, ...] | None) -> str:
    assert parts is not None
    return "".join(part.text for part in parts)


def test_the_passage_with_most_matches_is_cut_out_at_words() -> None:
    parts = cut(LONG, "en", is_one_of("crane", "ferri"), chars=80, scan_chars_max=10_000)
    text = text_of(parts)
    assert "crane driver saw the ferry" in text
    assert text[0] == text[-1] == "…"
    assert len(text) <= 82
    assert [part.text for part in parts or () if part.hit] == ["crane", "ferry"]


def test_where_nothing_matches_there_is_no_passage_but_a_beginning() -> None:
    assert cut("Fog lay.", "en", is_one_of("crane"), chars=80, scan_chars_max=100) is None
    assert text_of(beginning("Fog lay on the bay", 12)) == "Fog lay on…"
    assert beginning("", 10) == ()


def test_pairs_of_characters_are_marked_as_one_run() -> None:
    parts = mark("古い潮見石は動かない", "ja", is_one_of("潮見", "見石"))
    assert [(part.text, part.hit) for part in parts] == [("古い", False), ("潮見石", True), ("は動かない", False)]


def test_html_is_escaped_around_and_inside_what_matched() -> None:
    html = to_html((Part("<b>&"), Part("<crane>", hit=True), Part('"')))
    assert html == "&lt;b&gt;&amp;<mark>&lt;crane&gt;</mark>&quot;"


def every(token: Token) -> tuple[int, int] | None:
    return None if token.start % 2 else (token.start, token.end)


@given(st.text(alphabet=st.characters() | st.sampled_from("<>&\"' \n潮ab"), max_size=200), st.integers(1, 50))
def test_no_text_becomes_markup(text: str, chars: int) -> None:
    for parts in (mark(text, "en", every), cut(text, "en", every, chars=chars, scan_chars_max=500) or ()):
        rest = re.sub(r"</?mark>", "", to_html(parts))
        assert "<" not in rest
        assert ">" not in rest
        assert '"' not in rest


@given(st.text(max_size=200))
def test_marking_loses_no_text(text: str) -> None:
    assert text_of(mark(text, "en", every)).split() == text.split()
