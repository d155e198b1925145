"""Where the index lies: a folder for each generation of it, a file that names the one in use, the writer's lock.

data/search/current    "1-4": the layout and the generation
data/search/1-4/       tantivy's files
data/search/purged     there is something in those files that was purged, until all that is left is written again
data/search/lock       flock: whoever holds it writes; it is gone with its process, however that ends
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pressroom_search.documents import LAYOUT
from pressroom_shared.errors import StoreError
from pressroom_shared.ids import new_id


class Folder:
    """One host's index. All replicas on the host share it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Raises `StoreError` when nothing can be kept there."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"The index cannot be kept in {self.root}: {error.strerror}.") from error
        if not os.access(self.root, os.W_OK):
            raise StoreError(f"The index cannot be kept in {self.root}: the folder cannot be written.")

    @contextmanager
    def writers_lock(self) -> Iterator[bool]:
        """Try for the lock, without waiting. Says whether it is ours while the block runs."""
        file = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(file)

    def current(self) -> Path | None:
        """The generation in use; None before the first."""
        try:
            return self.root / (self.root / "current").read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def next(self) -> Path:
        """An empty folder for a new generation. Only for the lock's holder."""
        current = self.current()
        number = int(current.name.partition("-")[2]) if current else 0
        path = self.root / f"{LAYOUT}-{number + 1}"
        shutil.rmtree(path, ignore_errors=True)  # of a rebuild that was cut short
        path.mkdir()
        return path

    def use(self, generation: Path) -> None:
        """Swap a finished generation in, in one step, and remove all but the one before, which may still be read."""
        before = self.current()
        staged = self.root / "current.new"
        with staged.open("w", encoding="ascii") as file:
            file.write(generation.name)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self.root / "current")
        for each in self.root.iterdir():
            if each.is_dir() and each not in {generation, before}:
                shutil.rmtree(each, ignore_errors=True)

    def note_purge(self) -> None:
        """Remember that the files hold something that was purged, however this process ends."""
        (self.root / "purged").write_text(new_id(), encoding="ascii")

    def purge_noted(self) -> str | None:
        """The newest note; None when there is nothing to be erased."""
        try:
            return (self.root / "purged").read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def forget_purge(self, noted: str) -> None:
        """All of it is erased, unless there was another purge since. Earlier generations go, too."""
        current = self.current()
        for each in self.root.iterdir():
            if each.is_dir() and each != current:
                shutil.rmtree(each, ignore_errors=True)
        if self.purge_noted() == noted:
            (self.root / "purged").unlink()

    @staticmethod
    def is_of_this_layout(generation: Path) -> bool:
        return generation.name.partition("-")[0] == str(LAYOUT)
