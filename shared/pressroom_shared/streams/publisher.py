"""Outcomes of a sink that has no outbox: derived from what it has committed, and sent before the ack.

A crash between the two brings the event again, and with it the same outcome.
"""

from __future__ import annotations

from pressroom_shared.events import Outcome
from pressroom_shared.keys import FIELD, OUTCOMES
from pressroom_shared.outbox import outcome_event
from pressroom_shared.streams.client import connect


class OutcomePublisher:
    """Puts outcomes straight into the stream. Raises what Redis raises, so that the entry is not acked."""

    def __init__(self, redis_url: str, source: str) -> None:
        self._redis = connect(redis_url)
        self._source = source

    async def add(self, outcome: Outcome) -> None:
        await self._redis.xadd(OUTCOMES, {FIELD: outcome_event(outcome, self._source).encode()})

    async def close(self) -> None:
        await self._redis.aclose()
