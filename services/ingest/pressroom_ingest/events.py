"""Builds an article's event from what is stored: the same event at each re-send."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Head
from pressroom_ingest.desk import Desk, Work
from pressroom_ingest.documents import ArticleIn
from pressroom_ingest.keys import Actor
from pressroom_ingest.publications import Publication
from pressroom_shared.clock import microseconds
from pressroom_shared.events import (
    Announcement,
    Article,
    ArticlePublished,
    ArticleUnpublished,
    Correction,
    LeadImage,
    LiveEntry,
    Review,
    Seo,
    Social,
    Withdrawal,
)
from pressroom_shared.events.envelope import EVENT_BYTES_MAX, Event
from pressroom_shared.http import Problem
from pressroom_shared.markdown import to_text
from pressroom_shared.outbox import OutboxRow

SOURCE = "/ingest"


class EventBuilder:
    """What the relay asks for a row's event: that of an article is built, any other is stored with its row."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(self, connection: AsyncConnection, row: OutboxRow) -> bytes:
        if row.payload is not None:  # not an article's: it was built when it was stored
            return row.payload
        built = self._desk.built.take(row.event_id)
        if built is not None:
            return built
        work = self._desk.work(connection)
        return (await build(work, row.article_id, row.version, event_id=row.event_id)).encode()


async def build(work: Work, article_id: str, version: int, *, event_id: str) -> Event:
    """The event of one version. Cumulative: the whole history up to that version is in it."""
    history = await work.publications.history(article_id, up_to=version)
    this = history[-1]
    former = await work.publications.former_paths(article_id, up_to=version)
    if this.withdrawn:
        gone = Withdrawal(
            id=article_id,
            version=version,
            path=this.path,
            former_paths=former,
            redirect_to=this.redirect_to,
            at=this.at,
        )
        return ArticleUnpublished(id=event_id, source=SOURCE, subject=article_id, time=this.at, data=gone)
    article = await _article(work, this, [each for each in history if not each.withdrawn], former)
    return ArticlePublished(id=event_id, source=SOURCE, subject=article_id, time=this.at, data=article)


async def refuse_too_large(work: Work, went_out: Publication) -> None:
    """Raises 422 when the event would be larger than consumers accept; the transaction then leaves nothing.

    What was built for that is kept for the relay of this process, under the event's id, which no other event has.
    """
    event_id = work.publications.event_ids[went_out.article_id, went_out.version]
    payload = (await build(work, went_out.article_id, went_out.version, event_id=event_id)).encode()
    if len(payload) > EVENT_BYTES_MAX:
        raise size_problem(len(payload))
    work.built.keep(event_id, payload)


def size_problem(size: int) -> Problem:
    return Problem(
        422, f"The article is too large to publish: {size:,} bytes with its text; at most {EVENT_BYTES_MAX:,}."
    )


async def as_it_would_be(work: Work, head: Head, actor: Actor) -> Article:
    """The newest revision, as its event would show it if it were published now."""
    newest = await work.articles.revision(head.id, head.revision)
    now = work.clock.now()
    first = head.first_published_at or newest.article.published_at or now
    history = [each for each in await work.publications.history(head.id) if not each.withdrawn]
    this = Publication(
        article_id=head.id,
        version=max((head.version or 0) + 1, microseconds(now)),
        withdrawn=False,
        revision=head.revision,
        change="update" if history else "new",
        notify=False,
        note="",
        path=await work.publications.address(head, newest.article, first),
        redirect_to=None,
        actor_id=actor.id,
        actor_name=actor.name,
        at=now,
        scheduled_for=None,
    )
    return await _article(work, this, [*history, this], await work.publications.former_paths(head.id))


async def _article(work: Work, this: Publication, published: Sequence[Publication], former: list[str]) -> Article:
    head = await work.articles.head(this.article_id)
    saved = await work.articles.revision(this.article_id, this.revision)
    given = saved.article
    body = given.composed(work.site.zone)
    first = head.first_published_at or given.published_at or this.at
    return Article(
        id=this.article_id,
        version=this.version,
        revision=this.revision,
        path=this.path,
        headline=given.headline,
        standfirst=given.standfirst,
        slug=this.path.rstrip("/").rsplit("/", 1)[-1],
        section=given.section,
        also_in=given.also_in,
        kind=given.kind,
        language=given.language or work.site.language,
        body=body,
        body_text=to_text(body),
        intro=given.body if given.entries else None,
        entries=[LiveEntry.model_validate(each.model_dump()) for each in given.entries],
        authors=await work.names.people(given.authors),
        contributors=await work.names.people(given.contributors),
        tags=await work.names.tags(given.tags),
        media=await work.shelf.for_event([each for _, each in given.media()]),
        dateline=given.dateline,
        translation_of=given.translation_of,
        breaking=given.breaking,
        canonical_url=given.canonical_url,
        external_id=given.external_id,
        first_published_at=first,
        published_at=this.at if len(published) > 1 or given.published_at is None else first,
        announcements=[
            Announcement(version=each.version, change=each.change, at=each.at, notify=each.notify) for each in published
        ],
        corrections=[
            Correction(version=each.version, note=each.note, at=each.at)
            for each in published
            if each.change == "correction"
        ],
        former_paths=[each for each in former if each != this.path],
        **_parts(given),
    )


def _parts(given: ArticleIn) -> dict[str, object]:
    def of(kind: type, part: object) -> object:
        return None if part is None else kind.model_validate(part.model_dump())  # type: ignore[attr-defined]

    return {
        "lead_image": of(LeadImage, given.lead_image),
        "seo": of(Seo, given.seo),
        "social": of(Social, given.social),
        "review": of(Review, given.review),
    }
