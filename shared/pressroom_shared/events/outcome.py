"""`pressroom.outcome.v1`: what one service did with one version of one article."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Part
from pressroom_shared.events.envelope import Event

Service = Literal["pages", "cards", "search", "notify"]
Status = Literal["done", "failed", "skipped", "stale"]


class NotifyCounts(Part):
    """How many readers, by what became of their message. `planned` counts the immediate rows."""

    held_until: datetime | None = None
    planned: int = 0
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    suppressed: int = 0
    uncertain: int = 0
    digest: int = 0
    open: int = Field(default=0, description="Immediate rows queued, leased or sending. 0: notify has finished.")


class Outcome(Part):
    service: Service
    article_id: str
    version: int = Field(gt=0)
    status: Status
    at: datetime = Field(description="When the effect was in place.")
    took_ms: int = Field(ge=0, description="From the event's reading to the effect, in milliseconds.")
    detail: str = Field(default="", description="One sentence for an editor, with what to do where there is something.")
    notify: NotifyCounts | None = None


class OutcomeReported(Event):
    """One service's word on one version. A repeat says the same again."""

    event_type: ClassVar[str] = "pressroom.outcome.v1"
    type: Literal["pressroom.outcome.v1"] = "pressroom.outcome.v1"
    dataschema: str = "contracts/pressroom.outcome.v1.json"
    data: Outcome
