"""Lighthouse's figures for a phone. They are told, and are no gate: they depend on the machine."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tests.e2e.quality.newspaper import Newspaper
from tests.e2e.quality.tools import CHROMIUM, FLAGS, TOOLS, run

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


async def figures(paper: Newspaper, kinds: dict[str, str], folder: Path) -> list[str]:
    """One line for each kind of page."""
    lines = []
    for kind, path in kinds.items():
        file = folder / "lighthouse.json"
        options = ("--quiet", "--output=json", f"--output-path={file}", f"--only-categories={','.join(CATEGORIES)}")
        flags = f"--chrome-flags={' '.join(FLAGS)}"
        environment = {**os.environ, "CHROME_PATH": CHROMIUM or ""}
        await run(str(TOOLS / "lighthouse"), paper.url + path, *options, flags, environment=environment)
        report: dict[str, Any] = json.loads(await asyncio.to_thread(file.read_text, "utf-8"))
        scores = ", ".join(f"{name} {report['categories'][name]['score'] * 100:.0f}" for name in CATEGORIES)
        audits = report["audits"]
        largest, shift = audits["largest-contentful-paint"]["displayValue"], audits["cumulative-layout-shift"]
        weight = audits["total-byte-weight"]["numericValue"] / 1024
        lines.append(f"{kind}: {scores}; largest paint {largest}, shift {shift['displayValue']}, {weight:.0f} KB")
    return lines
