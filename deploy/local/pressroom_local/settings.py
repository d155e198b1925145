"""What the local command and the mail catcher may be told, beside what every service is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from pressroom_shared.settings import Settings as Common


class Settings(Common):
    service: ClassVar[str] = "local"

    url: str = Field(
        default="", pattern=r"^(|https?://[^\s/]+)/?$", description="Where Pressroom answers; empty: here."
    )
    bind: str = Field(default="127.0.0.1", description="The address that the gateway listens on.")
    start_timeout_s: float = Field(default=120, gt=0, description="How long a process may take until it is ready.")
    stop_timeout_s: float = Field(default=12, gt=0, description="After this, a process that is to stop is killed.")
    log_bytes_max: int = Field(
        default=8 * 1024 * 1024, ge=64 * 1024, description="Of each log; then it is turned over."
    )
    receipt_timeout_s: float = Field(default=120, gt=0, description="How long to watch for an article's receipt.")

    mailbox_host: str = Field(default="127.0.0.1", description="The address that the mail catcher listens on.")
    mailbox_smtp_port: int = Field(default=1025, ge=0, le=65535)
    mailbox_http_port: int = Field(default=8025, ge=0, le=65535)
    mailbox_mails_max: int = Field(default=1000, ge=1, description="The oldest above that are dropped.")
    mailbox_mail_bytes_max: int = Field(default=10 * 1024 * 1024, ge=1024, description="The largest mail.")

    @property
    def base_url(self) -> str:
        """Where the command finds Pressroom."""
        return self.url.rstrip("/") or f"http://localhost:{self.port}"
