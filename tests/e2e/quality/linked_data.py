"""schema-dts knows schema.org as types: the JSON-LD of every kind of page must be one of its graphs."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.e2e.quality.tools import HERE, TOOLS, Finding

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
SETTINGS = (
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2022",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
)
TIMEOUT_S = 120


def check_graphs(pages: Path) -> list[Finding]:
    """Type-check what the pages in a folder say of themselves."""
    graphs = {
        file.name: each
        for file in sorted(pages.glob("*.html"))
        for each in SCRIPT.findall(file.read_text(encoding="utf-8"))
    }
    if not graphs:
        return [Finding("schema-dts", "", "no page has JSON-LD")]
    lines = ['import type { Graph } from "schema-dts";', ""]
    lines += [
        f"export const page{number}: Graph = {json.dumps(json.loads(each), indent=1)}; // {name}"
        for number, (name, each) in enumerate(graphs.items())
    ]
    file = HERE / "node_modules" / "graphs.ts"  # where the types are found
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        command = [str(TOOLS / "tsc"), *SETTINGS, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    finally:
        file.unlink()
    names = list(graphs)
    starts = [number for number, line in enumerate("\n".join(lines).split("\n"), 1) if line.startswith("export const")]
    found = []
    for line, what in re.findall(r"graphs\.ts\((\d+),\d+\): (.*)", done.stdout):
        page = names[sum(start <= int(line) for start in starts) - 1]
        found.append(Finding("schema-dts", page, what))
    return found or ([Finding("schema-dts", "", done.stdout + done.stderr)] if done.returncode else [])
