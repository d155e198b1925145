"""`make quality`: others' tools look at every kind of page of the sample newspaper. Ends with 1 when one finds a fault.

Nu HTML checker and html-validate read the HTML, schema-dts the JSON-LD, axe and a keyboard walk the pages in Chromium,
accessibility trees are compared with the committed ones, feedparser and newsboat read the feeds, lychee follows links.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import feedparser
import httpx

from tests.e2e.quality.lighthouse import figures
from tests.e2e.quality.linked_data import check_graphs
from tests.e2e.quality.newspaper import LIVE, WITHDRAWN, Newspaper, newspaper
from tests.e2e.quality.readers import read_feeds
from tests.e2e.quality.tools import HERE, Finding, run
from tests.e2e.quality.trees import check_trees

VNU = HERE / "node_modules/vnu-jar/build/dist/vnu.jar"
ELSEWHERE = ("/search", "/subscribe", "/preferences")
"""Addresses of other services: their own tests look at them."""

KINDS = {
    "home": "/",
    "section front": "/business/",
    "sub-section front": "/business/markets/",
    "opinion front": "/opinion/",
    "article with a correction": "/us/2026/11/20/survey-error/",
    "article with a table": "/business/2026/11/17/fish-price/",
    "opinion": "/opinion/2026/11/23/moved-zones/",
    "analysis": "/health/2026/11/19/last-bus/",
    "review": "/lifestyle/2026/11/19/keepers-hours/",
    "live": LIVE,
    "article in Arabic": "/world/2026/11/19/marsa-alyasmin/",
    "article in Japanese": "/world/2026/11/22/shiono-ura/",
    "article in Hindi": "/lifestyle/2026/11/21/raat-ki-rasoi/",
    "tag": "/tag/flood-maps/",
    "author": "/author/ines-falk/",
    "day": "/2026/11/20/",
    "month": "/2026/11/",
    "archive": "/archive/",
    "corrections": "/corrections/",
    "standing page": "/about/newsroom/",
    "form": "/correct",
    "tip": "/tip",
    "not found": "/nothing/here/",
    "withdrawn": WITHDRAWN,
}
STATUS = {"not found": 404, "withdrawn": 410}

UNTOLD = ("form", "tip", *STATUS)
"""Kinds that Lighthouse does not look at: no search engine is to find them."""


async def main() -> int:
    """Looks at every kind, or at those that are named."""
    parser = argparse.ArgumentParser(prog="make quality", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"all when left out: {', '.join(KINDS)}")
    parser.add_argument("--keep-trees", action="store_true", help="write the accessibility trees anew")
    parser.add_argument("--figures", action="store_true", help="Lighthouse's figures too")
    asked = parser.parse_args()
    if unknown := set(asked.kinds) - KINDS.keys():
        parser.error(f"There is no kind {', '.join(sorted(unknown))}.")
    kinds = {kind: path for kind, path in KINDS.items() if not asked.kinds or kind in asked.kinds}
    await run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=HERE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with newspaper(folder / "data") as paper:
            www = folder / "data" / "site" / "www"
            pages = await _fetched(paper, kinds, folder / "pages")
            findings = [
                *await html(pages),
                *await asyncio.to_thread(check_graphs, pages),
                *await browsed(paper, kinds),
                *await check_trees(paper, kinds, keep=asked.keep_trees),
                *feeds(www),
                *await asyncio.to_thread(read_feeds, paper.url, www, folder / "newsboat"),
                *await links(paper, kinds),
            ]
            phone = {kind: path for kind, path in kinds.items() if kind not in UNTOLD and asked.figures}
            told = await figures(paper, phone, folder)
    for line in told:
        print(f"Lighthouse, phone: {line}")
    for each in findings:
        print(f"{each.tool}: {each.where}: {each.what}")
    print(f"{len(kinds)} kinds of pages, {len(findings)} findings")
    return 1 if findings else 0


async def _fetched(paper: Newspaper, kinds: dict[str, str], folder: Path) -> Path:
    """Every kind of page as a file, as it is served."""
    await asyncio.to_thread(folder.mkdir)
    async with httpx.AsyncClient(base_url=paper.url) as client:
        for kind, path in kinds.items():
            answer = await client.get(path)
            if answer.status_code != STATUS.get(kind, 200):
                raise SystemExit(f"{kind}: {path} answers {answer.status_code}")
            (folder / f"{kind.replace(' ', '-')}.html").write_bytes(answer.content)
    return folder


async def html(pages: Path) -> list[Finding]:
    """The Nu HTML checker and html-validate."""
    _, _, told = await run("java", "-jar", str(VNU), "--format", "json", str(pages), check=False)
    found = [
        Finding("vnu", Path(each.get("url", "")).name, f"{each['message']} {each.get('extract')}")
        for each in json.loads(told or '{"messages": []}')["messages"]
    ]
    validate = str(HERE / "node_modules/.bin/html-validate")
    config, report_file = str(HERE / "html-validate.json"), pages.parent / "html-validate.json"
    await run(validate, "--config", config, "--formatter", f"json={report_file}", str(pages), check=False)
    found += [
        Finding("html-validate", Path(report["filePath"]).name, f"{each['ruleId']}: {each['message']}")
        for report in json.loads(await asyncio.to_thread(report_file.read_text, "utf-8"))
        for each in report["messages"]
    ]
    return found


async def browsed(paper: Newspaper, kinds: dict[str, str]) -> list[Finding]:
    """axe, widths, the keyboard, scripts off."""
    _, told, wrong = await run("node", str(HERE / "browse.mjs"), paper.url, *kinds.values(), check=False)
    lines = [json.loads(line) for line in told.splitlines()]
    found = [Finding("browser", f"{each['path']} ({each['view']})", each["what"]) for each in lines]
    return [*found, *([Finding("browser", "", wrong)] if wrong else [])]


def feeds(root: Path) -> list[Finding]:
    found: list[Finding] = []
    files = sorted([*root.rglob("feed.xml"), *root.rglob("atom.xml")])
    for file in files:
        parsed: Any = feedparser.parse(file.read_bytes())
        where = str(file.relative_to(root))
        if parsed.bozo:
            found.append(Finding("feedparser", where, str(parsed.bozo_exception)))
        found += [
            Finding("feedparser", where, f"an entry lacks its id, link, date or text: {entry.get('title')}")
            for entry in parsed.entries
            if not (entry.id.startswith("urn:uuid:") and entry.link and entry.published_parsed and entry.content)
        ]
    return found or ([] if files else [Finding("feedparser", str(root), "there are no feeds")])


async def links(paper: Newspaper, kinds: dict[str, str]) -> list[Finding]:
    """Every link of every kind of page leads somewhere; links to other sites and services are not followed."""
    lychee = shutil.which("lychee", path=str(Path(sys.executable).parent)) or "lychee"
    elsewhere = [option for each in ELSEWHERE for option in ("--exclude", f"^{paper.url}{each}")]
    urls = [f"{paper.url}{path}" for kind, path in kinds.items() if kind not in STATUS]
    options = ("--no-progress", "--format", "json", "--exclude", "^https://", *elsewhere)
    _, told, wrong = await run(lychee, *options, *urls, check=False)
    try:
        report = json.loads(told)
    except ValueError:
        return [Finding("lychee", "", wrong or told)]
    failed = report.get("error_map") or report.get("fail_map") or {}
    return [Finding("lychee", page, str(each.get("url"))) for page, each_list in failed.items() for each in each_list]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
