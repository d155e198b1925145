"""What may wait a moment on a busy machine has a lower priority than what readers wait for."""

from __future__ import annotations

import contextlib
import os
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


def _threads(pid: int) -> list[int]:
    try:
        return [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir()]
    except FileNotFoundError:  # it has ended, or this is not Linux: one priority for the whole process
        return [pid]
