"""What happens on each event: the index takes it in, in a commit with others, and the editor is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pressroom_search.engine import Applied, Change, Refused, Repeat, Stale, Verdict
from pressroom_shared.clock import Clock
from pressroom_shared.events import ArticleUnpublished, Outcome, Status
from pressroom_shared.streams import OutcomeSink, Poison


class Index(Protocol):
    async def take(self, change: Change) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Work:
    """What the handler may touch. `outcomes` sends at once: the index has committed by then."""

    index: Index
    outcomes: OutcomeSink
    clock: Clock


async def on_article(event: Change, work: Work) -> Outcome:
    """Index a publication, or put a tombstone for a withdrawal.

    Raises `Poison` when the article can never be indexed, `Transient` when the index cannot be written now.
    """
    began = work.clock.now()
    match await work.index.take(event):
        case Refused(reason):
            raise Poison(reason)
        case Stale(held):
            return _outcome(
                event,
                work,
                began,
                "stale",
                f"A newer version ({held}) is already in the search; nothing is to be done.",
            )
        case Applied() | Repeat():
            return _outcome(event, work, began, "done", _done(event))


def _outcome(event: Change, work: Work, began: datetime, status: Status, detail: str) -> Outcome:
    now = work.clock.now()
    return Outcome(
        service="search",
        article_id=event.data.id,
        version=event.data.version,
        status=status,
        at=now,
        took_ms=max(0, (now - began) // timedelta(milliseconds=1)),
        detail=detail,
    )


def _done(event: Change) -> str:
    if isinstance(event, ArticleUnpublished):
        return "The search no longer finds the article."
    return "Readers find the article by the search."
