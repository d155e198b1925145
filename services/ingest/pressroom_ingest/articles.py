"""Articles as editors have them: drafts and revisions. What is live is in `publications`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.documents import (
    ArticleIn,
    Document,
    changed_fields,
    check,
    merge_patch,
    parse,
    person_slug,
    stored,
)
from pressroom_ingest.errors import no_article
from pressroom_ingest.keys import Actor, demand
from pressroom_ingest.media import MediaShelf
from pressroom_ingest.names import Kind, Names
from pressroom_ingest.slugs import slugify
from pressroom_ingest.tables import article, label, later_than, publication, revision, schedule
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.http import FieldError, Problem, invalid
from pressroom_shared.ids import new_id
from pressroom_shared.site import Site


@dataclass(frozen=True, slots=True)
class Head:
    """Where an article stands."""

    id: str
    external_id: str | None
    state: str
    revision: int
    live_revision: int | None
    version: int | None
    headline: str
    section: str
    slug: str | None
    path: str | None
    first_published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    embargo_until: datetime | None
    review_state: str

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'


@dataclass(frozen=True)
class Revision:
    """One save. It never changes."""

    article_id: str
    number: int
    document: dict[str, Any]
    changed: list[str]
    actor_id: str
    actor_name: str
    at: datetime

    @cached_property
    def article(self) -> Document:
        return Document.model_validate(self.document)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of articles is asked for."""

    state: str = ""
    section: str = ""
    tag: str = ""
    author: str = ""
    q: str = ""
    external_id: str = ""
    held: bool | None = None
    late: timedelta | None = None
    """Whose newest version went out later than scheduled, by more than that."""


HEAD = sa.select(article).where(article.c.id == sa.bindparam("article_id"))
HEAD_LOCKED = HEAD.with_for_update()
REVISION = sa.select(revision).where(
    revision.c.article_id == sa.bindparam("article_id"), revision.c.number == sa.bindparam("number")
)


class Articles:
    """The articles, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, site: Site, names: Names, shelf: MediaShelf) -> None:
        self._connection = connection
        self._clock = clock
        self._site = site
        self._names = names
        self._shelf = shelf
        self._revisions: dict[tuple[str, int], Revision] = {}  # of this transaction: a revision never changes

    async def create(self, given: ArticleIn, actor: Actor) -> Head:
        """Store a draft. Raises problems: 422 naming each wrong field, 409 for an `external_id` that is taken."""
        await self._check(given, before=None)
        demand(actor, "contributor", given.section)
        self._may_date(given, actor)
        if given.external_id:
            await self._external_id_is_free(given.external_id)
        now = self._clock.now()
        article_id = new_id()
        await self._connection.execute(
            sa.insert(article).values(
                id=article_id,
                external_id=given.external_id,
                state="draft",
                revision=1,
                headline=given.headline,
                section=given.section,
                created_at=now,
                updated_at=now,
                embargo_until=given.embargo_until,
            )
        )
        await self.save(article_id, 1, given, {}, actor, now)
        return await self.head(article_id)

    async def change(self, article_id: str, patch: dict[str, Any], *, if_match: str | None, actor: Actor) -> Head:
        """Merge a patch (RFC 7396) into the draft. What is live stays as it is until it is published again."""
        head = await self.head(article_id, lock=True)
        await self.match(head, if_match, needed=True)
        newest = await self.revision(article_id, head.revision)
        if "entries" in patch:
            raise invalid([FieldError("entries", "Change them at `…/entries`.")])
        given = parse(merge_patch(newest.document, patch))
        if given.external_id != head.external_id:
            raise invalid([FieldError("external_id", "It cannot be changed: archives find the article by it.")])
        return await self._change_to(head, newest, given, actor)

    async def restore(self, article_id: str, number: int, *, if_match: str | None, actor: Actor) -> Head:
        """Save an earlier revision's text again, as the newest. Raises 404 and 412, and 422 where it fits no more."""
        head = await self.head(article_id, lock=True)
        await self.match(head, if_match, needed=True)
        newest = await self.revision(article_id, head.revision)
        earlier = await self.revision(article_id, number)
        return await self._change_to(head, newest, earlier.article, actor)

    async def replace(self, article_id: str, given: ArticleIn, *, actor: Actor) -> Head:
        """Save a whole new text as the newest revision: an import's, which knows no `ETag`."""
        head = await self.head(article_id, lock=True)
        return await self._change_to(head, await self.revision(article_id, head.revision), given, actor)

    async def _change_to(self, head: Head, newest: Revision, given: ArticleIn, actor: Actor) -> Head:
        await self._check(given, before=newest.article)
        for section in dict.fromkeys((head.section, given.section)):
            demand(actor, "contributor", section)
        if given.published_at != newest.article.published_at:
            self._may_date(given, actor)
        if not changed_fields(newest.document, stored(given)):
            return head
        now = self._clock.now()
        await self._connection.execute(
            sa.update(article)
            .where(article.c.id == head.id)
            .values(
                revision=head.revision + 1,
                headline=given.headline,
                section=given.section,
                embargo_until=given.embargo_until,
                updated_at=now,
                **self._unapproved(head, actor),
            )
        )
        await self.save(head.id, head.revision + 1, given, newest.document, actor, now)
        return await self.head(head.id)

    @staticmethod
    def _unapproved(head: Head, actor: Actor) -> dict[str, str]:
        """An approval is of what an editor has seen: a contributor's change afterwards ends it."""
        if head.review_state != "approved" or actor.may("editor", head.section):
            return {}
        return {"review_state": "draft"} | ({"state": "draft"} if head.state == "approved" else {})

    async def delete(self, article_id: str, actor: Actor) -> None:
        """Delete what was never published. Raises 409 for all else."""
        head = await self.head(article_id, lock=True)
        demand(actor, "contributor", head.section)
        if head.first_published_at is not None or head.version is not None:
            raise Problem(409, "It has been published, so it cannot be deleted. Withdraw it with `POST …/unpublish`.")
        await self._connection.execute(sa.delete(article).where(article.c.id == article_id))

    async def head(self, article_id: str, *, lock: bool = False) -> Head:
        statement = HEAD_LOCKED if lock else HEAD
        row = (await self._connection.execute(statement, {"article_id": article_id})).one_or_none()
        if row is None:
            raise no_article(article_id)
        return Head(*row)

    async def revision(self, article_id: str, number: int) -> Revision:
        held = self._revisions.get((article_id, number))
        if held is not None:
            return held
        row = (await self._connection.execute(REVISION, {"article_id": article_id, "number": number})).one_or_none()
        if row is None:
            raise Problem(404, f"The article {article_id!r} has no revision {number}.")
        self._revisions[article_id, number] = Revision(*row)
        return self._revisions[article_id, number]

    async def revisions(self, article_id: str, *, before: int | None, limit: int) -> list[Revision]:
        """Newest first."""
        await self.head(article_id)
        statement = sa.select(revision).where(revision.c.article_id == article_id)
        if before is not None:
            statement = statement.where(revision.c.number < before)
        rows = await self._connection.execute(statement.order_by(revision.c.number.desc()).limit(limit))
        return [Revision(*row) for row in rows]

    async def page(self, wanted: Filter, *, before: tuple[datetime, str] | None, limit: int) -> list[Head]:
        """Last changed first."""
        statement = sa.select(article).order_by(article.c.updated_at.desc(), article.c.id.desc()).limit(limit)
        if wanted.state:
            statement = statement.where(article.c.state == wanted.state)
        if wanted.section:
            inside = article.c.section.startswith(f"{wanted.section}/", autoescape=True)
            statement = statement.where(sa.or_(article.c.section == wanted.section, inside))
        if wanted.external_id:
            statement = statement.where(article.c.external_id == wanted.external_id)
        if wanted.held is not None:
            held = sa.select(schedule.c.article_id).where(schedule.c.held.is_not(None))
            statement = statement.where(article.c.id.in_(held) if wanted.held else article.c.id.not_in(held))
        if wanted.late is not None:
            late = sa.select(publication.c.article_id, publication.c.version).where(later_than(wanted.late))
            statement = statement.where(sa.tuple_(article.c.id, article.c.version).in_(late))
        if wanted.q:
            statement = statement.where(article.c.headline.icontains(wanted.q, autoescape=True))
        labels: tuple[tuple[Kind, str], ...] = (("tag", wanted.tag), ("author", wanted.author))
        for kind, given in labels:
            if given:
                slug = (await self._names.canonical(kind, [given]))[given]
                with_label = sa.select(label.c.article_id).where(label.c.kind == kind, label.c.slug == slug)
                statement = statement.where(article.c.id.in_(with_label))
        if before:
            moment, last_id = before
            older = article.c.updated_at < moment
            statement = statement.where(sa.or_(older, sa.and_(article.c.updated_at == moment, article.c.id < last_id)))
        return [Head(*row) for row in await self._connection.execute(statement)]

    async def set_state(self, head: Head, state: str) -> None:
        """Of an article whose row is locked."""
        if state != head.state:
            await self._connection.execute(sa.update(article).where(article.c.id == head.id).values(state=state))

    async def exists(self, ids: list[str]) -> set[str]:
        return set((await self._connection.execute(sa.select(article.c.id).where(article.c.id.in_(ids)))).scalars())

    async def match(self, head: Head, if_match: str | None, *, needed: bool) -> None:
        """`If-Match` (RFC 9110). Raises 428 when it is needed and missing, 412 naming who was first and when."""
        if if_match is None:
            if needed:
                raise Problem(
                    428, "Send `If-Match` with the `ETag` that you have read, so that nobody's change is lost."
                )
            return
        if if_match.strip() in {"*", head.etag}:
            return
        newest = await self.revision(head.id, head.revision)
        raise Problem(
            412,
            f"{newest.actor_name} changed the article at {rfc3339(newest.at)}, to revision {head.revision}. "
            "Read it again, and repeat your change.",
            headers={"ETag": head.etag},
        )

    async def _check(self, given: ArticleIn, *, before: ArticleIn | None) -> None:
        known = await self._shelf.known([each for _, each in given.media()])
        check(given, site=self._site, has_media=known.__contains__)

    def _may_date(self, given: ArticleIn, actor: Actor) -> None:
        if given.published_at is None:
            return
        demand(actor, "editor", given.section)
        if given.published_at > self._clock.now():
            raise invalid([FieldError("published_at", "It is for an archive, and lies in the future.")])

    async def _external_id_is_free(self, external_id: str) -> None:
        row = (
            await self._connection.execute(sa.select(article).where(article.c.external_id == external_id))
        ).one_or_none()
        if row is None:
            return
        head = Head(*row)
        where = f" at {self._site.absolute(head.path)}" if head.path else ""
        raise Problem(
            409,
            f"The external_id {external_id!r} is that of article {head.id}{where}.",
            errors=[FieldError("external_id", f"It is taken by {head.id}.")],
            headers={"Location": f"/api/v1/articles/{head.id}"},
        )

    async def save(
        self, article_id: str, number: int, given: ArticleIn, before: dict[str, Any], actor: Actor, now: datetime
    ) -> None:
        """Keep one revision of an article whose head says so, and what it names."""
        await self._names.learn(given)
        document = stored(given)
        await self._connection.execute(
            sa.insert(revision).values(
                article_id=article_id,
                number=number,
                document=document,
                changed=changed_fields(before, document),
                actor_id=actor.id,
                actor_name=actor.name,
                at=now,
            )
        )
        await self._shelf.note_use(article_id, [each for _, each in given.media()])
        await self._connection.execute(sa.delete(label).where(label.c.article_id == article_id))
        (labels,) = await self.labels_of([given])
        if labels:
            values = [{"article_id": article_id, "kind": kind, "slug": slug} for kind, slug in labels]
            await self._connection.execute(sa.insert(label), values)

    async def labels_of(self, all_given: list[ArticleIn]) -> list[list[tuple[str, str]]]:
        """Each article's tags, authors and contributors as (kind, canonical slug)."""
        tags = await self._names.canonical("tag", {slugify(each) for given in all_given for each in given.tags})
        named = {person_slug(each) for given in all_given for each in [*given.authors, *given.contributors]}
        people = await self._names.canonical("author", named)
        return [
            list(
                dict.fromkeys(
                    [("tag", tags[slugify(each)]) for each in given.tags]
                    + [("author", people[person_slug(each)]) for each in given.authors]
                    + [("contributor", people[person_slug(each)]) for each in given.contributors]
                )
            )
            for given in all_given
        ]
