"""Each layout and script looks as it did when somebody last looked (`python -m tests.golden_cards` writes them)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.golden_cards import FOLDER, differences, drawn, golden_cards

MEAN_MAX, BLOCK_MAX = 1.5, 20
CARDS = golden_cards()


@pytest.mark.parametrize("name", CARDS)
def test_a_card_looks_as_it_did(name: str) -> None:
    golden = (FOLDER / f"{name}.jpg").read_bytes()
    mean, block = differences(drawn(*CARDS[name]), golden)
    assert mean <= MEAN_MAX
    assert block <= BLOCK_MAX


def test_there_is_no_golden_card_too_many() -> None:
    assert {path.stem for path in FOLDER.glob("*.jpg")} == set(CARDS)


def test_a_letter_that_is_another_is_seen() -> None:
    card, picture, face = CARDS["news-paper"]
    golden = (FOLDER / "news-paper.jpg").read_bytes()
    other = drawn(replace(card, headline=card.headline.replace("crane", "crate")), picture, face)
    assert differences(other, golden)[1] > BLOCK_MAX
