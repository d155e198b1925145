"""What happens on each event: the projection takes it in, and every page that shows it is marked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.gather import Memory
from pressroom_render.pages import Pages
from pressroom_render.previews import Previews
from pressroom_render.projection import Applied, Projection, Repeat, Stale
from pressroom_shared.admins import KeyRings
from pressroom_shared.clock import Clock
from pressroom_shared.events import (
    Article,
    ArticlePreviewed,
    ArticlePublished,
    ArticleUnpublished,
    AuthorChanged,
    FrontChanged,
    KeysChanged,
    Outcome,
    TagChanged,
    Withdrawal,
)
from pressroom_shared.outbox import OutcomeOutbox


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler of `pages` may touch, in one transaction."""

    projection: Projection
    pages: Pages
    outcomes: OutcomeOutbox
    clock: Clock
    keys: KeyRings
    previews: Previews
    memory: Memory
    urgent: bool
    """False for what came in bulk: its pages are written after all that readers wait for."""

    @classmethod
    def on(
        cls,
        connection: AsyncConnection,
        pages: Pages,
        outcomes: OutcomeOutbox,
        clock: Clock,
        memory: Memory,
        *,
        urgent: bool = True,
    ) -> Work:
        keys, previews = KeyRings(connection), Previews(connection)
        return cls(Projection(connection), pages, outcomes, clock, keys, previews, memory, urgent)


async def on_article(event: ArticlePublished | ArticleUnpublished, work: Work) -> Outcome | None:
    """Take a publication or a withdrawal in. The page writer says `done` once the page is in place."""
    await work.pages.lock()
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
            await work.pages.change(change, urgent=work.urgent)
            if isinstance(event.data, Article):
                work.memory.keep(event.data)
            if isinstance(event.data, Withdrawal) and event.data.purged:
                await work.previews.end(event.data.id, now)
            return None


async def on_front(event: FrontChanged, work: Work) -> None:
    """Take an editor's choice for a front in."""
    await work.pages.curate(event)


async def on_profile(event: AuthorChanged | TagChanged, work: Work) -> None:
    """Take in what the newsroom says of an author or of a tag, and which addresses lead there."""
    await work.pages.describe(event)


async def on_keys(event: KeysChanged, work: Work) -> None:
    """Keep the newest ring of keys: whoever has one may look at what is not published."""
    await work.keys.apply(event)


async def on_preview(event: ArticlePreviewed, work: Work) -> None:
    """Have a draft's page written. It says nothing of the article, and changes nothing that readers see."""
    held = await work.projection.held(event.data.article.id)
    if held is None or held.withdrawal is None or not held.withdrawal.purged:
        await work.previews.keep(event.data, work.clock.now())
