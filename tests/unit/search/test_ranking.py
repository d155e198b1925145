"""News rank: halves of the fading part every two weeks, never below 0.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressroom_search.engine import Applied, Held, Repeat, Stale
from pressroom_search.ranking import HALF_LIFE_S, news_score, rank
from pressroom_search.versions import decide


@pytest.mark.parametrize(("half_lives", "share"), [(0, 1.0), (-5, 1.0), (1, 0.7), (2, 0.55), (1000, 0.4)])
def test_a_score_fades_by_age(half_lives: float, share: float) -> None:
    assert news_score(10, half_lives * HALF_LIFE_S) == pytest.approx(10 * share)


@given(st.floats(0, 1e6), st.floats(0, 1e9), st.floats(0, 1e9))
def test_older_is_never_better(score: float, age: float, more: float) -> None:
    assert news_score(score, age) >= news_score(score, age + more) >= 0.4 * score * 0.999


def test_a_much_better_old_article_stays_above_a_new_one() -> None:
    scores = {(0, 1): 10.0, (0, 2): 3.0, (0, 3): 3.0}
    published = {(0, 1): 0, (0, 2): 10**9, (0, 3): 10**9 - 60}
    assert [key for key, _ in rank(scores, published, 10**9)] == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.parametrize(
    ("held", "version", "replay", "verdict"),
    [
        (None, 1, False, Applied(1)),
        (Held(1, live=True), 2, False, Applied(2)),
        (Held(2, live=True), 2, False, Repeat(2)),
        (Held(2, live=False), 2, True, Applied(2)),
        (Held(3, live=False), 2, True, Stale(3)),
        (Held(3, live=False), 2, False, Stale(3)),
    ],
)
def test_newer_wins(held: Held | None, version: int, replay: bool, verdict: object) -> None:
    assert decide(held, version, replay=replay) == verdict
