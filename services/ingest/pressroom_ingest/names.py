"""People and topics: a slug for each, and the name as it is shown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.documents import ArticleIn, PersonIn, person_slug
from pressroom_ingest.slugs import slugify
from pressroom_ingest.tables import person, tag
from pressroom_shared.database import insert
from pressroom_shared.events import Person, Tag
from pressroom_shared.http import Problem
from pressroom_shared.site import Site


class Names:
    """Everybody and every topic that an article has named, in one transaction."""

    def __init__(self, connection: AsyncConnection, site: Site) -> None:
        self._connection = connection
        self._site = site

    async def learn(self, article: ArticleIn) -> None:
        """Keep the people and tags that an article names. A known slug given as a name keeps its name."""
        for slug, each in article.people().items():
            known = insert(self._connection, person).values(slug=slug, name=each.name, title=each.title)
            fresh = {"title": each.title} | ({"name": each.name} if each.name != slug else {})
            await self._connection.execute(
                known.on_conflict_do_update(index_elements=[person.c.slug], set_=fresh)
                if each.title
                else known.on_conflict_do_nothing()
            )
        for slug, name in article.tag_names().items():
            await self._connection.execute(
                insert(self._connection, tag).values(slug=slug, name=name).on_conflict_do_nothing()
            )

    async def people(self, named: list[PersonIn]) -> list[Person]:
        """The people of an article's field, in order, each once."""
        slugs = list(dict.fromkeys(person_slug(each) for each in named))
        rows = {
            row.slug: row for row in await self._connection.execute(sa.select(person).where(person.c.slug.in_(slugs)))
        }
        return [Person(slug=each, name=rows[each].name, title=rows[each].title) for each in slugs if each in rows]

    async def tags(self, named: list[str]) -> list[Tag]:
        slugs = list(dict.fromkeys(slugify(each) for each in named))
        rows = dict(
            (await self._connection.execute(sa.select(tag.c.slug, tag.c.name).where(tag.c.slug.in_(slugs)))).all()
        )
        return [Tag(slug=each, name=rows[each]) for each in slugs if each in rows]

    async def author(self, slug: str) -> dict[str, Any]:
        row = (await self._connection.execute(sa.select(person).where(person.c.slug == slug))).one_or_none()
        if row is None:
            raise Problem(404, f"There is no author {slug!r}.")
        return self.shown(Person(slug=row.slug, name=row.name, title=row.title))

    async def topic(self, slug: str) -> dict[str, Any]:
        name = await self._connection.scalar(sa.select(tag.c.name).where(tag.c.slug == slug))
        if name is None:
            raise Problem(404, f"There is no tag {slug!r}.")
        return {"slug": slug, "name": name, "url": self._site.absolute(f"/tag/{slug}/")}

    async def authors(self, *, after: str, limit: int) -> list[dict[str, Any]]:
        statement = sa.select(person).where(person.c.slug > after).order_by(person.c.slug).limit(limit)
        rows = await self._connection.execute(statement)
        return [self.shown(Person(slug=row.slug, name=row.name, title=row.title)) for row in rows]

    async def topics(self, *, after: str, limit: int) -> list[dict[str, Any]]:
        rows = await self._connection.execute(
            sa.select(tag).where(tag.c.slug > after).order_by(tag.c.slug).limit(limit)
        )
        return [{"slug": row.slug, "name": row.name, "url": self._site.absolute(f"/tag/{row.slug}/")} for row in rows]

    def shown(self, who: Person) -> dict[str, Any]:
        """A person as the API answers."""
        return {
            "slug": who.slug,
            "name": who.name,
            "title": who.title,
            "url": self._site.absolute(f"/author/{who.slug}/"),
        }
