"""The site store: pages, pictures, cards and the shell, as files. Every write is whole or not there."""

# ruff: noqa: PTH103, PTH105, PTH108, PTH120  # making a `Path` of a file costs more than renaming it, and pages have many

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pressroom_shared.errors import StoreError
from pressroom_shared.staging import Staging, spread, sweep

Content = bytes | Sequence[bytes]
"""Of a file: whole, or in pieces, one after the other."""

_KEY = re.compile(r"[^/\x00]+(/[^/\x00]+)*")
PIECES_A_CALL = 1024
"""`IOV_MAX` of writev(2)."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes that are in the store, but not yet at their key."""

    temporary: str
    target: str


class SiteStore(Protocol):
    """Where readers' files are. Keys are relative paths such as `www/index.html`."""

    async def put(self, key: str, body: Content) -> None: ...

    async def put_all(self, files: Sequence[tuple[str, Content]]) -> None: ...

    async def fill(self, files: Sequence[tuple[str, Content]]) -> None:
        """Put them where nobody looks yet and nothing is: whoever read one meanwhile might see half of it."""

    async def stage(self, files: Sequence[tuple[str, Content]]) -> list[Staged]:
        """All of them, or, when that fails, none."""

    async def publish(self, staged: Sequence[Staged]) -> None:
        """Put them in place one after the other, each in one step that no reader sees half of."""

    async def discard(self, staged: Sequence[Staged]) -> None:
        """Throw them away; those that are in place already stay there."""

    async def adopt(self, key: str, source: Path) -> None:
        """Take a finished local file into the store; `source` is gone afterwards."""

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, *keys: str) -> None: ...

    async def exists(self, key: str) -> bool: ...

    def path(self, key: str) -> Path:
        """Where a file store keeps a key."""


def open_site_store(url: str, *, writable: bool = True) -> SiteStore:
    """The store at `file:///…`; where it is only read, it may lie on a read-only volume, or not be there yet.

    Raises `StoreError` when the URL names none, or the folder cannot be written.
    """
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
        raise StoreError(f"PRESSROOM_SITE_STORE: {url!r} is no store that Pressroom knows; use file:///folder.")
    root = Path(unquote(parts.path))
    if not writable:
        return FileStore(root)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"PRESSROOM_SITE_STORE: the folder {root} cannot be made: {error.strerror}.") from error
    if not os.access(root, os.W_OK):
        raise StoreError(f"PRESSROOM_SITE_STORE: the folder {root} cannot be written.")
    sweep(root)
    spread(str(root))  # a site that is built anew lies away from the one before
    return FileStore(root)


class FileStore:
    """A folder. Writes go to a temporary name within it, then are renamed over the target (POSIX `rename`)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self._staging = Staging(str(root))

    def path(self, key: str) -> Path:
        return Path(self._place(key))

    async def put(self, key: str, body: Content) -> None:
        await self.put_all([(key, body)])

    async def put_all(self, files: Sequence[tuple[str, Content]]) -> None:
        await _to_its_end(_put_all, self._staging, self._targets(files))

    async def fill(self, files: Sequence[tuple[str, Content]]) -> None:
        await _to_its_end(_fill_all, self._targets(files))

    async def stage(self, files: Sequence[tuple[str, Content]]) -> list[Staged]:
        staged: list[Staged] = []
        try:
            await _to_its_end(_stage_all, self._staging, self._targets(files), staged)
        except BaseException:
            await self.discard(staged)
            raise
        return staged

    async def publish(self, staged: Sequence[Staged]) -> None:
        await _to_its_end(_publish_all, staged)

    async def discard(self, staged: Sequence[Staged]) -> None:
        await _to_its_end(_unlink_all, [each.temporary for each in staged])

    async def adopt(self, key: str, source: Path) -> None:
        await _to_its_end(_adopt, self._staging, self._place(key), source)

    async def get(self, key: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self.path(key).read_bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    async def delete(self, *keys: str) -> None:
        await _to_its_end(_unlink_all, [self._place(key) for key in keys])

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self.path(key).is_file)

    def _place(self, key: str) -> str:
        """As `path`, but text."""
        if not _KEY.fullmatch(key) or ".." in key.split("/"):
            raise ValueError(f"{key!r} is no key of the site store")
        return f"{self._root}/{key}"

    def _targets(self, files: Sequence[tuple[str, Content]]) -> list[tuple[str, Content]]:
        return [(self._place(key), body) for key, body in files]


def _stage(staging: Staging, folder: str, target: str, body: Content) -> Staged:
    temporary = f"{folder}/{secrets.token_hex(12)}"
    try:
        try:
            _write(temporary, body)
        except FileNotFoundError:  # its first file
            staging.make(folder)
            _write(temporary, body)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return Staged(temporary, target)


def _write(path: str, body: Content) -> None:
    """A new file, or `FileExistsError`. By its descriptor: a buffer would only cost."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        rest = [body] if isinstance(body, bytes) else list(body)
        while rest:
            now, rest = rest[:PIECES_A_CALL], rest[PIECES_A_CALL:]
            written = os.writev(file, now)
            if written < sum(map(len, now)):  # a full disk, a signal: the rest again, or the error
                rest = [b"".join(now)[written:], *rest]
    finally:
        os.close(file)


def _stage_all(staging: Staging, files: Sequence[tuple[str, Content]], staged: list[Staged]) -> None:
    """What is staged is in the list at once: whoever is stopped in the middle knows what to throw away."""
    folder = staging.folder(len(files))
    for target, body in files:
        staged.append(_stage(staging, folder, target, body))


def _publish_all(staged: Sequence[Staged]) -> None:
    for each in staged:
        _move(each.temporary, each.target)


def _move(source: str, target: str) -> None:
    try:
        os.replace(source, target)
    except FileNotFoundError:  # the first file of a folder
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.replace(source, target)


def _fill_all(files: Sequence[tuple[str, Content]]) -> None:
    for target, body in files:
        try:
            _write(target, body)
        except FileNotFoundError:  # the first file of a folder
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _write(target, body)


def _put_all(staging: Staging, files: Sequence[tuple[str, Content]]) -> None:
    staged: list[Staged] = []
    try:
        _stage_all(staging, files, staged)
        _publish_all(staged)
    except OSError:
        with contextlib.suppress(OSError):
            _unlink_all([each.temporary for each in staged])
        raise


async def _to_its_end(function: Callable[..., None], *arguments: object) -> None:
    """Run it in a thread. Whoever is cancelled meanwhile goes on only once the thread is done.

    Else a page would be put in place after its transaction has been undone, and stay there.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        raise


def _unlink_all(paths: Sequence[str]) -> None:
    for each in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(each)


def _adopt(staging: Staging, target: str, source: Path) -> None:
    try:
        _move(str(source), target)
    except OSError:  # another file system: copy, then rename
        _put_all(staging, [(target, source.read_bytes())])
        source.unlink()
