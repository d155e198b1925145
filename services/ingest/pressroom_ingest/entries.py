"""Entries of a live article: each one that is added, changed or removed is a publication of the same article."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pressroom_ingest.articles import Articles, Head
from pressroom_ingest.documents import Document, Entry
from pressroom_ingest.keys import Actor
from pressroom_ingest.publications import Publication, Publications, Wish
from pressroom_shared.clock import Clock
from pressroom_shared.http import FieldError, Problem, invalid
from pressroom_shared.ids import new_id

ENTRIES_MAX = 500
Edit = Callable[[list[Entry]], list[Entry]]


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of it. `went_out` is None while the article is not live."""

    head: Head
    went_out: Publication | None
    entry: Entry | None = None


class Entries:
    """The entries, in one transaction."""

    def __init__(self, clock: Clock, articles: Articles, publications: Publications) -> None:
        self._clock = clock
        self._articles = articles
        self._publications = publications

    async def add(
        self,
        article_id: str,
        *,
        headline: str,
        body: str,
        at: datetime | None,
        notify: bool,
        if_match: str | None,
        actor: Actor,
    ) -> Edited:
        """Raises 404, 409 when the article is of another kind, 412, and what publishing raises."""
        entry = Entry(id=new_id(), at=at or self._clock.now(), headline=headline, body=body)

        def added(held: list[Entry]) -> list[Entry]:
            if len(held) >= ENTRIES_MAX:
                raise invalid([FieldError("body", f"The article has {ENTRIES_MAX} entries; begin another one.")])
            return [*held, entry]

        head, went_out = await self._edit(article_id, added, notify=notify, if_match=if_match, actor=actor)
        return Edited(head, went_out, entry)

    async def change(
        self, article_id: str, entry_id: str, fields: dict[str, Any], *, if_match: str | None, actor: Actor
    ) -> Edited:
        """Raises 404 for an entry that is not there."""

        def changed(held: list[Entry]) -> list[Entry]:
            _one(held, entry_id)
            return [each.model_copy(update=fields) if each.id == entry_id else each for each in held]

        head, went_out = await self._edit(article_id, changed, notify=False, if_match=if_match, actor=actor)
        newest = (await self._articles.revision(article_id, head.revision)).article
        return Edited(head, went_out, _one(newest.entries, entry_id))

    async def remove(self, article_id: str, entry_id: str, *, if_match: str | None, actor: Actor) -> Edited:
        def removed(held: list[Entry]) -> list[Entry]:
            _one(held, entry_id)
            return [each for each in held if each.id != entry_id]

        head, went_out = await self._edit(article_id, removed, notify=False, if_match=if_match, actor=actor)
        return Edited(head, went_out)

    async def _edit(
        self, article_id: str, edit: Edit, *, notify: bool, if_match: str | None, actor: Actor
    ) -> tuple[Head, Publication | None]:
        """Edit what is live and publish it; what else is being written of the article stays a draft, on top."""
        head = await self._articles.head(article_id, lock=True)
        await self._articles.match(head, if_match, needed=False)
        newest = (await self._articles.revision(article_id, head.revision)).article
        if newest.kind != "live":
            raise Problem(409, f"Only a `live` article has entries; this one is {newest.kind}.")
        if head.state != "live" or head.live_revision is None:
            return await self._articles.replace(article_id, _edited(newest, edit), actor=actor), None
        live = (await self._articles.revision(article_id, head.live_revision)).article
        await self._articles.replace(article_id, _edited(live, edit), actor=actor)
        wish = Wish("update", notify=notify)
        went_out = await self._publications.publish(article_id, wish, if_match=None, actor=actor, approved=True)
        if head.revision != head.live_revision:
            await self._articles.replace(article_id, _edited(newest, edit), actor=actor)
        return await self._articles.head(article_id), went_out


def _edited(document: Document, edit: Edit) -> Document:
    return document.model_copy(update={"entries": sorted(edit(document.entries), key=lambda each: each.at)})


def _one(held: list[Entry], entry_id: str) -> Entry:
    found = next((each for each in held if each.id == entry_id), None)
    if found is None:
        raise Problem(404, f"The article has no entry {entry_id!r}.")
    return found
