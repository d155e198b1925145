"""schemathesis against the running service: every operation of its OpenAPI document, every check."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.rates import Rates
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.http import HttpServer
from tests.integration.ingest.conftest import ADMIN, SITE

HERE = Path(__file__).parent
AMBIGUOUS = "/api/v1/operations/dead/{group}:retry"
"""Its address is one of `…/dead/{group}` too, with a group that there is not: a wrong method is then 422, not 405."""

EXAMPLES = os.environ.get("PRESSROOM_FUZZ_EXAMPLES", "2")
"""How many of each operation; `make fuzz` takes more."""


@pytest.fixture
async def running(tmp_path: Path, redis_url: str) -> AsyncIterator[str]:
    (tmp_path / "site.toml").write_text(SITE)
    settings = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        redis_url=redis_url,
        admin_key=ADMIN,
    )
    async with open_desk(settings) as desk:
        stop = asyncio.Event()
        unbounded = Rates(per_s=1e6, burst=10**6)
        server = HttpServer(create_api(desk, Waiters(), unbounded), "127.0.0.1", 0)
        serving = asyncio.create_task(server.run(stop))
        await server.started.wait()
        yield f"http://127.0.0.1:{server.bound_port}"
        stop.set()
        await serving


def fuzz(url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {ADMIN}", "--checks", "all"),
        *("--exclude-path", AMBIGUOUS),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--continue-on-failure"),
        *("--suppress-health-check", "all", "--generation-database", "none", "--no-color", "--seed", "20261124"),
    ]
    paths = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.integration.ingest.fuzz_hooks", "PYTHONPATH": paths}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=3600
    )


@pytest.mark.timeout(3600)
async def test_every_operation_keeps_its_own_document(running: str, tmp_path: Path) -> None:
    done = await asyncio.to_thread(fuzz, running, tmp_path)
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    assert "Tested: " in done.stdout
