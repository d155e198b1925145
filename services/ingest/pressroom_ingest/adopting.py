"""Adopting: ingest takes back from a sink what it has lost itself, as after the restore of an older database.

The operator asks; the sink that keeps articles whole sends them by pages, and each is stored as it went out: with its
id, version, address and announcements. So no sink has anything newer any more, and no reader hears of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import sqlalchemy as sa

from pressroom_ingest.articles import Head
from pressroom_ingest.desk import Work
from pressroom_ingest.documents import Document, check, parse
from pressroom_ingest.keys import Actor
from pressroom_ingest.operation_tables import adoption
from pressroom_ingest.replays import Replays, Selection
from pressroom_ingest.slugs import slugify
from pressroom_ingest.tables import article, former_path, media, person, publication, tag
from pressroom_shared import outbox
from pressroom_shared.clock import microseconds
from pressroom_shared.database import insert
from pressroom_shared.events import INVENTORY_ITEMS_MAX, Article, Inventory, InventoryRequest, InventoryRequested
from pressroom_shared.events import Person as EventPerson
from pressroom_shared.events import Tag as EventTag
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, SINKS

SOURCE = "/ingest"
KEEPER = "pages"
"""The sink that keeps articles whole."""

REFUSED_SHOWN_MAX = 100


class Adoptions:
    """What is taken back, in one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection
        self._now = work.clock.now()

    async def ask(self, request_id: str, ids: Sequence[str], actor: Actor) -> None:
        """Ask the sink that keeps them for these articles, whole. `request_id` is the inventory that showed them."""
        for start in range(0, len(ids), INVENTORY_ITEMS_MAX):
            some = list(ids[start : start + INVENTORY_ITEMS_MAX])
            asked = {"state": "asked", "detail": "", "actor_id": actor.id, "actor_name": actor.name}
            rows = [{"request_id": request_id, "article_id": each, **asked} for each in some]
            statement = insert(self._connection, adoption).on_conflict_do_update(
                index_elements=[adoption.c.request_id, adoption.c.article_id], set_=asked
            )
            await self._connection.execute(statement, rows)
            request = InventoryRequest(request_id=request_id, ids=some, documents=True)
            event = InventoryRequested(id=new_id(), source=SOURCE, subject="inventory", time=self._now, data=request)
            await outbox.add(
                self._connection,
                stream=ARTICLES,
                event_id=event.id,
                article_id="inventory",
                version=microseconds(self._now) + start,
                payload=event.encode(),
                created_at=self._now,
            )

    async def take(self, page: Inventory) -> None:
        """Store the articles of one page that were asked for and are not taken yet. A repeat changes nothing."""
        taken: list[str] = []
        for subject in (each.article for each in page.items):
            asked = await self._asked(page.request_id, subject.id) if subject is not None else None
            if subject is None or asked is None:
                continue
            actor = Actor(asked.actor_id, asked.actor_name, "admin")
            try:
                async with self._connection.begin_nested():
                    await self._store(subject, actor)
            except Problem as problem:
                sentences = [f"{each.field}: {each.message}" for each in problem.errors] or [problem.detail]
                await self._note(page.request_id, subject.id, "refused", " ".join(sentences))
                continue
            await self._note(page.request_id, subject.id, "taken", "")
            await self._work.audit.add(actor, "article.adopted", article_id=subject.id, version=subject.version)
            taken.append(subject.id)
        if taken:  # it makes every sink the same again, and the receipts complete
            selection, reason = Selection(ids=tuple(taken)), f"Taken back from {KEEPER}."
            await Replays(self._connection, self._work.clock).ask(selection, list(SINKS), reason=reason)

    async def view(self, request_id: str) -> dict[str, Any] | None:
        """How far it has come; None where nothing was asked for."""
        statement = sa.select(adoption.c.article_id, adoption.c.state, adoption.c.detail)
        where = statement.where(adoption.c.request_id == request_id).order_by(adoption.c.article_id)
        rows = (await self._connection.execute(where)).all()
        states = Counter(row.state for row in rows)
        refused = [{"article_id": row.article_id, "detail": row.detail} for row in rows if row.state == "refused"]
        shown = {"waiting": states["asked"], "taken": states["taken"], "refused": refused[:REFUSED_SHOWN_MAX]}
        return shown if rows else None

    async def _asked(self, request_id: str, article_id: str) -> Any:
        statement = sa.select(adoption).where(
            adoption.c.request_id == request_id, adoption.c.article_id == article_id, adoption.c.state == "asked"
        )
        return (await self._connection.execute(statement)).one_or_none()

    async def _note(self, request_id: str, article_id: str, state: str, detail: str) -> None:
        await self._connection.execute(
            sa.update(adoption)
            .where(adoption.c.request_id == request_id, adoption.c.article_id == article_id)
            .values(state=state, detail=detail)
        )

    async def _store(self, subject: Article, actor: Actor) -> None:
        """Raises problems: 409 where ingest has it by now, or may not have it; 422 where it fits no more."""
        if await self._work.purging.find(subject.id) is not None:
            raise Problem(409, "It was purged, and stays so.")
        held = await self._held(subject.id)
        if held is not None and (held.version or 0) >= subject.version:
            raise Problem(409, "Ingest has this version or a newer one by now.")
        await self._is_alone(subject)
        await self._keep_names(subject)
        given = document_of(subject)
        known = await self._work.shelf.known([each for _, each in given.media()])
        check(given, site=self._work.site, has_media=known.__contains__)
        number = subject.revision if held is None else max(subject.revision, held.revision + 1)
        await self._put_head(subject, number, held)
        await self._work.articles.save(subject.id, number, given, {}, actor, self._now)
        await self._put_history(subject, number, actor)

    async def _held(self, article_id: str) -> Head | None:
        row = (await self._connection.execute(sa.select(article).where(article.c.id == article_id))).one_or_none()
        return None if row is None else Head(*row)

    async def _is_alone(self, subject: Article) -> None:
        """No other article has its address, or its id in an archive."""
        same = article.c.path == subject.path
        if subject.external_id is not None:
            same = sa.or_(same, article.c.external_id == subject.external_id)
        other = await self._connection.scalar(sa.select(article.c.id).where(same, article.c.id != subject.id).limit(1))
        if other is not None:
            raise Problem(409, f"Article {other} has its address or its external_id now.")

    async def _keep_names(self, subject: Article) -> None:
        """The people, topics and pictures that it names, where they were lost with it."""
        for who in [*subject.authors, *subject.contributors]:
            values = {"slug": who.slug, "name": who.name, "title": who.title}
            await self._connection.execute(insert(self._connection, person).values(**values).on_conflict_do_nothing())
        for topic in subject.tags:
            named = {"slug": topic.slug, "name": topic.name}
            await self._connection.execute(insert(self._connection, tag).values(**named).on_conflict_do_nothing())
        for each in subject.media:
            seen = each.model_dump(mode="json") | {"sha256": PurePosixPath(each.key).stem, "created_at": self._now}
            await self._connection.execute(insert(self._connection, media).values(**seen).on_conflict_do_nothing())

    async def _put_head(self, subject: Article, number: int, held: Head | None) -> None:
        values = {
            "external_id": subject.external_id,
            "state": "live",
            "revision": number,
            "live_revision": number,
            "version": subject.version,
            "headline": subject.headline,
            "section": subject.section,
            "slug": subject.slug,
            "path": subject.path,
            "first_published_at": subject.first_published_at,
            "updated_at": self._now,
            "embargo_until": None,
        }
        if held is not None:
            await self._connection.execute(sa.update(article).where(article.c.id == subject.id).values(**values))
            return
        values |= {"id": subject.id, "created_at": subject.first_published_at}
        await self._connection.execute(sa.insert(article).values(**values))

    async def _put_history(self, subject: Article, number: int, actor: Actor) -> None:
        """What it announced so far, so that the next event says the same; of each only the newest text is left."""
        notes = {each.version: each.note for each in subject.corrections}
        rows = [
            {
                "article_id": subject.id,
                "version": each.version,
                "withdrawn": False,
                "revision": number,
                "change": each.change,
                "notify": each.notify,
                "note": notes.get(each.version, ""),
                "path": subject.path,
                "actor_id": actor.id,
                "actor_name": actor.name,
                "at": each.at,
            }
            for each in subject.announcements
        ]
        await self._connection.execute(insert(self._connection, publication).on_conflict_do_nothing(), rows)
        former = [{"path": each, "article_id": subject.id, "version": subject.version} for each in subject.former_paths]
        if former:
            await self._connection.execute(insert(self._connection, former_path).on_conflict_do_nothing(), former)


def document_of(subject: Article) -> Document:
    """What an editor would have sent for this event. Raises 422 where it fits no more."""
    announced = subject.announcements[-1].at
    parts = {name: getattr(subject, name) for name in ("lead_image", "seo", "social", "review")}
    document: dict[str, Any] = {
        "headline": subject.headline,
        "standfirst": subject.standfirst,
        "section": subject.section,
        "also_in": subject.also_in,
        "kind": subject.kind,
        "language": subject.language,
        "body": subject.body if subject.intro is None else subject.intro,
        "entries": [each.model_dump(mode="json") for each in subject.entries],
        "authors": [{"name": _named(each), "title": each.title} for each in subject.authors],
        "contributors": [{"name": _named(each), "title": each.title} for each in subject.contributors],
        "tags": [_named(each) for each in subject.tags],
        "dateline": subject.dateline,
        "translation_of": subject.translation_of,
        "breaking": subject.breaking,
        "canonical_url": subject.canonical_url,
        "external_id": subject.external_id,
        # Of an archive an event tells the day of its first appearance, and not of its import.
        "published_at": None if subject.published_at == announced else subject.first_published_at.isoformat(),
    }
    document |= {name: part.model_dump(mode="json") for name, part in parts.items() if part is not None}
    return parse({name: value for name, value in document.items() if value is not None})


def _named(each: EventPerson | EventTag) -> str:
    """By name; one that is called otherwise now by its slug, which leads there."""
    return each.name if slugify(each.name) == each.slug else each.slug
