"""A search of its own for every test: a real index on disk, a real site file, a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pressroom_search.committer import Committer
from pressroom_search.engine import Change, Held, Reference, Results, Search, Verdict
from pressroom_search.folder import Folder
from pressroom_search.query import parse
from pressroom_search.reader import Reader
from pressroom_search.settings import Settings
from pressroom_shared.clock import ManualClock
from pressroom_shared.site import Site, load_site

SITE = """
title = "The Courier"
base_url = "https://courier.example"
timezone = "America/New_York"
language = "{language}"
sender = {{ name = "The Courier", address = "desk@courier.example" }}
[[sections]]
slug = "business"
name = "Business"
sections = [{{ slug = "economy", name = "Economy" }}, {{ slug = "markets", name = "Markets" }}]
[[sections]]
slug = "world"
name = "World"
[[sections]]
slug = "opinion"
name = "Opinion"
"""


def site_file(folder: Path, language: str = "en-US") -> Path:
    file = folder / "site.toml"
    file.write_text(SITE.format(language=language), encoding="utf-8")
    return file


def settings_in(folder: Path, **more: Any) -> Settings:
    quick = {"fresh_ms": 1, "spelling_refresh_s": 0, "commit_ms": 5, "standby_ms": 20, "heap_bytes": 15_000_000}
    streams = {"streams_sweep_s": 0.05, "streams_backoff_base_s": 0.02, "streams_stop_s": 5}
    return Settings(site=site_file(folder), data_dir=folder, http_port=0, **(quick | streams | more))


@dataclass
class Engine:
    """Both sides of one index: what the port promises, on tantivy."""

    folder: Folder
    site: Site
    settings: Settings
    clock: ManualClock
    committer: Committer
    reader: Reader

    def apply(self, *batch: Change) -> list[Verdict]:
        return self.committer.apply(batch)

    def search(self, text: str = "", **more: Any) -> Results:
        return self.reader.search(Search(query=parse(text), **more))

    def ids(self, text: str = "", **more: Any) -> list[str]:
        return [hit.id for hit in self.search(text, **more).hits]

    def suggest(self, text: str) -> list[str]:
        return [each.headline for each in self.reader.suggest(text)]

    def related(self, article_id: str) -> Sequence[Reference] | None:
        return self.reader.related(article_id)

    def held(self, article_id: str) -> Held | None:
        return self.reader.held(article_id)


def open_engine(folder: Path, **more: Any) -> Engine:
    settings = settings_in(folder, **more)
    site, clock = load_site(settings.site), ManualClock()
    place = Folder(settings.index_dir)
    place.prepare()
    committer = Committer(place, site.zone, heap_bytes=settings.heap_bytes)
    return Engine(place, site, settings, clock, committer, Reader(place, site, settings, clock))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(tmp_path)
    yield engine
    engine.committer.close()
