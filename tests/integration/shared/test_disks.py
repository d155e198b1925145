"""Each service says when its disk is nearly full: real processes, told that they never have enough."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pressroom_shared.alarms import alarms
from pressroom_shared.clock import SystemClock
from tests.integration.search.conftest import site_file
from tests.waiting import until

SERVICES = {
    "pressroom_render pages": {"disk:render", "disk:site"},
    "pressroom_search": {"disk:search"},
    "pressroom_notify": {"disk:notify"},
}


@contextmanager
def running(words: str, folder: Path, redis_url: str) -> Iterator[None]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
    told = {"PRESSROOM_REDIS_URL": redis_url, "PRESSROOM_DATA_DIR": str(folder), "PRESSROOM_DISK_FREE_MIN": "1"}
    ports = {f"PRESSROOM_{name}_HTTP_PORT": "0" for name in ("SEARCH", "NOTIFY", "RENDER_PAGES")}
    told |= ports | {"PRESSROOM_SITE": str(site_file(folder))}
    process = subprocess.Popen([sys.executable, "-m", *words.split()], env=environ | told)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.mark.parametrize("words", SERVICES)
async def test_a_nearly_full_disk_is_said(redis: Any, redis_url: str, tmp_path: Path, words: str) -> None:
    async def is_said() -> bool:
        return set(await alarms(redis, now=SystemClock().now())) >= SERVICES[words]

    with running(words, tmp_path, redis_url):
        await until(is_said, timeout_s=60)
