"""Pictures through real drawing processes: good ones, strange ones, hostile ones."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvips

from pressroom_render.drawers import Drawers, Ruined
from pressroom_render.image_names import CROPS, ends, widths_of
from pressroom_render.settings import Settings
from pressroom_shared.streams import Transient
from tests import hostile

MEMORY_BYTES_MAX = 500 * 1024 * 1024


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Drawers]:
    drawers = Drawers(settings)
    yield drawers
    drawers.close()


@pytest.fixture(scope="module")
def drawers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawers]:
    with running(Settings(data_dir=tmp_path_factory.mktemp("data"), cards_workers=1)) as drawers:
        yield drawers


def processes(drawers: Drawers) -> list[int]:
    return [pid for pool in drawers._all for pid in (pool._processes or {})]


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


@contextlib.asynccontextmanager
async def watched(drawers: Drawers) -> AsyncIterator[list[int]]:
    """Looks at the processes' peak while something is done; the list holds what was seen."""
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.extend(peak_bytes(pid) for pid in processes(drawers))
            await asyncio.sleep(0.01)

    watch = asyncio.create_task(look())
    yield seen
    watch.cancel()
    seen.extend(peak_bytes(pid) for pid in processes(drawers))


def opened(body: bytes) -> Any:
    return pyvips.Image.new_from_buffer(body, "")


async def develop(drawers: Drawers, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        return await drawers.develop(body, None)
    except Ruined as error:
        return {"trouble": str(error)}, {}


async def test_a_picture_is_made_in_five_widths_two_formats_and_three_crops(drawers: Drawers) -> None:
    known, files = await develop(drawers, hostile.jpeg(hostile.scene(2400, 1500)))
    assert (known["width"], known["height"], known["trouble"]) == (2400, 1500, "")
    assert set(files) == set(ends(2400))
    assert widths_of(2400) == [320, 640, 960, 1280, 1920]
    for width in widths_of(2400):
        for form in ("webp", "jpg"):
            image = opened(files[f"{width}.{form}"])
            assert (image.width, image.height) == (width, round(width * 1500 / 2400))
    for name, (across, down) in CROPS.items():
        crop = opened(files[f"{name}.jpg"])
        assert crop.width == 1200
        assert crop.height == round(1200 * down / across)
    small = opened(base64.b64decode(known["placeholder"].partition(",")[2]))
    assert small.width == 16
    assert len(known["placeholder"]) < 250


async def test_a_crop_keeps_the_focal_point(drawers: Drawers) -> None:
    body = hostile.jpeg(hostile.scene(2400, 1000))
    square = {}
    for focus in ((0.0, 0.5), (1.0, 0.5)):
        _, files = await drawers.develop(body, focus)
        square[focus] = opened(files["1x1.jpg"])
    dark, light = (image.crop(0, 0, 700, 100).avg() for image in square.values())
    assert dark + 60 < light


async def test_a_picture_without_a_focal_point_has_one_found(drawers: Drawers) -> None:
    known, _ = await develop(drawers, hostile.jpeg(hostile.scene(2400, 1000)))
    x, y = known["focal_point"]
    assert x > 0.6  # the red square
    assert y > 0.3


@pytest.mark.parametrize("name", hostile.HANDLED)
async def test_a_strange_picture_is_made(name: str, drawers: Drawers) -> None:
    body = hostile.HANDLED[name]()
    async with watched(drawers) as peaks:
        known, files = await develop(drawers, body)
    assert known["trouble"] == ""
    assert set(files) == set(ends(known["width"]))
    for made in files.values():
        image = opened(made)
        assert image.interpretation in {"srgb", "b-w"}
        assert image.bands == 3
        assert image.width <= 1920
        assert not any("exif" in field or "icc" in field or "gps" in field.lower() for field in image.get_fields())
    assert max(peaks) < MEMORY_BYTES_MAX


@pytest.mark.parametrize("name", [*hostile.REFUSED, *hostile.EITHER])
async def test_a_hostile_picture_is_refused_and_the_next_one_is_made(name: str, drawers: Drawers) -> None:
    body = (hostile.REFUSED | hostile.EITHER)[name]()
    async with watched(drawers) as peaks:
        known, files = await develop(drawers, body)
    if name in hostile.REFUSED:
        assert known["trouble"].endswith(".")
        assert files == {}
    assert max(peaks) < MEMORY_BYTES_MAX
    known, files = await develop(drawers, hostile.jpeg(hostile.scene(640, 400)))
    assert known["trouble"] == ""
    assert set(files) == set(ends(640))


async def test_a_sideways_picture_stands_up_and_its_place_is_forgotten(drawers: Drawers) -> None:
    body = hostile.HANDLED["place_and_sideways"]()
    assert b"Inspector Lantern" in body
    known, files = await develop(drawers, body)
    assert (known["width"], known["height"]) == (900, 1600)
    assert not any(b"Inspector Lantern" in made or b"GPS" in made for made in files.values())


async def test_what_follows_a_polyglots_picture_is_not_passed_on(drawers: Drawers) -> None:
    _, files = await develop(drawers, hostile.HANDLED["polyglot"]())
    assert not any(b"<script>" in made or b"<?php" in made for made in files.values())


async def test_colours_of_a_wide_profile_are_kept_in_srgb(drawers: Drawers) -> None:
    _, plain = await develop(drawers, hostile.jpeg(hostile.scene(1600, 900)))
    _, converted = await develop(drawers, hostile.HANDLED["wide_gamut"]())
    one, other = (opened(files["640.jpg"]).getpoint(520, 220) for files in (plain, converted))
    assert one == pytest.approx(other, abs=12)


async def test_who_takes_too_long_is_given_up_and_the_next_one_is_drawn(tmp_path: Path) -> None:
    with running(Settings(data_dir=tmp_path, cards_workers=1, cards_timeout_s=0.001)) as drawers:
        with pytest.raises(Ruined, match=r"longer than 0\.001 s"):
            await drawers.develop(hostile.jpeg(hostile.scene(640, 400)), None)
        drawers._settings = drawers._settings.model_copy(update={"cards_timeout_s": 30})
        _, files = await drawers.develop(hostile.jpeg(hostile.scene(640, 400)), None)
        assert files


async def test_time_in_which_the_machine_is_busy_with_something_else_is_nobodys_fault(tmp_path: Path) -> None:
    with running(Settings(data_dir=tmp_path, cards_workers=1, cards_timeout_s=5)) as drawers:
        await drawers._do(sum, [1])  # it has started
        drawers._settings = drawers._settings.model_copy(update={"cards_timeout_s": 0.1, "cards_wait_s": 60})
        await drawers._do(time.sleep, 0.5)
        drawers._settings = drawers._settings.model_copy(update={"cards_timeout_s": 30, "cards_wait_s": 0.2})
        with pytest.raises(Transient, match="too busy"):
            await drawers._do(time.sleep, 60)


async def test_a_process_that_is_killed_is_replaced_and_its_task_done_again(tmp_path: Path) -> None:
    with running(Settings(data_dir=tmp_path, cards_workers=1)) as drawers:
        await drawers.develop(hostile.jpeg(hostile.scene(640, 400)), None)
        (pool,) = drawers._all
        for process in pool._processes.values():
            process.kill()
        _, files = await drawers.develop(hostile.jpeg(hostile.scene(640, 400)), None)
        assert files
