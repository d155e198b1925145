"""The site store: pages, pictures, cards and the shell, as files. Every write is whole or not there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pressroom_shared.errors import StoreError

_KEY = re.compile(r"[^/\x00]+(/[^/\x00]+)*")
STAGED_PREFIX = ".staged-"
"""What a file is called before it is in place. The gateway serves no name that begins with a dot."""


class Staged(Protocol):
    """Bytes that are in the store, but not yet at their key."""

    async def publish(self) -> None:
        """Put them in place, in one step that no reader sees half of."""

    async def discard(self) -> None:
        """Throw them away."""


class SiteStore(Protocol):
    """Where readers' files are. Keys are relative paths such as `www/index.html`."""

    async def put(self, key: str, body: bytes) -> None: ...

    async def stage(self, key: str, body: bytes) -> Staged: ...

    async def adopt(self, key: str, source: Path) -> None:
        """Take a finished local file into the store; `source` is gone afterwards."""

    async def get(self, key: str) -> bytes | None: ...

    async def delete(self, key: str) -> None: ...

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
    return FileStore(root)


class FileStore:
    """A folder. Writes go to a temporary name beside the target, then are renamed over it (POSIX `rename`)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key.split("/"):
            raise ValueError(f"{key!r} is no key of the site store")
        return self.root / key

    async def put(self, key: str, body: bytes) -> None:
        await (await self.stage(key, body)).publish()

    async def stage(self, key: str, body: bytes) -> StagedFile:
        return await asyncio.to_thread(_stage, self.path(key), body)

    async def adopt(self, key: str, source: Path) -> None:
        await asyncio.to_thread(_adopt, self.path(key), source)

    async def get(self, key: str) -> bytes | None:
        try:
            return await asyncio.to_thread(self.path(key).read_bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self.path(key).unlink, missing_ok=True)

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self.path(key).is_file)


class StagedFile:
    """A temporary file beside its target."""

    def __init__(self, temporary: Path, target: Path) -> None:
        self.temporary = temporary
        self.target = target

    async def publish(self) -> None:
        await asyncio.to_thread(self.temporary.replace, self.target)

    async def discard(self) -> None:
        await asyncio.to_thread(self.temporary.unlink, missing_ok=True)


def _stage(target: Path, body: bytes) -> StagedFile:
    temporary = target.with_name(f"{STAGED_PREFIX}{secrets.token_hex(8)}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(body)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return StagedFile(temporary, target)


def _adopt(target: Path, source: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError:  # another file system: copy, then rename
        staged = _stage(target, source.read_bytes())
        staged.temporary.replace(target)
        source.unlink()
