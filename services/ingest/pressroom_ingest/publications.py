"""Publishing and withdrawing: one version, one outbox row, in the transaction of the request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.articles import Articles, Head, Revision
from pressroom_ingest.bulk import Bulk
from pressroom_ingest.documents import ArticleIn
from pressroom_ingest.keys import Actor, demand
from pressroom_ingest.media import MediaShelf
from pressroom_ingest.slugs import numbered, slugify
from pressroom_ingest.tables import article, former_path, publication, schedule
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds, rfc3339
from pressroom_shared.database import insert
from pressroom_shared.events import Change
from pressroom_shared.http import FieldError, Problem, invalid
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES
from pressroom_shared.site import Site

SLUG_TRIES_MAX = 1000
VERSION_MAX = 2**63 - 1

# The statements of every publication are built once.
_ARTICLE_ID: sa.BindParameter[str] = sa.bindparam("article_id")
_VERSION: sa.BindParameter[int] = sa.bindparam("version")
_PATH: sa.BindParameter[str] = sa.bindparam("path")
ADD = sa.insert(publication)
UNSCHEDULE = sa.delete(schedule).where(schedule.c.article_id == _ARTICLE_ID)
GO_LIVE = (
    sa.update(article)
    .where(article.c.id == sa.bindparam("this"))
    .values(
        state="live",
        review_state="draft",
        **{
            name: sa.bindparam(name)
            for name in ("live_revision", "version", "path", "slug", "first_published_at", "updated_at")
        },
    )
)
HISTORY = (
    sa.select(publication)
    .where(publication.c.article_id == _ARTICLE_ID, publication.c.version <= _VERSION)
    .order_by(publication.c.version)
)
FORMER_PATHS = sa.select(former_path.c.path).where(
    former_path.c.article_id == _ARTICLE_ID, former_path.c.version <= _VERSION
)
WHO_IS_AT = (
    sa.select(article.c.id)
    .where(article.c.path == _PATH)
    .union(sa.select(former_path.c.article_id).where(former_path.c.path == _PATH))
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a publication is asked for."""

    change: Change | None = None
    notify: bool | None = None
    note: str = ""
    override_embargo: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """One version that went out, a withdrawal among them."""

    article_id: str
    version: int
    withdrawn: bool
    revision: int
    change: Change
    notify: bool
    note: str
    path: str
    redirect_to: str | None
    actor_id: str
    actor_name: str
    at: datetime
    scheduled_for: datetime | None


class Publications:
    """The versions that went out, in one transaction."""

    def __init__(
        self,
        connection: AsyncConnection,
        clock: Clock,
        site: Site,
        articles: Articles,
        shelf: MediaShelf,
        bulk: Bulk,
        *,
        approval_needed: bool,
    ) -> None:
        self._approval_needed = approval_needed
        self._connection = connection
        self._clock = clock
        self._site = site
        self._articles = articles
        self._shelf = shelf
        self.event_ids: dict[tuple[str, int], str] = {}
        self._bulk = bulk

    async def publish(
        self,
        article_id: str,
        wish: Wish,
        *,
        if_match: str | None,
        actor: Actor,
        scheduled_for: datetime | None = None,
        bulk: bool = False,
        approved: bool = False,
    ) -> Publication:
        """Make the newest revision live. Whatever was scheduled for it is done with. `bulk`: when there is time.

        Raises problems: 404, 412, and what `may_go_out` raises.
        """
        head = await self._articles.head(article_id, lock=True)
        await self._articles.match(head, if_match, needed=False)
        newest = await self._articles.revision(article_id, head.revision)
        now = self._clock.now()
        change = await self.may_go_out(head, newest.article, wish, at=now, actor=actor, archive=bulk, approved=approved)
        first = head.first_published_at or newest.article.published_at or now
        path = await self.address(head, newest.article, first)
        went_out = await self._write(
            head,
            newest,
            now,
            actor,
            withdrawn=False,
            change=change,
            notify=wish.notify if wish.notify is not None else change in {"new", "correction"},
            note=wish.note,
            path=path,
            scheduled_for=scheduled_for,
            bulk=bulk,
        )
        await self._unschedule(article_id)
        await self._move(head, path, went_out.version, newest.article.redirect_from)
        await self._connection.execute(
            GO_LIVE,
            {
                "this": article_id,
                "live_revision": newest.number,
                "version": went_out.version,
                "path": path,
                "slug": path.rstrip("/").rsplit("/", 1)[-1],
                "first_published_at": first,
                "updated_at": now,
            },
        )
        return went_out

    async def unpublish(
        self, article_id: str, *, reason: str, redirect_to: str | None, if_match: str | None, actor: Actor
    ) -> Publication:
        """Withdraw a live article. Raises 409 when it is not live."""
        head = await self._articles.head(article_id, lock=True)
        await self._articles.match(head, if_match, needed=False)
        demand(actor, "editor", head.section)
        if head.state != "live" or head.path is None or head.live_revision is None:
            raise Problem(409, f"The article is not live (its state is {head.state}), so there is nothing to withdraw.")
        if redirect_to == head.path:
            raise invalid([FieldError("redirect_to", "It is the withdrawn page's own address.")])
        live = await self._articles.revision(article_id, head.live_revision)
        now = self._clock.now()
        went_out = await self._write(
            head,
            live,
            now,
            actor,
            withdrawn=True,
            change="silent",
            notify=False,
            note=reason,
            path=head.path,
            redirect_to=redirect_to,
        )
        await self._connection.execute(
            sa.update(article)
            .where(article.c.id == article_id)
            .values(state="withdrawn", version=went_out.version, updated_at=now)
        )
        await self._unschedule(article_id)
        return went_out

    async def reissue(self, article_id: str) -> Publication | None:
        """What is live goes out again, `silent`: its author or tag is called otherwise now. None if it is not live."""
        head = await self._articles.head(article_id, lock=True)
        if head.state != "live" or head.live_revision is None or head.path is None:
            return None
        live = await self._articles.revision(article_id, head.live_revision)
        system = Actor("system", "Pressroom", "admin")
        went_out = await self._write(
            head,
            live,
            self._clock.now(),
            system,
            withdrawn=False,
            change="silent",
            notify=False,
            note="",
            path=head.path,
            bulk=True,
        )
        await self._connection.execute(
            sa.update(article).where(article.c.id == article_id).values(version=went_out.version)
        )
        return went_out

    async def again(self, article_id: str, *, above: int, actor: Actor) -> Publication:
        """What is live, or withdrawn, once more: as a silent version of its own that is higher than `above`."""
        head = await self._articles.head(article_id, lock=True)
        last = (await self.history(article_id))[-1]
        saved = await self._articles.revision(article_id, last.revision)
        went_out = await self._write(
            replace(head, version=max(head.version or 0, above)),
            saved,
            self._clock.now(),
            actor,
            withdrawn=last.withdrawn,
            change="silent",
            notify=False,
            note="",
            path=last.path,
            redirect_to=last.redirect_to,
        )
        await self._connection.execute(
            sa.update(article).where(article.c.id == article_id).values(version=went_out.version)
        )
        return went_out

    async def history(self, article_id: str, *, up_to: int | None = None) -> list[Publication]:
        """Every version that went out, oldest first."""
        asked = {"article_id": article_id, "version": VERSION_MAX if up_to is None else up_to}
        return [Publication(*row) for row in await self._connection.execute(HISTORY, asked)]

    async def former_paths(self, article_id: str, *, up_to: int | None = None) -> list[str]:
        asked = {"article_id": article_id, "version": VERSION_MAX if up_to is None else up_to}
        return sorted((await self._connection.execute(FORMER_PATHS, asked)).scalars())

    async def may_go_out(
        self,
        head: Head,
        given: ArticleIn,
        wish: Wish,
        *,
        at: datetime,
        actor: Actor,
        archive: bool = False,
        approved: bool = False,
    ) -> Change:
        """What kind of change it is. Raises 422 for `new` on a live article, for a correction without a note or of
        what is not live, for a picture without words, and before the embargo's end, which only an admin may override
        (403); 409 unapproved. An `archive` was approved elsewhere, and its pictures may be without
        words: it is warned of them.
        """
        demand(actor, "editor", head.section)
        if self._approval_needed and not (approved or archive) and head.review_state != "approved":
            raise Problem(409, f"An editor must approve the article first (it is {head.review_state}).")
        change = self._change(head, wish)
        if given.embargo_until is not None and at < given.embargo_until:
            if not wish.override_embargo:
                sentence = f"It is under embargo until {rfc3339(given.embargo_until)}; an admin may override that."
                raise invalid([FieldError("embargo_until", sentence)])
            if not actor.may("admin"):
                raise Problem(403, "Only an admin may override an embargo.")
        if not archive:
            await self._refuse_without_alt(given)
        return change

    async def _refuse_without_alt(self, given: ArticleIn) -> None:
        wrong = [
            FieldError(field, f"The picture {media_id} needs an alternative text, or to be marked as decorative.")
            for field, media_id in await self._shelf.unspoken(given)
        ]
        if wrong:
            raise invalid(wrong)

    async def _unschedule(self, article_id: str) -> None:
        await self._connection.execute(UNSCHEDULE, {"article_id": article_id})

    def _change(self, head: Head, wish: Wish) -> Change:
        live = head.state == "live"
        change = wish.change or ("update" if head.first_published_at else "new")
        if change == "new" and live:
            raise invalid(
                [FieldError("change", "The article is live already; publish it as an update or a correction.")]
            )
        if change == "correction" and not live:
            raise invalid([FieldError("change", "Only what is live can be corrected.")])
        if change == "correction" and not wish.note.strip():
            raise invalid([FieldError("note", "A correction needs a note that tells readers what was wrong.")])
        return change

    async def _write(
        self, head: Head, saved: Revision, now: datetime, actor: Actor, *, bulk: bool = False, **fields: Any
    ) -> Publication:
        """The version and its outbox row. The version is above every earlier one, whatever the clock says."""
        version = max((head.version or 0) + 1, microseconds(now))
        written = Publication(
            article_id=head.id,
            version=version,
            revision=saved.number,
            actor_id=actor.id,
            actor_name=actor.name,
            at=now,
            **({"redirect_to": None, "scheduled_for": None} | fields),
        )
        values = {name: getattr(written, name) for name in Publication.__dataclass_fields__}
        await self._connection.execute(ADD, values)
        if bulk:
            await self._bulk.send([(head.id, version)])
            return written
        event_id = new_id()
        await outbox.add(
            self._connection, stream=ARTICLES, event_id=event_id, article_id=head.id, version=version, created_at=now
        )
        self.event_ids[head.id, version] = event_id
        return written

    async def address(self, head: Head, given: ArticleIn, first: datetime) -> str:
        """The address: it stays unless the editor gives another slug, section or archive date."""
        wanted = given.slug or head.slug or slugify(given.headline, fallback=f"article-{head.id[-8:]}")
        folder = self.folder(given.section, first)
        if head.path == f"{folder}{wanted}/":
            return head.path
        if self._connection.dialect.name == "postgresql":  # of two that want one address at once, one waits
            await self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(folder))))
        for number in range(1, SLUG_TRIES_MAX):
            path = f"{folder}{numbered(wanted, number)}/"
            if await self._is_free(path, head.id):
                return path
        raise invalid([FieldError("slug", f"There are {SLUG_TRIES_MAX} articles named {wanted!r} that day.")])

    def folder(self, section: str, first: datetime) -> str:
        """The part of an address before the slug: the main section, and the day in the newspaper's time zone."""
        day = first.astimezone(self._site.zone).strftime("%Y/%m/%d")
        return f"/{section.partition('/')[0]}/{day}/"

    async def taken(self, paths: list[str]) -> set[str]:
        """Which of these addresses are, or were, an article's."""
        if not paths:
            return set()
        now_at = sa.select(article.c.path).where(article.c.path.in_(paths))
        was_at = sa.select(former_path.c.path).where(former_path.c.path.in_(paths))
        return set((await self._connection.execute(now_at.union(was_at))).scalars())

    async def _is_free(self, path: str, article_id: str) -> bool:
        return set((await self._connection.execute(WHO_IS_AT, {"path": path})).scalars()) <= {article_id}

    async def _move(self, head: Head, path: str, version: int, redirect_from: list[str]) -> None:
        """Keep every address that the article had; the one it comes back to is no former one any more."""
        former = [each for each in redirect_from if each.startswith("/") and each != path]
        if head.path and head.path != path:
            former.append(head.path)
        for each in former:
            await self._connection.execute(
                insert(self._connection, former_path)
                .values(path=each, article_id=head.id, version=version)
                .on_conflict_do_nothing()
            )
        if head.path is not None and head.path != path:
            await self._connection.execute(sa.delete(former_path).where(former_path.c.path == path))
