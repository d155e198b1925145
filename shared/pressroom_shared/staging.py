"""Where files of the site store wait until they are put in place.

ext4 does not use an inode again for some minutes after its file was deleted, and to find another it looks at each of
those in the folder's block group. Every page that replaces one deletes one: after some thousands in one group, making a
file takes a millisecond of CPU instead of 20 us. So files are staged in one folder after the other, and ext4 is told to
place these far from each other. (Linux, fs/ext4/ialloc.c: `recently_deleted`, `find_group_orlov`; chattr(1), `T`.)
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import sys
import time
from pathlib import Path

STAGED = ".staged"
"""The folder of files that are not in place yet. The gateway serves no name that begins with a dot."""

FILES_MAX = 1_000
"""So many are staged in one folder, then another begins."""

STAGED_S_MAX = 3600
"""After this, a file that is not in place belongs to a process that was killed."""

GET_FLAGS, SET_FLAGS = 0x8008_6601, 0x4008_6602
TOP_FOLDER = 0x0002_0000
"""ioctl_iflags(2): `FS_IOC_GETFLAGS`, `FS_IOC_SETFLAGS`, `FS_TOPDIR_FL`."""


class Staging:
    """The folder in which a process stages now."""

    def __init__(self, root: str) -> None:
        """`root`: of the store."""
        self._parent = f"{root}/{STAGED}"
        self._former: str | None = None
        self._folder = self._another()
        self._left = FILES_MAX

    def folder(self, files: int) -> str:
        """Where to stage so many; `make` makes it when it is not there."""
        if self._left <= 0:
            self._former, self._folder, self._left = self._folder, self._another(), FILES_MAX
        self._left -= files
        return self._folder

    def make(self, folder: str) -> None:
        """The folder, and away with the one before, unless something in it is not in place yet. Raises `OSError`."""
        if not os.path.isdir(self._parent):  # noqa: PTH112  # as text, like every name in the store
            os.makedirs(self._parent, exist_ok=True)  # noqa: PTH103
            spread(self._parent)
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
        former, self._former = self._former, None
        if former is not None:
            with contextlib.suppress(OSError):
                os.rmdir(former)  # noqa: PTH106

    def _another(self) -> str:
        return f"{self._parent}/{secrets.token_hex(6)}"


def spread(folder: str) -> None:
    """Have folders that are made in this one lie far from each other, where the file system knows how."""
    if sys.platform != "linux":
        return
    import fcntl  # Windows has none

    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = bytearray(struct.calcsize("l"))
            fcntl.ioctl(descriptor, GET_FLAGS, flags)
            (found,) = struct.unpack("l", flags)
            fcntl.ioctl(descriptor, SET_FLAGS, struct.pack("l", found | TOP_FOLDER))
        finally:
            os.close(descriptor)


def sweep(root: Path) -> None:
    """Throw away what killed processes have left."""
    oldest = time.time() - STAGED_S_MAX
    for each in (root / STAGED).glob("**/*"):
        with contextlib.suppress(OSError):  # another process sweeps too; a folder may have something in it
            if each.stat().st_mtime < oldest:
                each.rmdir() if each.is_dir() else each.unlink()
