"""`python -m pressroom_render pages`, `… cards`, `… http`; several names run in one process.

`… site check` says what a rebuild would change, `… site rebuild` builds the whole site anew and switches to it; with
`--json` both answer with one JSON object. `… letters` prints what readers wrote, one JSON line each.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from pressroom_render.app import http_parts, open_studio, pages_parts, rebuild_site
from pressroom_render.cards_app import cards_parts
from pressroom_render.checking import check
from pressroom_render.letters import all_letters
from pressroom_render.settings import Settings
from pressroom_shared.clock import rfc3339
from pressroom_shared.running import Runnable, run_process, run_until_stopped

PROCESSES = {"pages": pages_parts, "cards": cards_parts, "http": http_parts}


async def run(settings: Settings) -> None:
    async with open_studio(settings) as studio:
        parts: list[Runnable] = []
        for name in sys.argv[1:]:
            parts += await PROCESSES[name](studio)
        await run_until_stopped(*parts)


async def check_site(settings: Settings) -> None:
    """Ends with `WOULD_CHANGE` when a rebuild would change something."""
    async with open_studio(settings) as studio:
        changes = await check(studio, _progress())
    _say(json.dumps(changes.document()) if AS_JSON in sys.argv else "\n".join(changes.told()))
    if changes.total:
        raise SystemExit(WOULD_CHANGE)


async def build_anew(settings: Settings) -> None:
    async with open_studio(settings) as studio:
        pages = await rebuild_site(studio, _progress())
    _say(json.dumps({"pages": pages}) if AS_JSON in sys.argv else f"{pages:,} pages were built; readers see them now.")


def _progress() -> Callable[[int, int], None]:
    """On standard error: for a person a line that counts, for a program (`--progress`) two numbers a line."""
    if TO_PROGRAM in sys.argv:
        return lambda done, total: print(done, total, file=sys.stderr, flush=True)  # noqa: T201
    if sys.stderr.isatty():
        return lambda done, total: print(  # noqa: T201
            f"\r{done:,} of {total:,} pages", end="\n" if done == total else "", file=sys.stderr, flush=True
        )
    return lambda _done, _total: None


async def show_letters(settings: Settings) -> None:
    async with open_studio(settings) as studio, studio.database.read() as connection:
        async for each in all_letters(connection):
            _say(json.dumps(each | {"received_at": rfc3339(each["received_at"])}, ensure_ascii=False))


def _say(line: Any) -> None:
    sys.stdout.write(f"{line}\n")


AS_JSON, TO_PROGRAM = "--json", "--progress"
WOULD_CHANGE = 3
"""1 is for errors, and 2 for a command that is not understood."""
COMMANDS = {("site", "check"): check_site, ("site", "rebuild"): build_anew, ("letters",): show_letters}


if __name__ == "__main__":
    given = tuple(each for each in sys.argv[1:] if each not in {AS_JSON, TO_PROGRAM})
    if given in COMMANDS:
        run_process(Settings, COMMANDS[given])
    elif given and set(given) <= set(PROCESSES):
        run_process(Settings, run)
    else:
        sys.exit(f"usage: python -m pressroom_render {'|'.join([*PROCESSES, *map(' '.join, COMMANDS)])} …")
