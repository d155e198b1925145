"""`python -m pressroom_ingest` serves; `python -m pressroom_ingest keys create` makes an admin key and prints it."""

from __future__ import annotations

import sys

from pressroom_ingest.app import main, open_desk
from pressroom_ingest.settings import Settings
from pressroom_shared.running import run_process

USAGE = "usage: python -m pressroom_ingest [keys create [NAME]]"


async def create_admin_key(settings: Settings) -> None:
    name = sys.argv[3] if len(sys.argv) > 3 else "admin"
    async with open_desk(settings) as desk, desk.begin() as work:
        _, secret = await work.keys.create(name, "admin")
    sys.stdout.write(f"{secret}\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            run_process(Settings, main)
        case ["keys", "create"] | ["keys", "create", _]:
            run_process(Settings, create_admin_key)
        case _:
            sys.exit(USAGE)
