"""`python -m pressroom_local.mailbox`."""

from __future__ import annotations

from pressroom_local.mailbox.app import main
from pressroom_local.settings import Settings
from pressroom_shared.running import run_process

if __name__ == "__main__":
    run_process(Settings, main)
