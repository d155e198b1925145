"""Tasks end when they are told to, also when somebody below them did not pass it on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NoReturn

from pressroom_shared.tasks import end


async def test_a_loop_whose_library_swallows_a_cancel_ends() -> None:
    swallowed = 0

    async def loop() -> NoReturn:
        nonlocal swallowed
        while True:
            with contextlib.suppress(*([asyncio.CancelledError] if swallowed < 2 else [])):
                try:
                    await asyncio.Event().wait()
                finally:
                    swallowed += 1

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    assert await asyncio.wait_for(end(task), timeout=10) == []
    assert task.cancelled()
    assert swallowed == 3


async def test_what_tasks_failed_with_is_told_and_no_task_is_no_wait() -> None:
    async def fail() -> None:
        raise ValueError("no")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    assert [str(each) for each in await end(task)] == ["no"]
    assert await end() == []
