"""`make bench`: measures, and says what was measured. Times are no tests: nothing here passes or fails."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
from pathlib import Path

from tests.bench.report import Report, publish_report

NAMES = ("publish", "streams", "ingest", "pages", "cards", "search", "notify", "scale")
RESULTS = Path("bench-results")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("only", nargs="?", choices=NAMES, help="one of them; all when left out")
    parser.add_argument("--full", action="store_true", help="the large sizes")
    asked = parser.parse_args()
    there = [each for each in NAMES if importlib.util.find_spec(f"tests.bench.{each}")]
    if asked.only and asked.only not in there:
        parser.exit(1, f"There is no bench of {asked.only} yet; there are: {', '.join(there)}.\n")
    for name in [asked.only] if asked.only else there:
        report: Report = asyncio.run(importlib.import_module(f"tests.bench.{name}").bench(full=asked.full))
        publish_report(report, RESULTS)


if __name__ == "__main__":
    main()
