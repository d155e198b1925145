"""Bulk work rests while news comes, and only then."""

from __future__ import annotations

import threading
import time

import pytest

from pressroom_shared.courtesy import NEWS_S, REST_S_MAX, SHARE, WAY_S_MAX, Courtesy


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the courtesy sees: its last entry."""
    now = [1000.0]
    monkeypatch.setattr("pressroom_shared.courtesy.time.monotonic", lambda: now[-1])
    return now


def test_nobody_rests_before_there_is_news() -> None:
    assert Courtesy(2).rest_s(0.1) == 0


def test_while_news_comes_bulk_rests_so_many_times_as_long_as_it_worked(clock: list[float]) -> None:
    courtesy = Courtesy(2)
    with courtesy.news():
        pass
    assert courtesy.rest_s(0.1) == 0.2
    assert courtesy.rest_s(30) == REST_S_MAX
    clock.append(clock[-1] + NEWS_S)
    assert courtesy.rest_s(0.1) == 0.2
    clock.append(clock[-1] + 0.1)
    assert courtesy.rest_s(0.1) == 0
    with courtesy.news():
        pass
    assert courtesy.rest_s(0.1) == 0.2


def test_while_news_comes_bulk_takes_less_at_once(clock: list[float]) -> None:
    courtesy = Courtesy(2)
    assert courtesy.at_once(48) == 48
    with courtesy.news():
        pass
    assert courtesy.at_once(48) == 48 // SHARE
    assert courtesy.at_once(4) == 1
    clock.append(clock[-1] + NEWS_S + 0.1)
    assert courtesy.at_once(48) == 48


def test_an_operator_may_forbid_resting(clock: list[float]) -> None:
    courtesy = Courtesy(0)
    with courtesy.news():
        pass
    assert courtesy.rest_s(0.1) == 0


def test_a_thread_waits_while_news_is_in_hand_and_no_longer() -> None:
    courtesy = Courtesy(1)
    went_on = threading.Event()

    def work() -> None:
        courtesy.give_way()
        went_on.set()

    with courtesy.news():
        with courtesy.news():
            pass
        thread = threading.Thread(target=work)
        thread.start()
        assert not went_on.is_set(), "one piece of news is still in hand"
    thread.join(10)
    assert went_on.is_set()


def test_news_without_end_stops_no_thread_for_good() -> None:
    courtesy = Courtesy(1)
    with courtesy.news():
        began = time.monotonic()
        courtesy.give_way()
        assert time.monotonic() - began >= WAY_S_MAX / 2
