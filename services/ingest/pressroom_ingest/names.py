"""People and topics: a slug for each, the name as it is shown, and the slugs that lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.documents import ArticleIn, PersonIn, person_slug
from pressroom_ingest.slugs import slugify
from pressroom_ingest.tables import alias, person, tag
from pressroom_shared.among import among
from pressroom_shared.database import insert
from pressroom_shared.events import Person, Tag
from pressroom_shared.http import Problem
from pressroom_shared.site import Site

Kind = Literal["author", "tag"]
Value = TypeVar("Value")
TABLES: dict[Kind, sa.Table] = {"author": person, "tag": tag}


def _now_statement(kind: Kind, table: sa.Table) -> sa.CompoundSelect[Any]:
    """Each part by its index: one question with an `or` would read every row there is."""
    own = sa.select(table, sa.cast(sa.null(), sa.Text).label("former")).where(among(table.c.slug, "slugs"))
    led = sa.select(table, alias.c.slug).join(alias, alias.c.target == table.c.slug)
    return own.union_all(led.where(alias.c.kind == kind, among(alias.c.slug, "slugs")))


NOW = {kind: _now_statement(kind, table) for kind, table in TABLES.items()}
"""The rows that slugs lead to now. Built once: every publication asks it."""

LED = sa.select(alias.c.slug, alias.c.target).where(alias.c.kind == sa.bindparam("kind"), among(alias.c.slug, "slugs"))


def merged(parts: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    """All in one; of what stands in several, the last."""
    whole: dict[str, Value] = {}
    for part in parts:
        whole.update(part)
    return whole


class Names:
    """Everybody and every topic that an article has named, in one transaction."""

    def __init__(self, connection: AsyncConnection, site: Site) -> None:
        self._connection = connection
        self._site = site

    async def learn(self, article: ArticleIn) -> None:
        """Keep the people and tags that an article names. A known slug given as a name keeps its name."""
        await self.learn_all([article])

    async def learn_all(self, articles: list[ArticleIn]) -> None:
        """The same of many: each name once."""
        people, topics = merged(each.people() for each in articles), merged(each.tag_names() for each in articles)
        canonical = await self.canonical("author", people)
        for slug, each in people.items():
            if canonical[slug] != slug:
                continue  # a name of the past: it means whom it leads to, as they are called now
            known = insert(self._connection, person).values(slug=slug, name=each.name, title=each.title)
            fresh = {"title": each.title} | ({"name": each.name} if each.name != slug else {})
            await self._connection.execute(
                known.on_conflict_do_update(index_elements=[person.c.slug], set_=fresh)
                if each.title
                else known.on_conflict_do_nothing()
            )
        canonical = await self.canonical("tag", topics)
        for slug, name in topics.items():
            if canonical[slug] == slug:
                await self._connection.execute(
                    insert(self._connection, tag).values(slug=slug, name=name).on_conflict_do_nothing()
                )

    async def canonical(self, kind: Kind, slugs: Iterable[str]) -> dict[str, str]:
        """Where each slug leads: to itself, unless it was renamed or merged away."""
        wanted = list(dict.fromkeys(slugs))
        if not wanted:
            return {}
        led = dict((await self._connection.execute(LED, {"kind": kind, "slugs": wanted})).all())
        return {each: led.get(each, each) for each in wanted}

    async def aliases(self, kind: Kind, target: str) -> list[str]:
        """Every slug that leads to one."""
        statement = sa.select(alias.c.slug).where(alias.c.kind == kind, alias.c.target == target)
        return sorted((await self._connection.execute(statement)).scalars())

    async def people(self, named: list[PersonIn]) -> list[Person]:
        """The people of an article's field, in order, each once."""
        rows = await self._now("author", map(person_slug, named))
        return [Person(slug=row.slug, name=row.name, title=row.title) for row in rows]

    async def tags(self, named: list[str]) -> list[Tag]:
        return [Tag(slug=row.slug, name=row.name) for row in await self._now("tag", map(slugify, named))]

    async def _now(self, kind: Kind, slugs: Iterable[str]) -> list[Any]:
        """The rows that slugs lead to now, in their order, each once: one look, for every publication takes it."""
        wanted = list(dict.fromkeys(slugs))
        if not wanted:
            return []
        found: dict[str, Any] = {}
        for row in await self._connection.execute(NOW[kind], {"slugs": wanted}):
            found[row.slug] = row
            if row.former is not None:
                found[row.former] = row
        return list({found[each].slug: found[each] for each in wanted if each in found}.values())

    async def _rows(self, table: sa.Table, slugs: list[str]) -> list[Any]:
        if not slugs:
            return []
        return list((await self._connection.execute(sa.select(table).where(table.c.slug.in_(slugs)))).all())

    async def row(self, kind: Kind, slug: str) -> Any:
        """An author's or a tag's row, also by a former slug. Raises 404."""
        canonical = (await self.canonical(kind, [slug]))[slug]
        found = await self._rows(TABLES[kind], [canonical])
        if not found:
            raise Problem(404, f"There is no {kind} {slug!r}.")
        return found[0]

    async def page(self, kind: Kind, *, after: str, limit: int) -> list[Any]:
        """Rows by slug."""
        table = TABLES[kind]
        statement = sa.select(table).where(table.c.slug > after).order_by(table.c.slug).limit(limit)
        return list((await self._connection.execute(statement)).all())

    def shown(self, who: Person) -> dict[str, Any]:
        """A person as an article answers."""
        return {
            "slug": who.slug,
            "name": who.name,
            "title": who.title,
            "url": self._site.absolute(f"/author/{who.slug}/"),
        }

    def author_view(self, row: Any) -> dict[str, Any]:
        shown = self.shown(Person(slug=row.slug, name=row.name, title=row.title))
        return shown | {"bio": row.bio or "", "media_id": row.media_id, "links": row.links or []}

    def tag_view(self, row: Any) -> dict[str, Any]:
        return {"slug": row.slug, "name": row.name, "url": self._site.absolute(f"/tag/{row.slug}/")}
