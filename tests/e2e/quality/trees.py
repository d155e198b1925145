"""The accessibility tree of each kind of page, as assistive software is told of it, beside the committed one.

`python -m tests.e2e.quality.check --keep-trees` writes them anew: read the difference before it is committed.
"""

from __future__ import annotations

import difflib
from urllib.parse import quote

from playwright.async_api import async_playwright

from tests.e2e.quality.newspaper import Newspaper
from tests.e2e.quality.tools import CHROMIUM, FLAGS, HERE, Finding

FOLDER = HERE / "trees"
SHOWN_MAX = 12
"""Lines of a difference that are told."""


async def check_trees(paper: Newspaper, kinds: dict[str, str], *, keep: bool) -> list[Finding]:
    """Compare each kind's tree with the committed one; or write them, when they are to be kept."""
    found: list[Finding] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = await browser.new_context(base_url=paper.url, viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        for kind, path in kinds.items():
            await page.goto(path)
            tree = await page.locator("body").aria_snapshot() + "\n"
            for address in (paper.url, quote(paper.url, safe="")):
                tree = tree.replace(address, "https://courier.example")
            file = FOLDER / f"{kind.replace(' ', '-')}.yaml"
            if keep:
                FOLDER.mkdir(exist_ok=True)
                file.write_text(tree, encoding="utf-8")
            held = file.read_text(encoding="utf-8") if file.exists() else ""
            if tree != held:
                lines = difflib.unified_diff(held.splitlines(), tree.splitlines(), "committed", "now", n=1, lineterm="")
                found.append(Finding("accessibility tree", kind, "\n  ".join(["", *list(lines)[:SHOWN_MAX]])))
        await browser.close()
    return found
