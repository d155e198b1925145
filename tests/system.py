"""A whole Pressroom on this machine, started by the `pressroom` command as a person starts it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from urllib.error import HTTPError
from urllib.request import urlopen

START_TIMEOUT_S = 90
RUNNING = b"Pressroom is running."
STOP_TIMEOUT_S = 45

COMMANDS = {
    "redis": "redis-server",
    "ingest": "pressroom_ingest",
    "pages": "pressroom_render pages",
    "cards": "pressroom_render cards",
    "http": "pressroom_render http",
    "search": "pressroom_search",
    "notify": "pressroom_notify",
    "mailbox": "pressroom_local.mailbox",
    "gateway": "caddy",
}
"""What each process's command line holds."""


class System:
    """Use as a context: started inside, stopped with all its processes at the end."""

    def __init__(self, folder: Path, *, without: str = "", **settings: str) -> None:
        """`without` is a service that is left out."""
        self.folder = folder
        self._words = ("--without", without) if without else ()
        self.data = folder / "data"
        self.key = f"prk_{secrets.token_urlsafe(32)}"
        port = _free_port()
        self.url = f"http://localhost:{port}"
        self._settings = {
            "PRESSROOM_DATA_DIR": str(self.data),
            "PRESSROOM_PORT": str(port),
            "PRESSROOM_ADMIN_KEY": self.key,
            "PRESSROOM_NOTIFY_LEASE_S": "5",  # what a killed sender held is taken up sooner
        } | settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> System:
        self.start()
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it says so and a reader gets the front page. Fails with what was printed if not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
        with (self.folder / "run.log").open("ab") as log:
            begins_at = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pressroom_local", "run", "--no-sample", *self._words],
                env=plain | self._settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (self._says_so(begins_at) and self._answers()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError(f"Pressroom did not start:\n{self.said()}")
            time.sleep(0.1)

    def _says_so(self, begins_at: int) -> bool:
        """Every process is ready, not the front page alone."""
        return RUNNING in (self.folder / "run.log").read_bytes()[begins_at:]

    def stop(self) -> None:
        """As Ctrl-C does."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise AssertionError(f"Pressroom did not stop within {STOP_TIMEOUT_S} s:\n{self.said()}") from None

    def said(self) -> str:
        """What the command printed, and the end of each process's log."""
        logs = sorted((self.data / "logs").glob("*.log")) if self.data.exists() else []
        ends = "".join(f"\n--- {each.name}\n{each.read_text(errors='replace')[-2000:]}" for each in logs)
        return (self.folder / "run.log").read_text(errors="replace") + ends

    def kill(self, name: str) -> None:
        """kill -9 one process; the command starts it again."""
        os.kill(self.pids()[name], signal.SIGKILL)

    def pids(self) -> dict[str, int]:
        """The process id of each process that runs now."""
        found: dict[str, int] = {}
        assert self._process is not None
        for pid in _children(self._process.pid):
            line = _command_line(pid)
            for name, words in COMMANDS.items():
                if words in line:
                    found[name] = pid
        return found

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of each process so far, with those of its own children."""
        ticks = os.sysconf("SC_CLK_TCK")
        used: dict[str, float] = {}
        for name, pid in self.pids().items():
            used[name] = sum(_ticks(each) for each in (pid, *_descendants(pid))) / ticks
        return used

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/", timeout=3) as answer:
                return bool(answer.status == 200)
        except HTTPError:
            return False
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(pid: int) -> list[int]:
    """Linux: /proc/[pid]/task/[tid]/children (proc(5))."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:  # the thread has ended meanwhile
            continue
    return found


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _ticks(pid: int) -> int:
    """utime and stime of a process, and of its children that have ended (proc(5), fields 14 to 17)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))
