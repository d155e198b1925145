"""`python -m pressroom_render pages`, `… cards`, `… http`; several names run in one process."""

from __future__ import annotations

import sys

from pressroom_render.app import http_parts, open_studio, pages_parts
from pressroom_render.cards_app import cards_parts
from pressroom_render.settings import Settings
from pressroom_shared.running import Runnable, run_process, run_until_stopped

PROCESSES = {"pages": pages_parts, "cards": cards_parts, "http": http_parts}


async def main(settings: Settings) -> None:
    async with open_studio(settings) as studio:
        parts: list[Runnable] = []
        for name in sys.argv[1:]:
            parts += await PROCESSES[name](studio)
        await run_until_stopped(*parts)


if __name__ == "__main__":
    if not sys.argv[1:] or not set(sys.argv[1:]) <= set(PROCESSES):
        sys.exit(f"usage: python -m pressroom_render {'|'.join(PROCESSES)} …")
    run_process(Settings, main)
