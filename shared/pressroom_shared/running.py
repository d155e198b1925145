"""A process: its parts run together, and stop together on SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import uvloop

from pressroom_shared.errors import PressroomError
from pressroom_shared.logs import set_up_logging
from pressroom_shared.settings import Settings, load_settings

log = logging.getLogger(__name__)

SWITCH_S = 0.0005
"""How long a thread that computes may keep the lock of the interpreter from the event loop: a tenth of the default."""
GC_THRESHOLDS = (10_000, 10, 100)
"""New objects until the youngest are looked through, and how often that is done until older ones are."""

SettingsT = TypeVar("SettingsT", bound=Settings)


def spare_collections() -> None:
    """Collect garbage less often, and never look at what is there now: modules and tables live as long as the process.

    By Python's defaults a process that holds many articles stops for 50 ms and more each few publications.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


class Runnable(Protocol):
    """A part of a process. Ends soon after `stop` is set, with its work finished or handed back."""

    async def run(self, stop: asyncio.Event) -> None: ...


async def run_until_stopped(*parts: Runnable, stop: asyncio.Event | None = None) -> None:
    """Run the parts until a signal (or `stop`). When one fails, the others are stopped and its error is raised."""
    stop = stop or asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(name, stop.set)
    spare_collections()
    tasks = [asyncio.create_task(_guarded(part, stop), name=type(part).__name__) for part in parts]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _guarded(part: Runnable, stop: asyncio.Event) -> None:
    try:
        await part.run(stop)
    finally:
        stop.set()


def run_process(kind: type[SettingsT], main: Callable[[SettingsT], Coroutine[Any, Any, None]]) -> None:
    """Read the settings and run `main`. A person's mistake ends with one sentence and exit code 1."""
    try:
        settings = load_settings(kind)
        set_up_logging(settings)
        sys.setswitchinterval(SWITCH_S)
        uvloop.run(main(settings))
    except PressroomError as error:
        print(error, file=sys.stderr)  # noqa: T201  # read by the person who started the process
        raise SystemExit(1) from None
    except OSError as error:
        print(f"The process cannot go on: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None


Stoppable = Callable[[asyncio.Event], Awaitable[None]]


class Task:
    """A plain coroutine function as a part of a process."""

    def __init__(self, function: Stoppable) -> None:
        self._function = function

    async def run(self, stop: asyncio.Event) -> None:
        await self._function(stop)
