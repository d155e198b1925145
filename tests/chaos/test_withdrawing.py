"""A withdrawal races a late, retried publication and paused page writers, in a thousand orders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.withdrawing import Race, newspaper_in

FULL = os.environ.get("PRESSROOM_CHAOS_FULL") == "1"
SEEDS = range(1000) if FULL else range(100)


@pytest.mark.timeout(1200)
async def test_what_is_withdrawn_stays_gone_in_every_interleaving(tmp_path: Path) -> None:
    async with newspaper_in(tmp_path) as newspaper:
        for seed in SEEDS:
            await Race(newspaper, seed).run()
        await newspaper.shows_nothing_of(SEEDS)
    print(f"{len(SEEDS)} interleavings: gone in each")
