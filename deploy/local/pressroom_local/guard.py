"""Outlives the supervisor by a moment, however that one ends, and leaves no process behind.

`python -m pressroom_local.guard STOP_S` reads lines from standard input: `+PID` for a process group that was started,
`-PID` for one that ended. When the input ends, because the supervisor did, every group left is asked to stop, and after
STOP_S killed. It works on every Unix, for children of children too, and for a supervisor that was killed with SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time


def main() -> None:
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    stop_s = float(sys.argv[1])
    groups: set[int] = set()
    for line in sys.stdin:
        change, group = line[0], int(line[1:])
        (groups.add if change == "+" else groups.discard)(group)
    _send(groups, signal.SIGTERM)
    deadline = time.monotonic() + stop_s
    while time.monotonic() < deadline and any(map(_is_there, groups)):
        time.sleep(0.05)
    _send(groups, signal.SIGKILL)


def _send(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
