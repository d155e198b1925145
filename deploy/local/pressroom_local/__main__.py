"""`python -m pressroom_local`, and what the command `pressroom` runs."""

from __future__ import annotations

from pressroom_local.cli import main

if __name__ == "__main__":
    main()
