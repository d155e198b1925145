"""What ingest and the sinks say to each other so that all hold the same: replays and inventories.

`pressroom.replay.requested.v1` and `pressroom.inventory.reported.v1` go to ingest on the stream of operations;
`pressroom.inventory.requested.v1` goes to every sink on the stream of articles.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Article, Part, Withdrawal
from pressroom_shared.events.envelope import Event

INVENTORY_ITEMS_MAX = 1000
"""The most articles in one report; a sink with more sends several."""


class ReplayRequest(Part):
    """A consumer group was made, or made again: it wants every article once more."""

    group: str
    reason: str = "The consumer group was made."


class ReplayRequested(Event):
    event_type: ClassVar[str] = "pressroom.replay.requested.v1"
    type: Literal["pressroom.replay.requested.v1"] = "pressroom.replay.requested.v1"
    dataschema: str = "contracts/pressroom.replay.requested.v1.json"
    data: ReplayRequest


class InventoryRequest(Part):
    """Every sink says what it holds; with `ids` only of these. With `documents` the sinks that keep articles whole give
    those of `ids` that are live, and the others say nothing."""

    request_id: str
    ids: list[str] = Field(default_factory=list)
    documents: bool = False


class InventoryRequested(Event):
    event_type: ClassVar[str] = "pressroom.inventory.requested.v1"
    type: Literal["pressroom.inventory.requested.v1"] = "pressroom.inventory.requested.v1"
    dataschema: str = "contracts/pressroom.inventory.requested.v1.json"
    data: InventoryRequest


class InventoryItem(Part):
    """One article as a sink holds it."""

    id: str
    version: int = Field(gt=0)
    withdrawn: bool = False
    path: str = Field(default="", description="Its address, where the sink knows it.")
    hash: str = Field(default="", description="`content_hash` of what it was given; empty where the sink keeps none.")
    article: Article | None = Field(default=None, description="The whole article, where that was asked for.")


class Inventory(Part):
    """One page of what a sink holds, in the order of ids."""

    request_id: str
    group: str
    page: int = Field(ge=1)
    last: bool = Field(description="Whether this is the last page.")
    documents: bool = Field(default=False, description="Whether it answers a request for whole articles.")
    items: list[InventoryItem] = Field(default=[], max_length=INVENTORY_ITEMS_MAX)
    at: datetime


class InventoryReported(Event):
    event_type: ClassVar[str] = "pressroom.inventory.reported.v1"
    type: Literal["pressroom.inventory.reported.v1"] = "pressroom.inventory.reported.v1"
    dataschema: str = "contracts/pressroom.inventory.reported.v1.json"
    data: Inventory


def content_hash(data: Article | Withdrawal) -> str:
    """A hash of all that an event says of its article. Fields at their defaults count for nothing, so that a newer
    contract with one more field gives the same hash."""
    document = data.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]
