"""newsboat, a feed reader, reads each feed; what it has kept in its cache is read back and compared."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import feedparser

from tests.e2e.quality.tools import Finding

FORMATS = ("feed.xml", "atom.xml")
"""JSON Feed it does not read."""

TIMEOUT_S = 120


def read_feeds(url: str, www: Path, folder: Path) -> list[Finding]:
    """Each feed of the newspaper at `url`, whose files are in `www`; the reader's own files go into `folder`."""
    if shutil.which("newsboat") is None:
        return [Finding("newsboat", "", "it is not installed: apt-get install newsboat")]
    files = {f"{url}/{file.relative_to(www)}": file for name in FORMATS for file in sorted(www.rglob(name))}
    folder.mkdir()
    (folder / "urls").write_text("\n".join(files) + "\n")
    (folder / "config").write_text("reload-threads 4\nmax-items 0\n")
    options = [f"--{name}-file={folder / name}" for name in ("config", "cache")] + [f"--url-file={folder / 'urls'}"]
    home = {**os.environ, "HOME": str(folder), "TERM": "dumb"}
    command = ["newsboat", *options, "--execute=reload"]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        return [Finding("newsboat", "", f"it ended with {done.returncode}: {done.stdout}{done.stderr}")]
    with closing(sqlite3.connect(folder / "cache")) as cache:
        titles = dict(cache.execute("SELECT rssurl, title FROM rss_feed").fetchall())
        rows = cache.execute("SELECT guid, title, url, length(content) FROM rss_item").fetchall()
    kept = {guid: (title, link, length) for guid, title, link, length in rows}  # once, however many feeds have it
    found: list[Finding] = []
    for feed, file in files.items():
        parsed = feedparser.parse(file.read_bytes())
        if titles.get(feed) != parsed.feed.title:
            found.append(Finding("newsboat", feed, f"it did not read {parsed.feed.title!r}, but {titles.get(feed)!r}"))
        for entry in parsed.entries:
            title, link, length = kept.get(entry.id, ("", "", 0))
            if (title, link) != (entry.title, entry.link) or length < len(entry.content[0].value) / 2:
                found.append(Finding("newsboat", feed, f"it did not read {entry.title!r} whole, but {title!r} {link}"))
    return found or ([] if rows else [Finding("newsboat", "", "it read nothing")])
