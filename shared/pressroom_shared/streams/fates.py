"""What becomes of an entry that failed: it waits and comes again, or it goes to the dead letters."""

from __future__ import annotations

import logging
from typing import Any, cast

from redis.asyncio import Redis

from pressroom_shared.clock import Clock
from pressroom_shared.events import Article, Outcome, Withdrawal
from pressroom_shared.settings import Settings
from pressroom_shared.streams import metrics
from pressroom_shared.streams.dead_letters import bury
from pressroom_shared.streams.entries import Entry
from pressroom_shared.streams.failures import Failure
from pressroom_shared.streams.retries import park

log = logging.getLogger(__name__)

TOLD = frozenset({"pages", "cards", "search", "notify"})
"""Groups whose dead letters an editor sees in the receipt."""


class Fates:
    """Writes the fate of one group's failed entries."""

    def __init__(
        self, redis: Redis, settings: Settings, stream: str, group: str, consumer: str, *, clock: Clock
    ) -> None:
        self._redis = redis
        self._settings = settings
        self._stream = stream
        self._group = group
        self._consumer = consumer
        self._clock = clock

    async def retry(self, entry: Entry, error: BaseException, *, counted: bool = True) -> None:
        """Let it come again after its pause; after the last counted try, bury it."""
        if counted and entry.deliveries >= self._settings.streams_deliveries_max:
            await self.bury(entry, error)
            return
        foreseen = isinstance(error, Failure)
        log.log(
            logging.INFO if foreseen else logging.ERROR,
            "%s: entry %s failed at try %d: %s",
            self._group,
            entry.id,
            entry.deliveries,
            error or type(error).__name__,
            exc_info=None if foreseen else error,
        )
        waits = await park(
            self._redis,
            self._stream,
            self._group,
            self._consumer,
            entry.id,
            deliveries=entry.deliveries,
            counted=counted,
        )
        if not waits:
            log.info("%s: entry %s was taken over by another", self._group, entry.id)
            return
        metrics.HANDLED.labels(self._group, "retried" if counted else "busy").inc()

    async def bury(self, entry: Entry, error: BaseException) -> None:
        """Move it to the dead letters, and say so to the editor."""
        buried = await bury(
            self._redis,
            entry,
            error,
            stream=self._stream,
            group=self._group,
            consumer=self._consumer,
            now=self._clock.now(),
            outcome=self._outcome(entry, error),
        )
        if not buried:
            log.info("%s: entry %s was taken over by another", self._group, entry.id)
            return
        log.error("%s: entry %s is dead-lettered at try %d: %s", self._group, entry.id, entry.deliveries, error)
        metrics.HANDLED.labels(self._group, "dead").inc()

    def _outcome(self, entry: Entry, error: BaseException) -> Outcome | None:
        data = getattr(entry.event, "data", None)
        if self._group not in TOLD or not isinstance(data, Article | Withdrawal):
            return None
        now = self._clock.now()
        reason = str(error) if isinstance(error, Failure) and str(error) else "Something unforeseen went wrong"
        return Outcome(
            service=cast("Any", self._group),
            article_id=data.id,
            version=data.version,
            status="failed",
            at=now,
            took_ms=max(0, int((now - entry.read_at).total_seconds() * 1000)),
            detail=f"{reason.rstrip('.')}. An operator sees the rest with `pressroom dead list`, and can retry it.",
        )
