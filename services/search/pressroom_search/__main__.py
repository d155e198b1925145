"""`python -m pressroom_search` serves; of several on one host, one also writes the index."""

from pressroom_search.app import main
from pressroom_search.settings import Settings
from pressroom_shared.running import run_process

if __name__ == "__main__":
    run_process(Settings, main)
