"""`python -m pressroom_render pages`, `… cards`, `… http`; several names run in one process.

`… rebuild` builds the whole site anew and switches to it; `… letters` prints what readers wrote, one JSON line each.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pressroom_render.app import http_parts, open_studio, pages_parts, rebuild_site
from pressroom_render.cards_app import cards_parts
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


async def build_anew(settings: Settings) -> None:
    async with open_studio(settings) as studio:
        _say(f"{await rebuild_site(studio):,} pages were built; readers see them now.")


async def show_letters(settings: Settings) -> None:
    async with open_studio(settings) as studio, studio.database.read() as connection:
        async for each in all_letters(connection):
            _say(json.dumps(each | {"received_at": rfc3339(each["received_at"])}, ensure_ascii=False))


def _say(line: Any) -> None:
    sys.stdout.write(f"{line}\n")


COMMANDS = {"rebuild": build_anew, "letters": show_letters}


if __name__ == "__main__":
    given = sys.argv[1:]
    if len(given) == 1 and given[0] in COMMANDS:
        run_process(Settings, COMMANDS[given[0]])
    elif given and set(given) <= set(PROCESSES):
        run_process(Settings, run)
    else:
        sys.exit(f"usage: python -m pressroom_render {'|'.join([*PROCESSES, *COMMANDS])} …")
