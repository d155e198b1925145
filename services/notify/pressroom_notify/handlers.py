"""What happens on each event: the article is taken in, and what it announces is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pressroom_notify.articles import Applied, Articles, Held, Stale
from pressroom_notify.fanouts import Fanouts
from pressroom_shared.admins import KeyRings
from pressroom_shared.events import (
    Announcement,
    Article,
    ArticlePublished,
    ArticleUnpublished,
    KeysChanged,
    NotifyCounts,
    Outcome,
)
from pressroom_shared.outbox import OutcomeOutbox


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler may touch, in one transaction."""

    articles: Articles
    fanouts: Fanouts
    outcomes: OutcomeOutbox
    now: datetime
    hold_s: int
    keys: KeyRings


async def on_article_published(event: ArticlePublished, work: Work) -> Outcome | None:
    """Take the newest version in, and open a fan-out for each announcement that readers were not told of.

    The list of announcements is cumulative, so nothing is lost when an older event comes too late, or never. The
    reporter tells the counts; there is an outcome at once only where nobody is to be told.
    """
    data = event.data
    held = await work.articles.apply(event, work.now)
    if isinstance(held, Stale):
        return _stale(event, held, work.now)
    if not event.replay:
        await work.fanouts.open(data, _to_tell(data, held), hold_s=work.hold_s)
    if await work.fanouts.say_again(data.id, data.version):
        return None
    return _done(event, work.now, "This change is not announced; no reader is told.")


async def on_article_unpublished(event: ArticleUnpublished, work: Work) -> Outcome | None:
    """Withdraw what is not sent yet. A replay of it, or a repeat, cancels again what may have come between."""
    held = await work.articles.apply(event, work.now)
    if isinstance(held, Stale):
        return _stale(event, held, work.now)
    cancelled = await work.fanouts.withdraw(event.data.id)
    told = await work.fanouts.told(event.data.id)
    return _done(
        event, work.now, f"{cancelled:,} mails that were not sent yet are cancelled; {told:,} readers had been told."
    )


async def on_keys(event: KeysChanged, work: Work) -> None:
    """Keep the newest ring of keys: who may cancel, and who may see what was sent."""
    await work.keys.apply(event)


def _to_tell(data: Article, held: Held) -> list[Announcement]:
    """Announcements after all that is silenced. A version that a replay brought first may still be news itself."""
    return [
        each
        for each in data.announcements
        if each.notify
        and (each.version > held.silent_until or (not isinstance(held, Applied) and each.version == data.version))
    ]


def _stale(event: ArticlePublished | ArticleUnpublished, held: Held, now: datetime) -> Outcome:
    return Outcome(
        service="notify",
        article_id=event.data.id,
        version=event.data.version,
        status="stale",
        at=now,
        took_ms=0,
        detail=f"A newer version ({held.version}) is held, with all that was announced before it.",
    )


def _done(event: ArticlePublished | ArticleUnpublished, now: datetime, detail: str) -> Outcome:
    return Outcome(
        service="notify",
        article_id=event.data.id,
        version=event.data.version,
        status="done",
        at=now,
        took_ms=0,
        detail=detail,
        notify=NotifyCounts(),
    )
