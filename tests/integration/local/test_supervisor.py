"""A process as the supervisor starts it, and as it starts it again."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

from pressroom_local.processes import Process
from pressroom_local.supervisor import Supervisor
from tests.waiting import until

SERVER = """
import http.server, os, sys, threading
print("started", os.getpid(), os.getpriority(os.PRIO_PROCESS, 0), flush=True)
threading.Thread(target=threading.Event().wait, daemon=True).start()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


async def test_what_may_wait_starts_like_all_others_and_has_a_lower_priority_once_it_is_ready(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (sys.executable, "-c", SERVER, str(port))
    cards = Process("cards", command, os.environ, f"http://127.0.0.1:{port}/", nice=7)
    lock = os.open(tmp_path, os.O_RDONLY)
    supervisor = Supervisor(
        [cards],
        logs=tmp_path,
        log_bytes_max=10_000,
        start_timeout_s=60,
        stop_timeout_s=10,
        inherited=lock,
        say=lambda _: None,
    )
    ours = os.getpriority(os.PRIO_PROCESS, 0)

    def starts() -> list[tuple[int, int]]:
        """Process id and priority of each start, as the process itself told them."""
        lines = [line.split() for line in (tmp_path / "cards.log").read_text().splitlines()]
        return [(int(line[1]), int(line[2])) for line in lines if line[:1] == ["started"]]

    def all_threads_wait(pid: int) -> bool:
        threads = [int(each.name) for each in Path(f"/proc/{pid}/task").iterdir()]
        return len(threads) == 2 and all(os.getpriority(os.PRIO_PROCESS, each) == ours + 7 for each in threads)

    await supervisor.start()
    try:
        for number in (1, 2):
            await until(lambda: len(starts()) == number, timeout_s=60)  # noqa: B023  # called before the next turn
            pid, began_with = starts()[-1]
            assert began_with == ours
            await until(lambda: all_threads_wait(pid), timeout_s=60)  # noqa: B023
            assert os.getsid(pid) == os.getsid(0), "Linux compares priorities inside a session alone"
            assert os.getpgid(pid) == pid, "it is stopped together with all that it started"
            os.kill(pid, signal.SIGKILL)
    finally:
        await supervisor.stop()
        os.close(lock)
