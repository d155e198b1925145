"""The tutorial, run from top to bottom as a reader of it would."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from pressroom_local.folder import key_file
from tests.newsroom import Newsroom
from tests.system import System

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_call_of_the_tutorial_works(newsroom: Newsroom, system: System) -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text()
    assert f"$(cat {key_file(Path('data'))})" in page, "the key's place, as `make run` prints it"
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 11, "the set-up and ten calls"
    script = "set -euo pipefail\n" + "\n".join(blocks)
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        script,
        cwd=ROOT,
        env=os.environ | {"PRESSROOM": system.url, "KEY": system.key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
