"""`pressroom import wordpress|ghost FILE`: read, convert, upload the pictures, send the articles, say what was lost."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from pressroom_local.errors import LocalError
from pressroom_local.importing import ghost, wordpress
from pressroom_local.importing.archive import Archive, document
from pressroom_local.importing.html_markdown import to_markdown
from pressroom_local.importing.pictures import Pictures
from pressroom_local.operating.calling import access

app = typer.Typer(no_args_is_help=True, help="Take another system's export into this newspaper.")
TIMEOUT_S = 600
ARTICLES_A_REQUEST = 2_000
"""The answer is read once all is sent, and proxies give up on an answer that nobody reads for a minute."""

File = Annotated[Path, typer.Argument(help="The export.", exists=True, dir_okay=False, readable=True)]
Section = Annotated[str, typer.Option(help="Where articles go whose category is no section here.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="OLD=SECTION; may be given often.")]
Media = Annotated[Path | None, typer.Option(help="A folder with the old site's pictures (wp-content/uploads).")]
Fetch = Annotated[bool, typer.Option("--fetch", help="Fetch pictures that are not in the folder from the old site.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Change nothing; only say what would come.")]


@dataclass
class Report:
    """What came in, and what did not."""

    statuses: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    failed: list[str] = field(default_factory=list)

    def hear(self, outcome: dict[str, Any]) -> None:
        self.statuses[outcome["status"]] += 1
        for error in outcome.get("errors", []):
            self.failed.append(f"{outcome['external_id']}: {error['field']}: {error['message']}")

    def lines(self) -> list[str]:
        told = [f"{count:>7}  {status}" for status, count in sorted(self.statuses.items())]
        if self.lost:
            told += ["", "Not taken over:", *(f"{count:>7}  {what}" for what, count in self.lost.most_common())]
        if self.failed:
            told += ["", "Refused:", *(f"         {each}" for each in self.failed)]
        if self.unanswered:
            told += ["", f"The answer ended early: of {self.sent} articles sent, {self.unanswered} were not answered."]
            told += ["Run it again: what came in stays as it is, and the others follow."]
        return told

    @property
    def unanswered(self) -> int:
        """Of these nobody knows whether they came in."""
        return self.sent - self.statuses.total()


@app.command("wordpress")
def import_wordpress(
    file: File,
    section: Section = "",
    mapped: Map = None,
    media: Media = None,
    fetch: Fetch = False,
    dry_run: Dry = False,
) -> None:
    """A WordPress export (Tools → Export, WXR)."""
    _run(wordpress.read, file, section, mapped or [], media, fetch=fetch, dry_run=dry_run)


@app.command("ghost")
def import_ghost(
    file: File,
    section: Section = "",
    mapped: Map = None,
    media: Media = None,
    fetch: Fetch = False,
    dry_run: Dry = False,
) -> None:
    """A Ghost export (Settings → Export)."""
    _run(ghost.read, file, section, mapped or [], media, fetch=fetch, dry_run=dry_run)


def _run(
    read: Callable[[Path], Archive],
    file: Path,
    section: str,
    mapped: list[str],
    media: Path | None,
    *,
    fetch: bool,
    dry_run: bool,
) -> None:
    url, key = access()
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S) as api:
            report = run(read(file), api, section=section, mapped=mapped, media=media, fetch=fetch, dry_run=dry_run)
    except httpx.HTTPError as error:
        raise LocalError(f"{url} does not answer: {error}") from None
    typer.echo("\n".join(report.lines()))
    if report.failed or report.unanswered:
        raise typer.Exit(1)


def run(
    archive: Archive,
    api: httpx.Client,
    *,
    section: str,
    mapped: list[str],
    media: Path | None = None,
    fetch: bool = False,
    dry_run: bool = False,
) -> Report:
    """Take an archive in. Raises `LocalError` when the key or a section is wrong."""
    sections = Sections(_known_sections(api), section, mapped)
    report = Report(lost=Counter(archive.lost))
    pictures = Pictures(archive, None if dry_run else api, folder=media, fetch=fetch)
    lines = _lines(_documents(archive, pictures, sections, report), report)
    if dry_run:
        report.statuses["would be sent"] = sum(1 for _ in lines)
    else:
        for first in lines:
            _send(api, chain([first], islice(lines, ARTICLES_A_REQUEST - 1)), report)
            if report.unanswered:
                break
    report.lost.update(pictures.lost)
    report.lost.update(sections.lost)
    return report


def _send(api: httpx.Client, lines: Iterator[bytes], report: Report) -> None:
    """One request's articles. Raises `LocalError` when it is refused."""
    with api.stream("POST", "/api/v1/articles:import", content=lines) as answer:
        if answer.status_code != 200:
            answer.read()
            raise LocalError(f"The import was refused: {answer.json().get('detail', answer.status_code)}")
        # An answer may be cut short, even amid a line; what it said until then counts, and the report says so.
        with contextlib.suppress(httpx.TransportError, json.JSONDecodeError):
            for text in answer.iter_lines():
                report.hear(json.loads(text))


class Sections:
    """Which section a category of the old site is here."""

    def __init__(self, known: set[str], default: str, mapped: list[str]) -> None:
        pairs = [each.partition("=") for each in mapped]
        self._map = {old: new for old, _, new in pairs}
        self._known = known
        self._default = default
        self.lost: Counter[str] = Counter()
        for each in [*self._map.values(), *([default] if default else [])]:
            if each not in known:
                raise LocalError(f"{each!r} is no section of this newspaper. Its sections: {', '.join(sorted(known))}.")

    def of(self, categories: list[str]) -> list[str]:
        """The main one first. Raises `LocalError` when there is none, and no default was given."""
        by_last = {key.rpartition("/")[2]: key for key in sorted(self._known, reverse=True)}
        found = []
        for each in categories:
            key = self._map.get(each) or by_last.get(each)
            if key is None:
                self.lost[f"category {each} (no section here)"] += 1
            else:
                found.append(key)
        if not found and not self._default:
            raise LocalError("Some articles have no category that is a section here; say where they go: --section.")
        return list(dict.fromkeys(found or [self._default]))


def _known_sections(api: httpx.Client) -> set[str]:
    answer = api.get("/api/v1/site")
    if answer.status_code != 200:
        raise LocalError(f"The key was refused: {answer.json().get('detail', answer.status_code)}")
    main = answer.json()["sections"]
    return {each["key"] for each in main} | {sub["key"] for each in main for sub in each["sections"]}


def _lines(documents: Iterator[dict[str, Any]], report: Report) -> Iterator[bytes]:
    for each in documents:
        report.sent += 1
        yield json.dumps(each, ensure_ascii=False).encode() + b"\n"


def _documents(archive: Archive, pictures: Pictures, sections: Sections, report: Report) -> Iterator[dict[str, Any]]:
    for entry in archive.entries:
        converted = to_markdown(entry.html, pictures.place, origin=archive.origin)
        report.lost.update(converted.lost)
        lead = None
        if entry.lead is not None:
            media_id = pictures.id_of(entry.lead.url, entry.lead.alt)
            if media_id:
                lead = {"media_id": media_id, "alt": entry.lead.alt[:300], "caption": entry.lead.caption[:1000]}
        section, *also_in = sections.of(entry.categories)
        yield document(entry, body=converted.markdown, section=section, also_in=also_in, lead=lead)
