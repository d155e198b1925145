"""Words in many scripts: what is the same word, and where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom_search.analysis import WORD_CHARS_MAX, fold, stem, tokens


def words(text: str, language: str = "en") -> list[str]:
    return [token.word for token in tokens(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The port's cranes, again!", ["the", "port", "cranes", "again"]),
        ("The U.S. and the E.U. meet", ["the", "us", "and", "the", "eu", "meet"]),
        ("naïve Café ＷＩＤＥ Straße", ["naive", "cafe", "wide", "strasse"]),
        ("l'état, don't", ["l", "etat", "don", "t"]),
        ("3.5% of 2026", ["3", "5", "of", "2026"]),
        ("snake_case e-mail", ["snake", "case", "e", "mail"]),
        ("潮見石", ["潮見", "見石", "石"]),
        ("港のA線", ["港の", "の", "a", "線"]),
        ("ｶﾞｽ", ["ガス", "ス"]),
        ("الصيّادون إلى المدينة", ["الصيادون", "الي", "المدينه"]),
        ("बंदरगाह की रात", ["बंदरगाह", "की", "रात"]),
        ("🚢 — … ", []),
    ],
)
def test_text_becomes_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "cranes", "crane"),
        ("es", "canciones", "canción"),
        ("de", "Häuser", "hauser"),
        ("fr", "nationales", "national"),
        ("ar", "السفينة", "السفينه"),
        ("ar", "المرفأ", "مرفأ"),
        ("ar", "والمدينة", "مدينة"),
        ("ar", "الصيّادون", "صياد"),
        ("hi", "रोटियाँ", "रोटी"),
        ("ru", "краны", "кран"),
        ("xx", "Same", "same"),
    ],
)
def test_forms_of_one_word_share_a_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language) is not None


@pytest.mark.parametrize(
    ("language", "word"), [("en", "the"), ("es", "los"), ("de", "und"), ("hi", "की"), ("ar", "إلى")]
)
def test_stop_words_have_no_stem(language: str, word: str) -> None:
    assert stem(word, language) is None


@given(st.text(max_size=80))
def test_every_token_stands_where_it_says(text: str) -> None:
    last = -1
    for token in tokens(text, "en"):
        assert last < token.start < token.end <= len(text)
        assert token.word
        assert len(token.word) <= WORD_CHARS_MAX
        assert " " not in token.word
        last = token.start


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
