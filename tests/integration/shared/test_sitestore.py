"""The site store as files: whole or not there, also for whoever is cancelled in the middle."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

from pressroom_shared import sitestore
from pressroom_shared.sitestore import FileStore, open_site_store
from pressroom_shared.staging import FILES_MAX, STAGED, STAGED_S_MAX
from tests.waiting import until

FILES = [("www/index.html", b"<p>Home"), ("www/index.html.gz", b"gz")]


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


class Gate:
    """Stops the thread that works for the store until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()
        work = getattr(sitestore, function)

        def wait(*arguments: object) -> object:
            self._reached.set()
            self._opened.wait(10)
            return work(*arguments)

        monkeypatch.setattr(sitestore, function, wait)

    async def cancel_inside(self, task: asyncio.Task[object]) -> None:
        await until(self._reached.is_set)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        self._opened.set()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_staged_files_are_in_place_only_once_published_and_leave_nothing_when_discarded(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    staged = await store.stage(FILES)
    assert not await store.exists("www/index.html")
    await store.publish(staged)
    assert names(tmp_path) == ["www/index.html", "www/index.html.gz"]
    await store.discard(await store.stage([("www/index.html", b"another")]))
    assert names(tmp_path) == ["www/index.html", "www/index.html.gz"]
    assert await store.get("www/index.html") == b"<p>Home"


async def test_a_new_site_is_filled_without_staging(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    await store.fill(FILES)
    assert names(tmp_path) == ["www/index.html", "www/index.html.gz"]
    assert await store.get("www/index.html") == b"<p>Home"
    with pytest.raises(FileExistsError):
        await store.fill(FILES[:1])


@pytest.mark.parametrize("pieces", [[], [b""], [b"<p>", b"", b"Home"], [b"a", b"bc"] * 1500])
async def test_a_file_may_be_given_in_pieces(tmp_path: Path, pieces: list[bytes]) -> None:
    store = FileStore(tmp_path)
    await store.put("www/index.html", pieces)
    assert await store.get("www/index.html") == b"".join(pieces)


async def test_what_the_system_writes_in_part_is_written_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(file: int, pieces: list[bytes]) -> int:
        return os.write(file, b"".join(pieces)[:4])

    monkeypatch.setattr("os.writev", some)
    store = FileStore(tmp_path)
    await store.put("www/index.html", [b"<p>", b"The harbor at ", b"noon"])
    assert await store.get("www/index.html") == b"<p>The harbor at noon"


async def test_who_is_cancelled_while_files_are_put_in_place_goes_on_only_when_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path)
    gate = Gate(monkeypatch, "_publish_all")
    await gate.cancel_inside(asyncio.create_task(store.publish(await store.stage(FILES))))
    assert names(tmp_path) == ["www/index.html", "www/index.html.gz"]


async def test_who_is_cancelled_while_files_are_staged_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, "_stage_all")
    await gate.cancel_inside(asyncio.create_task(FileStore(tmp_path).stage(FILES)))
    assert names(tmp_path) == []


async def test_files_of_which_one_cannot_be_written_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, writev = FileStore(tmp_path), os.writev

    def until_full(file: int, pieces: list[bytes]) -> int:
        if pieces == [b"full"]:
            raise OSError(28, "No space left on device")
        return writev(file, pieces)

    monkeypatch.setattr(os, "writev", until_full)
    for write in (store.stage, store.put_all):
        with pytest.raises(OSError, match="No space left"):
            await write([*FILES, ("www/a", b"full")])
    assert names(tmp_path) == []


async def test_what_a_killed_process_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    store = open_site_store(tmp_path.as_uri())
    old, fresh = await store.stage([("www/old", b""), ("www/fresh", b"")])
    long_ago = time.time() - STAGED_S_MAX - 60
    os.utime(old.temporary, (long_ago, long_ago))
    open_site_store(tmp_path.as_uri())
    assert names(tmp_path) == [str(Path(fresh.temporary).relative_to(tmp_path))]
    os.utime(fresh.temporary, (long_ago, long_ago))
    for each in (tmp_path / STAGED).iterdir():
        open_site_store(tmp_path.as_uri())
        os.utime(each, (long_ago, long_ago))
    open_site_store(tmp_path.as_uri())
    assert list((tmp_path / STAGED).iterdir()) == [], "folders of killed processes too"


async def test_one_folder_after_another_is_staged_in_and_the_former_goes(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    for _ in range(3):
        await store.put_all([(f"www/{number}", b"") for number in range(FILES_MAX)])
        assert len(list((tmp_path / STAGED).iterdir())) == 1
    waiting = await store.stage([("www/waits", b"")])
    await store.put_all([(f"www/{number}", b"") for number in range(FILES_MAX)])
    await store.put("www/next", b"")
    assert len(list((tmp_path / STAGED).iterdir())) == 2, "what is not in place yet keeps its folder"
    await store.publish(waiting)
    assert await store.exists("www/waits")
