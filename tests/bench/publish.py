"""The main job, measured from outside: from the editor's call to what readers see, and what it costs each process."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.progress import Progress

from tests.bench.plot import distribution_plot
from tests.bench.report import Report, Table, percentile
from tests.newsroom import Newsroom
from tests.system import System
from tests.waiting import until

STEPS = ("API answer", "page live", "in the feed", "searchable", "card there", "mail handed over")
LOOK_S = 0.01
DEADLINE_S = 60
WORDS = "The wind had dropped by noon and the harbor lay still. " * 90


async def bench(*, full: bool) -> Report:
    """`full`: 500 articles and 10 a second for a minute; else 40, and 4 a second for ten seconds."""
    count, rate, seconds = (500, 10, 60) if full else (40, 4, 10)
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder, System(Path(folder)) as system:
        newsroom = Newsroom(system.url, system.key)
        try:
            await newsroom.subscribe("reader@reader.example")
            for _ in range(3):  # caches, pools, drawing processes
                await _one(newsroom, "warm", 0)
            with Progress() as progress:
                before = system.cpu_s()
                alone = await _one_after_another(newsroom, count, progress)
                between = system.cpu_s()
                together = await _at_a_rate(newsroom, rate, seconds, progress)
                after = system.cpu_s()
        finally:
            await newsroom.close()
    spent = {
        name: ((between[name] - used) * 1000 / count, (after[name] - between[name]) * 1000 / (rate * seconds))
        for name, used in sorted(before.items())
    }
    spent["all"] = (sum(each[0] for each in spent.values()), sum(each[1] for each in spent.values()))
    titles = (f"One after another, {count} articles", f"Sustained, {rate} a second for {seconds} s")
    return Report(
        "publish",
        [
            _times(f"{titles[0]}: ms after the call began", alone),
            _times(f"{titles[1]}: ms after the call began", together),
            Table(
                "CPU, ms an article",
                ["process", "one after another", "sustained"],
                [[name, *each] for name, each in spent.items()],
            ),
        ],
        notes=[
            "Looking, which is what readers do here, costs the gateway and search; it is in their figures.",
            "What is looked for later may have been there earlier: the page first, then the search, then the feed.",
        ],
        plots={
            "publish.svg": distribution_plot(titles[0], alone),
            "publish-rate.svg": distribution_plot(titles[1], together),
        },
    )


async def _one_after_another(newsroom: Newsroom, count: int, progress: Progress) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    for number in progress.track(range(count), description="one after another"):
        _add(times, await _one(newsroom, "alone", number))
    return times


async def _at_a_rate(newsroom: Newsroom, rate: int, seconds: int, progress: Progress) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {step: [] for step in STEPS}
    bar = progress.add_task("sustained", total=rate * seconds)

    async def one(number: int) -> None:
        _add(times, await _one(newsroom, "rate", number))
        progress.advance(bar)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            group.create_task(one(number))
    return times


async def _one(newsroom: Newsroom, series: str, number: int) -> dict[str, float]:
    """Publish one article and watch for it. Milliseconds from the publish call to each step."""
    word = f"{series}{time.time_ns():x}q{number}"
    created = await newsroom.create(headline=f"The harbor at noon {word}", body=f"{word} {WORDS}")
    started, began = time.perf_counter(), time.time()
    published = await newsroom.publish(created["id"], wait=False)
    times = {"API answer": (time.perf_counter() - started) * 1000}

    async def watch(step: str, is_there: Callable[[], Awaitable[bool]]) -> None:
        await until(is_there, timeout_s=DEADLINE_S, every_s=LOOK_S)
        times[step] = (time.perf_counter() - started) * 1000

    async def live() -> bool:
        return (await newsroom.page(published["url"])).status_code == 200

    async def in_the_feed() -> bool:
        return published["url"] in (await newsroom.reader.get("/feed.xml")).text

    async def searchable() -> bool:
        return bool(await newsroom.found(word))

    # One after the other, as they come: whoever looked for all at once would measure his own looking.
    await watch("page live", live)
    await watch("searchable", searchable)
    await watch("in the feed", in_the_feed)
    receipt = await newsroom.complete(created["id"], timeout_s=DEADLINE_S)
    times["card there"] = _since(began, receipt["cards"])
    times["mail handed over"] = _since(began, receipt["notify"])
    return times


def _since(began: float, part: dict[str, Any]) -> float:
    return (datetime.fromisoformat(part["at"]).timestamp() - began) * 1000


def _add(times: dict[str, list[float]], one: dict[str, float]) -> None:
    for step in STEPS:
        times[step].append(one[step])


def _times(title: str, times: dict[str, list[float]]) -> Table:
    return Table(
        title,
        ["step", "p50", "p95", "p99"],
        [[step, *(percentile(times[step], part) for part in (0.5, 0.95, 0.99))] for step in STEPS],
    )
