"""What a service says is wrong: while it lasts, and no longer; nor when the service is gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pressroom_shared.alarms import LASTS, Alarming, alarms, full_disk, raise_alarm
from pressroom_shared.clock import ManualClock
from tests.streams import settings


async def test_an_alarm_is_there_while_something_is_wrong(redis: Any, redis_url: str, tmp_path: Path) -> None:
    clock = ManualClock()
    troubles: list[str] = []
    looks = {"mail": lambda: troubles[-1] if troubles else None}
    alarming = Alarming(settings(redis_url, tmp_path), looks, clock)
    await alarming.look(redis)
    assert "mail" not in await alarms(redis, now=clock.now())
    troubles.append("The mail server refuses our mails.")
    await alarming.look(redis)
    assert (await alarms(redis, now=clock.now()))["mail"] == "The mail server refuses our mails."
    troubles.clear()
    await alarming.look(redis)
    assert "mail" not in await alarms(redis, now=clock.now())


async def test_an_alarm_that_nobody_repeats_ends_by_itself(redis: Any) -> None:
    clock = ManualClock()
    await raise_alarm(redis, "mail", "The mail server refuses our mails.", now=clock.now())
    clock.advance(LASTS - timedelta(seconds=1))
    assert set(await alarms(redis, now=clock.now())) == {"mail"}
    clock.advance(timedelta(seconds=2))
    assert await alarms(redis, now=clock.now()) == {}


def test_a_disk_with_less_than_a_tenth_free_is_said_and_a_folder_that_is_not_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    given = settings("redis://127.0.0.1:1/0", tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Usage(1000, 901, 99))
    assert str(full_disk(given)) == "The disk of  is nearly full: less than 10% of it is free."
    assert "disk of the site store" in str(full_disk(given, tmp_path, of="the site store"))
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Usage(1000, 900, 100))
    assert full_disk(given) is None
    assert full_disk(settings("redis://127.0.0.1:1/0", tmp_path / "nowhere")) is None
