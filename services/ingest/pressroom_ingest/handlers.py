"""What happens on each event that ingest reads: outcomes become receipts."""

from __future__ import annotations

from pressroom_ingest.desk import Work
from pressroom_shared.events import OutcomeReported


async def on_outcome(event: OutcomeReported, work: Work) -> None:
    """Record what a service said. A repeat changes nothing."""
    await work.receipts.record(event.data)
