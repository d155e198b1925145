"""What a sink that begins anew must know beside the articles: fronts, authors and tags, as they are now."""

from __future__ import annotations

from pressroom_ingest.desk import Work
from pressroom_shared.events import Event


async def editorial_events(work: Work) -> list[Event]:
    """The newest event of every front, author and tag that was ever changed, marked as repeats."""
    events = [*await work.fronts.events(), *await work.taxonomy.events()]
    return [each.model_copy(update={"replay": True}) for each in events]
