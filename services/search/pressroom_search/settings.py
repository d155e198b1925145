"""What search may be told, beside what every service is."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from pressroom_shared.settings import Settings as Common


class Settings(Common):
    service: ClassVar[str] = "search"

    http_port: int = Field(default=8005, ge=0, le=65535)
    streams_workers: int = Field(default=64, ge=1, le=256, description="Entries handled at once; fills a commit.")
    streams_bulk_workers: int = Field(default=16, ge=1, le=64, description="Of imports and replays; fills a commit.")
    heap_bytes: int = Field(default=64 * 1024**2, ge=15_000_000, le=4 * 1024**3, description="The writer's memory.")
    commit_ms: int = Field(default=100, ge=1, le=10_000, description="Two commits are at least so far apart.")
    commit_batch: int = Field(default=50, ge=1, le=1000, description="So many changes are committed sooner.")
    standby_ms: int = Field(
        default=250, ge=10, le=10_000, description="A standby tries for the writer's lock so often."
    )
    fresh_ms: int = Field(default=20, ge=1, le=10_000, description="A reader looks for new commits at most so often.")
    searches_max: int = Field(default=8, ge=1, le=64, description="Searches that run at once; others wait in line.")
    waiting_max: int = Field(default=200, ge=1, le=10_000, description="Searches in line; more are answered with 503.")
    query_chars_max: int = Field(default=400, ge=10, le=4000, description="The longest query.")
    page_size_max: int = Field(default=100, ge=1, le=1000, description="The most results on a page.")
    results_max: int = Field(default=10_000, ge=100, le=100_000, description="How deep one may turn the pages.")
    facet_values_max: int = Field(default=20, ge=1, le=1000, description="Values shown of each facet.")
    suggestions_max: int = Field(default=8, ge=1, le=50)
    related_max: int = Field(default=6, ge=1, le=50)
    spelling_words_max: int = Field(default=50_000, ge=0, le=1_000_000, description="Words known to the speller.")
    spelling_refresh_s: float = Field(default=30, ge=0, description="So old the speller of a large index may be.")
    snippet_chars: int = Field(default=240, ge=40, le=2000)
    scan_chars_max: int = Field(default=40_000, ge=1000, description="Of a text, what snippets and related look at.")

    @property
    def index_dir(self) -> Path:
        return self.data_dir.resolve() / "search"
