"""What render may be told, beside what every service is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pressroom_shared.settings import Settings as Common


class Settings(Common):
    service: ClassVar[str] = "render"

    database_url: str = Field(default="", description="Empty: SQLite in the data folder.")
    pages_http_port: int = Field(default=8002, ge=0, le=65535, description="Health and metrics of `pages`.")
    cards_http_port: int = Field(default=8003, ge=0, le=65535, description="Health and metrics of `cards`.")
    http_port: int = Field(default=8004, ge=0, le=65535, description="What the gateway asks for unknown pages.")
    pages_batch: int = Field(default=48, ge=1, le=200, description="Pages that one writer leases at once.")
    pages_memory_bytes_max: int = Field(
        default=256 * 1024**2,
        ge=16 * 1024**2,
        description="About what is remembered of articles from one page to the next.",
    )
    pages_lease_s: float = Field(default=30, gt=0, description="After this, another writer takes a page up.")
    pages_coalesce_s: float = Field(default=1, ge=0, description="A front or feed is written at most so often.")
    pages_bulk_s: float = Field(
        default=10, ge=0, description="A list is written so long after something that came in bulk."
    )
    pages_archive_s: float = Field(
        default=10,
        ge=0,
        description="The archive and its sitemaps are written so long after what changed them, and feeds of tags and "
        "authors so long after a new article.",
    )
    pages_sweep_s: float = Field(
        default=30, ge=0, description="An article is written at most so often for what stands beside it."
    )
    pages_idle_s: float = Field(default=0.5, gt=0, description="The longest pause between two looks for dirty pages.")
    purge_url: str = Field(default="", pattern=r"^(https?://.+)?$", description="A cache is told here what changed.")
    letters_hour_max: int = Field(default=5, ge=1, le=1000, description="Letters that one address may send in an hour.")
    letters_hour_all_max: int = Field(default=200, ge=1, description="Letters that all readers may send in an hour.")
    letters_days: int = Field(default=365, ge=1, description="How long a reader's request for a correction is kept.")
    tips_days: int = Field(default=90, ge=1, description="How long a reader's tip is kept.")
    letters_to: str = Field(
        default="",
        pattern=r"^([^@\s]+@[^@\s]+)?$",
        description="Who is told of readers' letters. Empty: the newspaper's address.",
    )
    letters_mail_s: float = Field(default=300, gt=0, description="A mail about letters is sent at most so often.")
    cards_workers: int = Field(default=2, ge=1, le=32, description="Processes that draw cards and develop pictures.")
    cards_timeout_s: float = Field(
        default=20, gt=0, description="After so much time of the processor, a drawing is given up."
    )
    cards_wait_s: float = Field(default=50, gt=0, description="After so much on the clock, it is tried again later.")
    cards_memory_bytes_max: int = Field(
        default=480 * 1024**2, ge=128 * 1024**2, description="What a process that draws may write to (RLIMIT_DATA)."
    )

    @property
    def database(self) -> str:
        return self.database_url or self.sqlite_url("render")
