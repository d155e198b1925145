"""What happens on each event: the projection takes it in, and every page that shows it is marked."""

from __future__ import annotations

from dataclasses import dataclass

from pressroom_render.curation import Curation
from pressroom_render.pages import Pages
from pressroom_render.projection import Applied, Projection, Repeat, Stale
from pressroom_shared.clock import Clock
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, FrontChanged, Outcome
from pressroom_shared.outbox import OutcomeOutbox


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler of `pages` may touch, in one transaction."""

    projection: Projection
    curation: Curation
    pages: Pages
    outcomes: OutcomeOutbox
    clock: Clock


async def on_article(event: ArticlePublished | ArticleUnpublished, work: Work) -> Outcome | None:
    """Take a publication or a withdrawal in. The page writer says `done` once the page is in place."""
    now = work.clock.now()
    match await work.projection.apply(event, now=now):
        case Stale(held):
            return Outcome(
                service="pages",
                article_id=event.data.id,
                version=event.data.version,
                status="stale",
                at=now,
                took_ms=0,
                detail=f"A newer version ({held}) is already on the page; nothing is to be done.",
            )
        case Repeat(outcome):
            return outcome
        case Applied() as change:
            await work.pages.change(change)
            return None


async def on_front(event: FrontChanged, work: Work) -> None:
    """Take what an editor has put on a front, and mark the pages that show it."""
    if await work.curation.put(event.data, replay=event.replay):
        await work.pages.curate(event.data.front)
