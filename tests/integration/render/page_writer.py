"""A `pages` writer in a process of its own, whose clock stands still: `python -m … FOLDER NOW PAGE RAILS_LIVE`.

Writes until it is told to stop, or killed.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import uvloop

from pressroom_render import addresses, gather, pages
from pressroom_render.app import open_studio
from pressroom_shared.clock import ManualClock
from pressroom_shared.running import run_until_stopped
from tests.integration.render.conftest import make_settings, writer_of


def scale(page: int, rails_live: int) -> None:
    """How many articles a numbered page holds, and beside how many of the newest rails are live."""
    for module in (addresses, gather, pages):
        vars(module)["PAGE"] = page
    for module in (gather, pages):
        vars(module)["RAILS_LIVE"] = rails_live


async def main(folder: Path, now: datetime) -> None:
    async with open_studio(make_settings(folder), ManualClock(now)) as studio:
        await run_until_stopped(writer_of(studio))


if __name__ == "__main__":
    scale(int(sys.argv[3]), int(sys.argv[4]))
    uvloop.run(main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
