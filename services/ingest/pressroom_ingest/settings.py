"""What ingest may be told, beside what every service is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pressroom_shared.settings import Settings as Common


class Settings(Common):
    service: ClassVar[str] = "ingest"

    database_url: str = Field(default="", description="Empty: SQLite in the data folder.")
    http_port: int = Field(default=8001, ge=0, le=65535)
    body_bytes_max: int = Field(default=1024 * 1024, ge=1024, description="The largest JSON body of a request.")
    media_bytes_max: int = Field(default=25 * 1024 * 1024, ge=1024, description="The largest picture.")
    import_bytes_max: int = Field(
        default=16 * 1024**3, ge=1024, description="The largest import; a line of it is bounded as a body is."
    )
    media_pixels_max: int = Field(default=100_000_000, ge=1, description="The most pixels of a picture.")
    wait_timeout_s_max: float = Field(default=30, gt=0, description="The longest that `?wait=live` waits.")
    idempotency_kept_h: int = Field(default=24, ge=1)
    previews_kept_h: int = Field(default=24, ge=1, le=720, description="How long a preview's address shows it.")
    approval_needed: bool = Field(default=False, description="Publish only what an editor has approved.")
    rate_per_s: float = Field(default=300, gt=0, description="Requests of one key, a second, in the long run.")
    rate_burst: int = Field(default=600, ge=1, description="Requests of one key at once.")
    late_after_s: float = Field(
        default=60, ge=1, description="A scheduled publication that is later than this has its `late_policy` asked."
    )
    audit_addresses_kept_d: int = Field(default=30, ge=1, description="Then the audit log forgets from where.")

    @property
    def database(self) -> str:
        return self.database_url or self.sqlite_url("ingest")
