"""`make quality`: others' tools look at every kind of page of the sample newspaper. Ends with 1 when one finds a fault.

Nu HTML checker and html-validate read the HTML, axe and a keyboard walk the pages in Chromium, feedparser the feeds,
lychee follows the links.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import feedparser
import httpx

from tests.e2e.quality.newspaper import WITHDRAWN, Newspaper, newspaper

HERE = Path(__file__).parent
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


@dataclass(frozen=True, slots=True)
class Finding:
    """What one tool says of one page."""

    tool: str
    where: str
    what: str


async def main() -> int:
    """Looks at every kind, or at those that are named."""
    if sys.argv[1:]:
        for kind in KINDS.keys() - set(sys.argv[1:]):
            del KINDS[kind]
    await run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=HERE)
    with tempfile.TemporaryDirectory() as folder:
        async with newspaper(Path(folder) / "data") as paper:
            pages = await _fetched(paper, Path(folder) / "pages")
            findings = [
                *await html(pages),
                *await browsed(paper),
                *feeds(Path(folder) / "data" / "site" / "www"),
                *await links(paper),
            ]
    for each in findings:
        print(f"{each.tool}: {each.where}: {each.what}")
    print(f"{len(KINDS)} kinds of pages, {len(findings)} findings")
    return 1 if findings else 0


async def _fetched(paper: Newspaper, folder: Path) -> Path:
    """Every kind of page as a file, as it is served."""
    await asyncio.to_thread(folder.mkdir)
    async with httpx.AsyncClient(base_url=paper.url) as client:
        for kind, path in KINDS.items():
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


async def browsed(paper: Newspaper) -> list[Finding]:
    """axe, widths, the keyboard, scripts off."""
    _, told, wrong = await run("node", str(HERE / "browse.mjs"), paper.url, *KINDS.values(), check=False)
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


async def links(paper: Newspaper) -> list[Finding]:
    """Every link of every kind of page leads somewhere; links to other sites and services are not followed."""
    lychee = shutil.which("lychee", path=str(Path(sys.executable).parent)) or "lychee"
    elsewhere = [option for each in ELSEWHERE for option in ("--exclude", f"^{paper.url}{each}")]
    urls = [f"{paper.url}{path}" for kind, path in KINDS.items() if kind not in STATUS]
    options = ("--no-progress", "--format", "json", "--exclude", "^https://", *elsewhere)
    _, told, wrong = await run(lychee, *options, *urls, check=False)
    try:
        report = json.loads(told)
    except ValueError:
        return [Finding("lychee", "", wrong or told)]
    failed = report.get("error_map") or report.get("fail_map") or {}
    return [Finding("lychee", page, str(each.get("url"))) for page, each_list in failed.items() for each in each_list]


async def run(*command: str, cwd: Path | None = None, check: bool = True) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=PIPE, stderr=PIPE)
    told, wrong = await process.communicate()
    if check and process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {wrong.decode()}{told.decode()}")
    return process.returncode or 0, told.decode(), wrong.decode()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
