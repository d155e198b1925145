"""Cards and pictures: what one costs beside other tools, how many a second, and whether a backlog delays a page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from pressroom_render.card_fonts import font_files
from pressroom_render.cards import Card
from pressroom_render.drawers import Drawers
from pressroom_render.settings import Settings
from pressroom_shared.events import Media
from pressroom_shared.keys import ARTICLES, FIELD
from tests.bench.report import Report, Table, percentile
from tests.contact_sheet import SAMPLE, sample_cards
from tests.examples import published
from tests.golden_cards import BASE, SCRIPTS
from tests.hostile import jpeg, scene
from tests.servers import any_redis
from tests.waiting import until

PEERS = Path(__file__).parent / "peers"
DRAWN = Path("bench-results") / "cards"
PICTURE = SAMPLE / "images" / "storm.jpg"
NPM = (
    *("satori", "@resvg/resvg-js", "@fontsource/newsreader", "@fontsource/noto-sans", "@fontsource/noto-sans-arabic"),
    *("@fontsource/noto-serif-jp", "@fontsource/noto-serif-devanagari"),
)
NAMES = ("latin", "arabic", "japanese", "devanagari", "emoji")
NPM_TIMEOUT_S = 180
WORKERS = (1, 2, 4)


async def bench(*, full: bool) -> Report:
    """`full`: each card 40 times and a backlog of 1,000; else 12 times and 150."""
    DRAWN.mkdir(parents=True, exist_ok=True)
    one, notes = await asyncio.to_thread(_one_card, 40 if full else 12)
    many = await _many_cards(10 if full else 3)
    pictures = await _pictures()
    backlog = await _backlog(1000 if full else 150)
    notes.append(f"What each tool drew is in {DRAWN}: look at the scripts. Pillow has no font to fall back on.")
    return Report("cards", [one, many, pictures, backlog], notes=notes)


def _one_card(times: int) -> tuple[Table, list[str]]:
    """The same layout on the same picture, 1600 × 1000, from its file's bytes to the card's."""
    cards = {"latin": BASE} | {name: _card(name) for name in NAMES[1:]}
    words = {
        name: {key: value for key, value in asdict(card).items() if key != "style"} for name, card in cards.items()
    }
    serif = next(str(path) for path in font_files() if path.name.startswith("Newsreader["))
    sans = next(str(path) for path in font_files() if path.name.startswith("NotoSans["))
    asked = {"cards": words, "picture": str(PICTURE), "times": times, "serif": serif, "sans": sans}
    asked["folder"] = str(DRAWN.resolve())
    notes: list[str] = []
    rows: list[list[Any]] = []
    for name, found in _tools(asked, notes):
        costs = [statistics.median(found["cards"][each]["ms"]) for each in NAMES]
        size = statistics.median(each["bytes"] for each in found["cards"].values()) / 1024
        rows.append([name, *(round(cost, 1) for cost in costs), round(size), found["peak_mb"]])
    return Table("One card, median CPU ms", ["tool", *NAMES, "KB", "peak MB"], rows), notes


def _card(name: str) -> Card:
    language, headline = SCRIPTS[name]
    return replace(BASE, headline=headline, language=language, direction="rtl" if name == "arabic" else "ltr")


def _tools(asked: dict[str, Any], notes: list[str]) -> list[tuple[str, dict[str, Any]]]:
    here = [sys.executable, str(PEERS / "cards_pressroom.py")]
    found = [(f"Pressroom, {form}", _run(here, asked | {"format": form.lower()})) for form in ("JPEG", "PNG")]
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:
        try:
            pillow = ["uv", "run", "--no-project", "--quiet", "--with", "pillow>=13", "python"]
            found.append(("Pillow, JPEG", _run([*pillow, str(PEERS / "cards_pillow.py")], asked)))
        except (OSError, subprocess.SubprocessError) as error:
            notes.append(f"Pillow was not measured: {error}")
        try:
            shutil.copy(PEERS / "cards_satori.mjs", folder)
            install = ["npm", "install", "--silent", "--no-audit", "--no-fund", *NPM]
            subprocess.run(install, cwd=folder, check=True, timeout=NPM_TIMEOUT_S, stdout=subprocess.DEVNULL)
            found.append(("satori + resvg, PNG", _run(["node", "cards_satori.mjs"], asked, folder=folder)))
        except (OSError, subprocess.SubprocessError) as error:
            notes.append(f"satori was not measured: {error}")
    return found


def _run(command: list[str], asked: dict[str, Any], folder: str | None = None) -> dict[str, Any]:
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True, cwd=folder)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


async def _many_cards(rounds: int) -> Table:
    """The sample newspaper's cards, JPEG and PNG, as the service draws them."""
    cards = list(sample_cards().values()) * rounds
    rows: list[list[Any]] = []
    for workers in WORKERS:
        with _drawers(workers) as drawers:
            await asyncio.gather(*(drawers.draw(*cards[0]) for _ in range(workers * 2)))
            started = time.perf_counter()
            await asyncio.gather(*(drawers.draw(*each) for each in cards))
            rate = len(cards) / (time.perf_counter() - started)
            rows.append([workers, round(rate, 1), max(_peak_mb(pid) for pid in _processes(drawers))])
    return Table(f"{len(cards)} cards on {os.cpu_count()} cores", ["workers", "cards a second", "peak MB each"], rows)


async def _pictures() -> Table:
    """One picture into all its files."""
    rows: list[list[Any]] = []
    with _drawers(1) as drawers:
        for name, body in {
            "sample, 1600 × 1000": PICTURE.read_bytes(),
            "photograph's size, 6000 × 4000": jpeg(scene(6000, 4000)),
            "100 megapixels, progressive": jpeg(scene(10_000, 9_900), interlace=True, Q=50),
        }.items():
            await drawers.develop(PICTURE.read_bytes(), None)
            (pid,) = _processes(drawers)
            before = _cpu_s(pid)
            _, files = await drawers.develop(body, None)
            kilobytes = sum(len(each) for each in files.values()) / 1024
            rows.append([name, round((_cpu_s(pid) - before) * 1000), len(files), round(kilobytes), _peak_mb(pid)])
    return Table("One picture, all its files", ["picture", "CPU ms", "files", "KB in all", "peak MB"], rows)


@contextlib.contextmanager
def _drawers(workers: int) -> Iterator[Drawers]:
    drawers = Drawers(Settings(cards_workers=workers))
    try:
        yield drawers
    finally:
        drawers.close()


def _processes(drawers: Drawers) -> list[int]:
    return [pid for pool in drawers._all for pid in (pool._processes or {})]


def _peak_mb(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith("VmHWM"))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _backlog(count: int) -> Table:
    """How long a page takes when no card waits, and while `count` of them do."""
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as name, any_redis() as url:
        folder, redis = Path(name), Redis.from_url(url)
        await redis.flushall()
        shutil.copy(SAMPLE / "site.toml", folder / "site.toml")
        body = PICTURE.read_bytes()
        picture = folder / "site" / "media" / "aa" / "storm.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(body)
        newsroom = _Newsroom(folder, redis)
        try:
            with _process(folder, url, "pages"):
                await newsroom.page()
                alone = [await newsroom.page() for _ in range(20)]
                for _ in range(count):
                    await newsroom.publish()
                await newsroom.page()
                with _process(folder, url, "cards"):
                    await until(lambda: newsroom.cards() > 0, timeout_s=60)
                    beside = [await newsroom.page() for _ in range(20)]
                    left = count - newsroom.cards()
                    await until(lambda: newsroom.cards() >= count, timeout_s=count)
        finally:
            await redis.aclose()
    rows: list[list[Any]] = [
        [name, percentile(times, 0.5), percentile(times, 0.95)]
        for name, times in (("no card waits", alone), (f"{count} cards wait, {left} at the end", beside))
    ]
    return Table("From the event to the page's file, ms", ["while", "p50", "p95"], rows)


class _Newsroom:
    """Publishes events as ingest does, straight into the stream."""

    def __init__(self, folder: Path, redis: Redis) -> None:
        self._site = folder / "site"
        self._redis = redis
        self._number = 0

    async def publish(self) -> Path:
        self._number += 1
        slug = f"the-harbor-at-noon-{self._number}"
        path = f"/business/2026/11/23/{slug}/"
        media = Media(id="m", key="media/aa/storm.jpg", media_type="image/jpeg", width=1600, height=1000, bytes=1)
        event = published(
            self._number,
            id=f"0193a0f0-0000-7000-8000-{self._number:012}",
            headline=f"The harbor at noon, for the {self._number}th time this year",
            slug=slug,
            path=path,
            media=[media],
            lead_image={"media_id": "m"},
        )
        await self._redis.xadd(ARTICLES, {FIELD: event.model_dump_json().encode()})
        return self._site / "www" / path.strip("/") / "index.html"

    async def page(self) -> float:
        started = time.perf_counter()
        file = await self.publish()
        await until(file.exists, timeout_s=120, every_s=0.002)
        return (time.perf_counter() - started) * 1000

    def cards(self) -> int:
        return len(list((self._site / "cards").glob("[!.]*.jpg")))


@contextlib.contextmanager
def _process(folder: Path, redis_url: str, name: str) -> Iterator[None]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PRESSROOM_")} | {
        "PRESSROOM_SITE": str(folder / "site.toml"),
        "PRESSROOM_DATA_DIR": str(folder),
        "PRESSROOM_REDIS_URL": redis_url,
        "PRESSROOM_LOG_LEVEL": "error",
        f"PRESSROOM_RENDER_{name.upper()}_HTTP_PORT": "0",
    }
    process = subprocess.Popen([sys.executable, "-m", "pressroom_render", name], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
