"""What every check shares: where the tools are, how one is run, what it finds."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = HERE / "node_modules" / ".bin"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one tool says of one page."""

    tool: str
    where: str
    what: str


async def run(
    *command: str, cwd: Path | None = None, check: bool = True, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """A program's exit code and what it printed. Ends everything when it fails and `check` is set."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    told, wrong = await process.communicate()
    if check and process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {wrong.decode()}{told.decode()}")
    return process.returncode or 0, told.decode(), wrong.decode()
