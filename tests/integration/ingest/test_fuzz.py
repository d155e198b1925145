"""schemathesis against the running service: every operation of its OpenAPI document, every check."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.rates import Rates
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.http import HttpServer
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE
from tests.integration.ingest.test_media_api import png

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
        wait_timeout_s_max=0.2,  # nothing here makes a page
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


async def known(url: str) -> dict[str, str]:
    """One of each noun, made through the API: path parameter → what stands there."""
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {ADMIN}"}) as api:

        async def made(path: str, **how: Any) -> Any:
            answer = await api.post(path, **how)
            assert answer.is_success, answer.text
            return answer.json()

        article_id = (await made("/articles", json=ARTICLE | {"kind": "live"}))["id"]
        entry = await made(f"/articles/{article_id}/entries", json={"body": "At two, they moved."})
        picture = {"file": ("crane.png", png(), "image/png")}
        media = await made("/media", files=picture, data={"alt": "A crane."})
        key = await made("/keys", json={"name": "Night desk", "role": "editor"})
        await made(f"/articles/{article_id}/publish")
        replay = await made("/operations/replays", json={"all": True, "to": ["search"]})
        inventory = await made("/operations/inventories")
    return {
        "article_id": article_id,
        "entry_id": entry["entry"]["id"],
        "media_id": media["id"],
        "key_id": key["id"],
        "replay_id": replay["id"],
        "request_id": inventory["id"],
        "number": "1",
        "other": "2",
        "front": "home",
        "/api/v1/authors/{slug}#slug": "ines-falk",
        "/api/v1/tags/{slug}#slug": "harbor",
    }


def fuzz(url: str, folder: Path, parameters: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {ADMIN}", "--checks", "all"),
        *("--exclude-path", AMBIGUOUS),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--continue-on-failure"),
        *("--suppress-health-check", "all", "--generation-database", "none", "--no-color", "--seed", "20261124"),
    ]
    paths = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.integration.ingest.fuzz_hooks", "PYTHONPATH": paths}
    environment["PRESSROOM_FUZZ_KNOWN"] = json.dumps(parameters)
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=3600
    )


@pytest.mark.timeout(3600)
async def test_every_operation_keeps_its_own_document(running: str, tmp_path: Path) -> None:
    done = await asyncio.to_thread(fuzz, running, tmp_path, await known(running))
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    assert "Tested: " in done.stdout
