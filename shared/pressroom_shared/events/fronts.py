"""`pressroom.front.changed.v1`: which articles an editor has put where on a front."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Part
from pressroom_shared.events.envelope import Event


class Front(Part):
    """A front's slots, whole. An article that is not live is passed over until it is."""

    front: str = Field(description="`home`, or a section's key: `business`, `business/economy`.")
    version: int = Field(gt=0, description="max(previous + 1, now in microseconds); newer wins.")
    lead: list[str] = Field(default=[], description="Article ids, the first on top.")
    editors_pick: list[str] = Field(default=[])
    opinion: list[str] = Field(default=[])
    trending: list[str] = Field(default=[])
    at: datetime


class FrontChanged(Event):
    """A front was curated anew."""

    event_type: ClassVar[str] = "pressroom.front.changed.v1"
    type: Literal["pressroom.front.changed.v1"] = "pressroom.front.changed.v1"
    dataschema: str = "contracts/pressroom.front.changed.v1.json"
    data: Front
