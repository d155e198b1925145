"""A process as the supervisor starts it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pressroom_local.processes import Process
from pressroom_local.supervisor import Running


async def test_priorities_are_compared_among_all_processes(tmp_path: Path) -> None:
    """Linux compares them inside a session alone; a process group of its own lets each be stopped with its children."""
    waits = (sys.executable, "-c", "import time; time.sleep(60)")
    running = Running(Process("cards", waits, os.environ, "", nice=7), tmp_path / "cards.log", log_bytes_max=10_000)
    child = await running.start()
    try:
        assert os.getsid(child.pid) == os.getsid(0)
        assert os.getpgid(child.pid) == child.pid
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 7
    finally:
        child.kill()
        await child.wait()
