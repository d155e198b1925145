"""What may wait a moment on a busy machine has a lower priority than what readers wait for."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

NICE_MAX = 19


def lower(pid: int, by: int) -> None:
    """Lower the priority of a running process by so many steps of `nice`, relative to our own.

    What it starts later inherits that. On Linux each of its threads has a priority of its own: sched(7).
    """
    nice = min(NICE_MAX, os.getpriority(os.PRIO_PROCESS, 0) + by)
    for thread in _threads(pid):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.setpriority(os.PRIO_PROCESS, thread, nice)


def _threads(pid: int) -> Iterator[int]:
    folder = Path(f"/proc/{pid}/task")
    if folder.is_dir():
        yield from (int(each.name) for each in folder.iterdir())
    else:  # not Linux: one priority for the whole process
        yield pid
