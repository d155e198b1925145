"""A withdrawal races a late, retried publication and paused page writers; `make chaos` runs a thousand of these."""

from __future__ import annotations

from pathlib import Path

from tests.withdrawing import Race, newspaper_in

SEEDS = range(100)


async def test_what_is_withdrawn_stays_gone_however_its_publication_races_it(tmp_path: Path) -> None:
    async with newspaper_in(tmp_path) as newspaper:
        for seed in SEEDS:
            await Race(newspaper, seed).run()
        await newspaper.shows_nothing_of(SEEDS)
