"""How a sink answers `pressroom.inventory.requested.v1`: what it holds, by pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pressroom_shared.events import (
    INVENTORY_ITEMS_MAX,
    Inventory,
    InventoryItem,
    InventoryReported,
    InventoryRequest,
)
from pressroom_shared.ids import new_id


def inventory_reports(
    request: InventoryRequest, group: str, items: Sequence[InventoryItem], *, now: datetime
) -> list[InventoryReported]:
    """The events that say it, for the stream `OPERATIONS`; one at least, for holding nothing is an answer."""
    pages = [items[start : start + INVENTORY_ITEMS_MAX] for start in range(0, len(items), INVENTORY_ITEMS_MAX)] or [[]]
    return [
        InventoryReported(
            id=new_id(),
            source=f"/{group}",
            subject=group,
            time=now,
            data=Inventory(
                request_id=request.request_id,
                group=group,
                page=number,
                last=number == len(pages),
                items=list(page),
                at=now,
            ),
        )
        for number, page in enumerate(pages, start=1)
    ]
