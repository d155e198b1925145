"""`python -m pressroom_notify` serves the readers' pages and sends their mail."""

from __future__ import annotations

from pressroom_notify.app import main
from pressroom_notify.settings import Settings
from pressroom_shared.running import run_process

if __name__ == "__main__":
    run_process(Settings, main)
