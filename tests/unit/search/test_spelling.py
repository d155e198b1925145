"""Corrections of unknown words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom_search.spelling import Speller, distance

COUNTS = [
    ("lighthouse", 9),
    ("harbour", 40),
    ("harbours", 2),
    ("crane", 30),
    ("cranes", 12),
    ("strike", 7),
    ("the", 99),
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("harbor", "harbour"),
        ("harbuor", "harbour"),
        ("lihgthouse", "lighthouse"),
        ("lighthuose", "lighthouse"),
        ("ligghthousse", "lighthouse"),
        ("carne", "crane"),
        ("strikee", "strike"),
        ("strkie", "strike"),
        ("xyzzy", None),
        ("teh", None),
        ("h4rbour", None),
        ("", None),
    ],
)
def test_a_typo_finds_its_word(typed: str, meant: str | None) -> None:
    assert Speller(COUNTS, words_max=100).correct(typed) == meant


def test_of_equally_near_words_the_more_frequent_is_meant() -> None:
    assert Speller([("boats", 3), ("boots", 90)], words_max=10).correct("boaats") == "boats"
    assert Speller([("beats", 3), ("boats", 90)], words_max=10).correct("bxats") == "boats"


def test_only_the_most_frequent_words_are_kept() -> None:
    speller = Speller([("rareword", 1), ("harbour", 5)], words_max=1)
    assert speller.correct("rarewodr") is None
    assert speller.correct("harbuor") == "harbour"


LETTERS = st.text(alphabet="abcdé", max_size=8)


@given(LETTERS, LETTERS)
def test_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) <= 3
    assert (distance(one, other, 2) == 0) == (one == other)


@given(st.text(alphabet="abcdefg", min_size=5, max_size=12), st.integers(0, 11))
def test_every_single_edit_is_mended(word: str, at: int) -> None:
    at = at % len(word)
    speller = Speller([(word, 1)], words_max=10)
    for typed in (word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word[:at] + "x" + word[at + 1 :]):
        assert speller.correct(typed) == word
