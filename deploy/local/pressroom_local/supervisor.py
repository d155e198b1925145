"""Starts the processes, restarts those that die, stops them all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from pressroom_local.errors import LocalError
from pressroom_local.priorities import lower
from pressroom_local.processes import Process

BACKOFF_BASE_S = 0.5
BACKOFF_MAX_S = 15
STEADY_S = 60
"""A process that has run so long starts again with the shortest pause."""
LOOK_S = 0.1
"""Pause between two looks whether a process is ready."""
LOGS_LOOK_S = 5
"""Pause between two looks at the sizes of the logs."""
LINES_SHOWN = 12


class Running:
    """One process, over all its restarts."""

    def __init__(self, process: Process, log: Path, log_bytes_max: int) -> None:
        self.process = process
        self.child: asyncio.subprocess.Process | None = None
        self.was_ready = False
        self.restarts = 0
        self._log = log
        self._log_bytes_max = log_bytes_max
        self._begins_at = 0

    async def start(self) -> asyncio.subprocess.Process:
        """Start it in a process group of its own, with its output at the end of its log.

        All are of one session: Linux may share the processors among sessions first, and then compares priorities inside
        each alone (sched(7), autogroup).
        """
        self.turn_log_over()
        with self._log.open("ab") as log:
            self._begins_at = log.tell()
            self.child = await asyncio.create_subprocess_exec(
                *self.process.command,
                env=dict(self.process.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        return self.child

    def last_lines(self) -> str:
        """What it said since its last start, at most `LINES_SHOWN` lines."""
        with self._log.open("rb") as log:
            log.seek(min(self._begins_at, log.seek(0, os.SEEK_END)))
            lines = log.read(self._log_bytes_max).decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-LINES_SHOWN:])

    def turn_log_over(self) -> None:
        """Keep one older log. The process appends, so that it goes on at the start of the emptied file."""
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > self._log_bytes_max:
                self._log.with_suffix(".log.1").write_bytes(self._log.read_bytes())
                os.truncate(self._log, 0)

    def send(self, number: signal.Signals) -> None:
        """To its whole process group."""
        if self.child is not None and self.child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.child.pid, number)


class Supervisor:
    """Keeps the processes running from `start` until `stop`.

    `inherited` is a descriptor that the guard holds too, so that the data folder's lock lasts until the last process
    is gone.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        logs: Path,
        log_bytes_max: int,
        start_timeout_s: float,
        stop_timeout_s: float,
        inherited: int,
        say: Callable[[str], None],
    ) -> None:
        self._running = [Running(each, logs / f"{each.name}.log", log_bytes_max) for each in processes]
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._inherited = inherited
        self._say = say
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._guard: asyncio.subprocess.Process | None = None
        self._failed = asyncio.Event()
        self._why = ""

    async def start(self) -> None:
        """Start all; return when each is ready. Raises `LocalError` when one cannot start."""
        self._guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pressroom_local.guard", str(self._stop_timeout_s)),
            stdin=asyncio.subprocess.PIPE,
            process_group=0,
            pass_fds=(self._inherited,),
        )
        self._tasks.append(asyncio.create_task(self._look_at_logs()))
        first = [each for each in self._running if each.process.last]
        for wave in (first, [each for each in self._running if not each.process.last]):
            self._tasks += [asyncio.create_task(self._keep(each)) for each in wave]
            await self._all_ready(wave)

    async def stop(self) -> None:
        """Ask all to stop, those that others need last; kill what is not gone in time."""
        self._stopping = True
        for last in (False, True):
            wave = [each for each in self._running if each.process.last is last]
            for each in wave:
                each.send(signal.SIGTERM)
            alive = [each.child.wait() for each in wave if each.child is not None]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._stop_timeout_s):
                    await asyncio.gather(*alive)
            for each in wave:
                if each.child is not None and each.child.returncode is None:
                    self._say(f"{each.process.name} did not stop within {self._stop_timeout_s:g} s and was killed.")
                    each.send(signal.SIGKILL)
                    await each.child.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            await self._guard.wait()

    async def raise_when_failed(self) -> None:
        """Waits until a process cannot start: the run is over then. Raises `LocalError` that says why."""
        await self._failed.wait()
        raise LocalError(self._why)

    async def _keep(self, running: Running) -> None:
        """Start it again whenever it dies, with growing pauses, until the run stops."""
        name = running.process.name
        while True:
            began = time.monotonic()
            try:
                child = await running.start()
            except OSError as error:
                self._fail(f"{name} cannot start: {error}.")
                return
            self._tell_guard("+", child.pid)
            lowering = asyncio.create_task(_lower_once_ready(running.process, child.pid))
            code = await child.wait()
            lowering.cancel()
            _kill_rest(child.pid)
            self._tell_guard("-", child.pid)
            if self._stopping:
                return
            if code > 0 and not running.was_ready:
                self._fail(f"{name} cannot start:\n{running.last_lines()}")
                return
            running.restarts = 0 if time.monotonic() - began > STEADY_S else running.restarts + 1
            pause_s = min(BACKOFF_BASE_S * 2 ** max(0, running.restarts - 1), BACKOFF_MAX_S)
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self._say(f"{name} {how}; it is started again in {pause_s:g} s.")
            if code > 0:
                self._say(running.last_lines())
            await asyncio.sleep(pause_s)

    def _fail(self, sentence: str) -> None:
        if not self._failed.is_set():
            self._why = sentence
            self._failed.set()

    def _tell_guard(self, change: str, pid: int) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.write(f"{change}{pid}\n".encode())

    async def _all_ready(self, wave: Sequence[Running]) -> None:
        """Raises `LocalError` as soon as one cannot start."""
        failing = asyncio.create_task(self.raise_when_failed())
        waiting = {asyncio.create_task(self._until_ready(each)) for each in wave}
        try:
            left = set(waiting)
            while left:
                done, _ = await asyncio.wait(left | {failing}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                left -= done
        finally:
            for task in (failing, *waiting):
                task.cancel()
            await asyncio.gather(failing, *waiting, return_exceptions=True)

    async def _until_ready(self, running: Running) -> None:
        reason = "it does not answer"
        try:
            async with asyncio.timeout(self._start_timeout_s):
                while reason:
                    reason = await unready(running.process.ready)
                    await asyncio.sleep(LOOK_S if reason else 0)
        except TimeoutError:
            raise LocalError(
                f"{running.process.name} was not ready within {self._start_timeout_s:g} s: {reason}\n"
                f"{running.last_lines()}"
            ) from None
        running.was_ready = True

    async def _look_at_logs(self) -> None:
        while True:
            await asyncio.sleep(LOGS_LOOK_S)
            for each in self._running:
                each.turn_log_over()


async def _lower_once_ready(process: Process, pid: int) -> None:
    """Not before: beside a program that never rests, one of low priority would hardly start."""
    while process.nice:
        if not await unready(process.ready):
            lower(pid, process.nice)
            return
        await asyncio.sleep(LOOK_S)


def _kill_rest(group: int) -> None:
    """What a dead process left in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


async def unready(address: str) -> str:
    """Why what should answer there is not ready; empty when it is."""
    if address.startswith("http"):
        try:
            async with httpx.AsyncClient(timeout=3) as client:
                answer = await client.get(address)
        except httpx.HTTPError as error:
            return f"it does not answer ({type(error).__name__})."
        return "" if answer.is_success else _detail(answer)
    redis = Redis.from_url(address, socket_connect_timeout=3, socket_timeout=3)
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        return f"it does not answer ({error})."
    finally:
        await redis.aclose()
    return ""


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"it answers {answer.status_code}."
