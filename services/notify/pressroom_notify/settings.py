"""What notify may be told, beside what every service is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pressroom_shared.settings import Settings as Common


class Settings(Common):
    service: ClassVar[str] = "notify"

    database_url: str = Field(default="", description="Empty: SQLite in the data folder.")
    http_port: int = Field(default=8006, ge=0, le=65535, description="Readers' pages, API, health and metrics.")

    body_bytes_max: int = Field(default=64 * 1024, ge=1024, description="The largest request.")
    topics_max: int = Field(default=50, ge=1, le=500, description="Topics in one request, and of one reader.")
    requests_window_s: int = Field(default=3600, ge=60, description="The time that the next two bounds are for.")
    requests_per_address_max: int = Field(default=3, ge=1, description="Mails that anybody can cause to one address.")
    requests_per_client_max: int = Field(default=30, ge=1, description="Requests from one network address.")
    confirm_expires_s: int = Field(default=7 * 24 * 3600, ge=300, description="How long a confirmation link works.")
    preferences_expires_s: int = Field(default=3600, ge=300, description="How long a link to the preferences works.")

    events_batch: int = Field(default=16, ge=1, le=100, description="Events taken in by one transaction.")
    fanout_readers: int = Field(default=5000, ge=1, le=50_000, description="Readers planned in one transaction.")
    lease_rows: int = Field(default=200, ge=1, le=1000, description="Mails that one sender leases at once.")
    lease_s: float = Field(default=60, ge=1, description="After this, a silent sender's mails are taken up.")
    idle_s: float = Field(default=1, gt=0, description="The longest pause between two looks for work.")
    report_s: float = Field(default=0.5, gt=0, description="Counts are told to the receipt at most so often.")

    smtp_connections: int = Field(default=8, ge=1, le=64, description="Connections of one replica.")
    smtp_mails_max: int = Field(default=100, ge=1, description="Mails on one connection before a new one is made.")
    smtp_timeout_s: float = Field(default=30, gt=0, description="To connect, and for each answer but the last.")
    smtp_data_timeout_s: float = Field(default=600, gt=0, description="For the answer to the final dot (RFC 5321).")
    smtp_backoff_max_s: float = Field(default=30, gt=0, description="The longest pause while the server is away.")
    retry_age_max_s: int = Field(default=48 * 3600, ge=60, description="After this, a deferred mail has failed.")
    digest_hour: int = Field(default=7, ge=0, le=23, description="When digests go out, in the reader's time zone.")
    digest_articles_max: int = Field(default=50, ge=1, le=200, description="Articles in one digest.")

    @property
    def database(self) -> str:
        return self.database_url or self.sqlite_url("notify")
