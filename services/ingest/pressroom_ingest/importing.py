"""Importing an archive: many articles at once, with their own dates, each known by its `external_id`.

A batch is one transaction and a handful of statements. What is there already, as it is sent, is left alone, so that a
second run, or one after a break, changes nothing. No reader is told, and live publications pass by what is imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from pressroom_ingest.articles import Head
from pressroom_ingest.desk import Work
from pressroom_ingest.documents import ArticleIn, changed_fields, check, field_errors, stored
from pressroom_ingest.keys import Actor
from pressroom_ingest.publications import Wish
from pressroom_ingest.slugs import numbered, slugify
from pressroom_ingest.tables import article, former_path, label, media_use, publication, revision
from pressroom_shared.clock import microseconds
from pressroom_shared.database import insert
from pressroom_shared.http import FieldError, Problem
from pressroom_shared.ids import new_id


@dataclass(slots=True)
class Line:
    """One line of an import, and what became of it."""

    number: int
    given: ArticleIn | None = None
    external_id: str | None = None
    status: str = "failed"
    article_id: str | None = None
    path: str | None = None
    errors: list[FieldError] = field(default_factory=list)

    def outcome(self, base_url: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"line": self.number, "external_id": self.external_id, "status": self.status}
        shown |= {"id": self.article_id, "url": f"{base_url}{self.path}" if self.path else None}
        if self.errors:
            shown["errors"] = [{"field": each.field, "message": each.message} for each in self.errors]
        return shown


def read_line(number: int, raw: bytes) -> Line:
    """A line's article, or why it is none."""
    line = Line(number)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        line.errors = [FieldError("line", f"It is not JSON: {error}.")]
        return line
    if not isinstance(document, dict):
        line.errors = [FieldError("line", "It is no JSON object.")]
        return line
    try:
        given = ArticleIn.model_validate(document)
    except ValidationError as error:
        line.external_id = str(document.get("external_id") or "") or None
        line.errors = field_errors(error)
        return line
    line.external_id = given.external_id
    if given.external_id is None:
        line.errors = [FieldError("external_id", "An import needs it, to know the article again.")]
    else:
        line.given = given
    return line


class Import:
    """One batch, in one transaction. Each `external_id` stands in it once."""

    def __init__(self, work: Work, actor: Actor) -> None:
        self._work = work
        self._connection = work.connection
        self._actor = actor
        self._now = work.clock.now()

    async def take(self, lines: list[Line]) -> None:
        """Store what is sound and new, and say in each line what became of it."""
        sound = await self._sound(lines)
        held = await self._held([each.external_id or "" for each in sound])
        fresh = [each for each in sound if each.external_id not in held]
        if fresh:
            await self._create(fresh)
        for each in sound:
            if each.external_id in held:
                await self._bring_up(each, *held[each.external_id])

    async def _sound(self, lines: list[Line]) -> list[Line]:
        """Those without an error: of known sections and pictures, by somebody who may."""
        wanted = {media_id for line in lines if line.given for _, media_id in line.given.media()}
        known = await self._work.shelf.known(list(wanted)) if wanted else set()
        sound: list[Line] = []
        for line in lines:
            if line.given is None:
                continue
            try:
                check(line.given, site=self._work.site, has_media=known.__contains__)
            except Problem as problem:
                line.errors = problem.errors
                continue
            role = "contributor" if line.given.published_at is None else "editor"
            if not self._actor.may(role, line.given.section):  # type: ignore[arg-type]
                line.errors = [FieldError("section", f"Your key is no {role} in {line.given.section}.")]
            elif line.given.published_at is not None and line.given.published_at > self._now:
                line.errors = [FieldError("published_at", "It is for an archive, and lies in the future.")]
            else:
                sound.append(line)
        return sound

    async def _held(self, external_ids: list[str]) -> dict[str, tuple[Head, dict[str, Any]]]:
        """What is there already: its head and its newest document."""
        if not external_ids:
            return {}
        newest = sa.and_(revision.c.article_id == article.c.id, revision.c.number == article.c.revision)
        statement = (
            sa.select(article, revision.c.document)
            .join(revision, newest)
            .where(article.c.external_id.in_(external_ids))
        )
        rows = await self._connection.execute(statement)
        return {row.external_id: (Head(*row[:-1]), row.document) for row in rows}

    async def _bring_up(self, line: Line, head: Head, document: dict[str, Any]) -> None:
        """An article that is there: changed where it differs, and published where it is to be and is not."""
        given = line.given
        assert given is not None, "only sound lines are brought up"
        line.article_id, line.path = head.id, head.path
        differs = bool(changed_fields(document, stored(given)))
        to_publish = given.published_at is not None and (differs or head.state not in {"live", "withdrawn"})
        if not differs and not to_publish:
            line.status = "unchanged"
            return
        try:
            async with self._connection.begin_nested():
                if differs:
                    await self._work.articles.replace(head.id, given, actor=self._actor)
                if to_publish and head.state != "withdrawn":
                    wish = Wish("silent", notify=False)
                    out = await self._work.publications.publish(
                        head.id, wish, if_match=None, actor=self._actor, bulk=True
                    )
                    line.path = out.path
        except Problem as problem:
            line.errors = problem.errors or [FieldError("line", problem.detail)]
            return
        line.status = "updated"

    async def _create(self, lines: list[Line]) -> None:
        """New articles: rows for all of them, a statement for each table."""
        given = [each.given for each in lines if each.given is not None]
        await self._work.names.learn_all(given)
        for line in lines:
            line.article_id, line.status = new_id(), "created"
        await self._find_addresses(lines)
        pairs = list(zip(lines, given, strict=True))
        await self._connection.execute(sa.insert(article), [self._article_row(*pair) for pair in pairs])
        await self._connection.execute(sa.insert(revision), [self._revision_row(*pair) for pair in pairs])
        out = [line for line, each in pairs if each.published_at is not None]
        if out:
            await self._connection.execute(sa.insert(publication), [self._publication_row(line) for line in out])
            await self._work.bulk.send([(line.article_id or "", microseconds(self._now)) for line in out])
        await self._add_rest(pairs)

    async def _add_rest(self, pairs: list[tuple[Line, ArticleIn]]) -> None:
        labels, uses, former = [], [], []
        slugs = await self._work.articles.labels_of([given for _, given in pairs])
        for (line, given), named in zip(pairs, slugs, strict=True):
            labels += [{"article_id": line.article_id, "kind": kind, "slug": slug} for kind, slug in named]
            uses += [{"article_id": line.article_id, "media_id": each} for each in {each for _, each in given.media()}]
            former += [
                {"path": each, "article_id": line.article_id, "version": microseconds(self._now)}
                for each in given.redirect_from
                if each.startswith("/") and given.published_at is not None and each != line.path
            ]
        if labels:
            await self._connection.execute(sa.insert(label), labels)
        if uses:
            await self._connection.execute(sa.insert(media_use), uses)
        if former:
            statement = insert(self._connection, former_path).on_conflict_do_nothing()
            await self._connection.execute(statement, former)

    async def _find_addresses(self, lines: list[Line]) -> None:
        """An address for each that goes out, free in the store and in this batch."""
        wanted = {
            line.external_id: self._address(line.given, line.article_id or "", 1)
            for line in lines
            if line.given is not None and line.given.published_at is not None
        }
        taken = await self._work.publications.taken(list(wanted.values()))
        for line in lines:
            if line.external_id not in wanted:
                continue
            assert line.given is not None, "only sound lines are created"
            line.path = wanted[line.external_id]
            number = 1
            while line.path in taken or (number > 1 and await self._work.publications.taken([line.path])):
                number += 1
                line.path = self._address(line.given, line.article_id or "", number)
            taken.add(line.path)

    def _address(self, given: ArticleIn, article_id: str, number: int) -> str:
        first = given.published_at
        assert first is not None, "only what was published has an address"
        slug = given.slug or slugify(given.headline, fallback=f"article-{article_id[-8:]}")
        return f"{self._work.publications.folder(given.section, first)}{numbered(slug, number)}/"

    def _article_row(self, line: Line, given: ArticleIn) -> dict[str, Any]:
        live = given.published_at is not None
        return {
            "id": line.article_id,
            "external_id": given.external_id,
            "state": "live" if live else "draft",
            "revision": 1,
            "live_revision": 1 if live else None,
            "version": microseconds(self._now) if live else None,
            "headline": given.headline,
            "section": given.section,
            "slug": line.path.rstrip("/").rsplit("/", 1)[-1] if line.path else None,
            "path": line.path,
            "first_published_at": given.published_at,
            "created_at": self._now,
            "updated_at": self._now,
            "embargo_until": given.embargo_until,
        }

    def _revision_row(self, line: Line, given: ArticleIn) -> dict[str, Any]:
        document = stored(given)
        return {
            "article_id": line.article_id,
            "number": 1,
            "document": document,
            "changed": sorted(document),
            **self._who_and_when(),
        }

    def _publication_row(self, line: Line) -> dict[str, Any]:
        return {
            "article_id": line.article_id,
            "version": microseconds(self._now),
            "withdrawn": False,
            "revision": 1,
            "change": "silent",
            "notify": False,
            "note": "",
            "path": line.path,
            **self._who_and_when(),
        }

    def _who_and_when(self) -> dict[str, str | datetime]:
        return {"actor_id": self._actor.id, "actor_name": self._actor.name, "at": self._now}
