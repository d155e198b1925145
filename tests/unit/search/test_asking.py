"""What is asked for in an address; and the line in which searches wait."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pressroom_search.asking import Ask, Line, read_search
from pressroom_search.engine import Search
from pressroom_search.settings import Settings
from pressroom_shared.http import Problem
from tests.waiting import until

NEW_YORK = ZoneInfo("America/New_York")


def search(**given: Any) -> Search:
    return read_search(Ask.model_validate(given), Settings(), NEW_YORK)


def test_a_day_is_a_whole_day_of_the_newspaper() -> None:
    asked = search(**{"from": "2026-11-01", "to": "2026-11-01"})
    assert asked.since == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert asked.until == datetime(2026, 11, 2, 5, tzinfo=UTC), "the clocks go back that night: a day of 25 hours"


def test_a_moment_is_taken_as_it_is() -> None:
    assert search(**{"from": "2026-11-01T12:00:00+02:00"}).since == datetime(2026, 11, 1, 10, tzinfo=UTC)
    with pytest.raises(Problem, match="from is not valid"):
        search(**{"from": "2026-11-01T12:00:00"})


def test_what_a_form_sends_empty_is_not_given() -> None:
    assert search(q="", section="", sort="", page="", **{"from": ""}) == Search()


def test_pages_become_places() -> None:
    asked = search(page="3", page_size="20")
    assert (asked.offset, asked.limit) == (40, 20)


async def test_the_line_runs_a_few_at_once_and_has_an_end() -> None:
    line = Line(Settings(searches_max=1, waiting_max=2))
    go, entered = threading.Event(), threading.Event()

    def slow() -> str:
        entered.set()
        go.wait(10)
        return "found"

    running = [asyncio.create_task(line.run("test", slow)) for _ in range(3)]
    await until(entered.is_set)
    with pytest.raises(Problem) as refused:
        await line.run("test", slow)
    assert refused.value.status == 503
    assert refused.value.headers == {"Retry-After": "1"}
    go.set()
    assert await asyncio.gather(*running) == ["found"] * 3
    assert await line.run("test", slow) == "found"
