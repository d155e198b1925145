"""Renaming, merging and describing authors and tags. Their articles are sent again, `silent`, in bulk."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.bulk import Bulk
from pressroom_ingest.media import MediaShelf
from pressroom_ingest.names import TABLES, Kind, Names
from pressroom_ingest.slugs import slugify
from pressroom_ingest.tables import alias, label
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.database import insert
from pressroom_shared.events import AuthorChanged, AuthorProfile, ProfileLink, TagChanged, TagProfile
from pressroom_shared.http import FieldError, invalid
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES

LABELS: dict[Kind, tuple[str, ...]] = {"author": ("author", "contributor"), "tag": ("tag",)}
ON_ARTICLES = {"name", "title"}
"""What an article shows of its author or tag: a change of it sends the article again."""


class Taxonomy:
    """Changes of authors and tags, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, names: Names, shelf: MediaShelf, bulk: Bulk) -> None:
        self._connection = connection
        self._clock = clock
        self._names = names
        self._shelf = shelf
        self._bulk = bulk

    async def change(
        self,
        kind: Kind,
        slug: str,
        fields: dict[str, Any],
        *,
        to: str | None = None,
        merge_into: str | None = None,
        aliases: list[str] | None = None,
    ) -> tuple[Any, int]:
        """Set fields, then move to another slug, or into another author or tag. Answers the row, and how many articles
        are sent again. Raises 404, and 422 naming what is wrong.
        """
        row = await self._names.row(kind, slug)
        await self._check(kind, row.slug, fields, to, merge_into)
        table, now = TABLES[kind], self._clock.now()
        if fields:
            await self._connection.execute(sa.update(table).where(table.c.slug == row.slug).values(**fields))
        target = row.slug
        if merge_into is not None:
            target = (await self._names.row(kind, merge_into)).slug
            await self._lead(kind, row.slug, target)
        elif to is not None and to != row.slug:
            moved = {each.name: getattr(row, each.name) for each in table.c} | fields | {"slug": to}
            await self._connection.execute(sa.delete(alias).where(alias.c.kind == kind, alias.c.slug == to))
            await self._connection.execute(sa.insert(table).values(**moved))
            target = to
            await self._lead(kind, row.slug, target)
        if aliases is not None:
            await self._set_aliases(kind, target, aliases)
        changed = await self._names.row(kind, target)
        version = max((changed.version or 0) + 1, microseconds(now))
        await self._connection.execute(sa.update(table).where(table.c.slug == target).values(version=version))
        await self._tell(kind, changed, version)
        shown_before = {each: getattr(row, each, None) for each in ON_ARTICLES & set(fields)}
        shows = target != row.slug or any(fields[each] != before for each, before in shown_before.items())
        again = await self._bulk.reissue_labelled(LABELS[kind], target) if shows else 0
        return changed, again

    async def _check(self, kind: Kind, slug: str, fields: dict[str, Any], to: str | None, into: str | None) -> None:
        wrong: list[FieldError] = []
        if to is not None and into is not None:
            wrong.append(FieldError("merge_into", "Give another slug or merge, not both."))
        if into is not None and (await self._names.row(kind, into)).slug == slug:
            wrong.append(FieldError("merge_into", f"It is this {kind} itself."))
        if to is not None and to != slug:
            holder = (await self._names.canonical(kind, [to]))[to]
            statement = sa.select(TABLES[kind].c.slug).where(TABLES[kind].c.slug == to)
            if holder not in {to, slug} or await self._connection.scalar(statement) is not None:
                wrong.append(FieldError("slug", f"It is another {kind}'s; merge into that one instead."))
        media_id = fields.get("media_id")
        if media_id is not None and not await self._shelf.known([media_id]):
            wrong.append(FieldError("media_id", f"There is no picture {media_id!r}; upload it first."))
        if wrong:
            raise invalid(wrong)

    async def _lead(self, kind: Kind, old: str, new: str) -> None:
        """From now on `old`, and all that led to it, leads to `new`."""
        await self._connection.execute(
            sa.update(alias).where(alias.c.kind == kind, alias.c.target == old).values(target=new)
        )
        await self._connection.execute(sa.delete(TABLES[kind]).where(TABLES[kind].c.slug == old))
        await self._connection.execute(sa.insert(alias).values(kind=kind, slug=old, target=new))
        for each in LABELS[kind]:
            other = label.alias()
            both = (
                sa.select(other.c.article_id)
                .where(other.c.article_id == label.c.article_id, other.c.kind == each, other.c.slug == new)
                .exists()
            )
            mine = sa.and_(label.c.kind == each, label.c.slug == old)
            await self._connection.execute(sa.update(label).where(mine, sa.not_(both)).values(slug=new))
            await self._connection.execute(sa.delete(label).where(mine))

    async def _set_aliases(self, kind: Kind, target: str, names: list[str]) -> None:
        wanted = {slugify(each): each for each in names if slugify(each) != target}
        held = set(await self._names.aliases(kind, target))
        wrong = []
        for slug, name in wanted.items():
            if slug in held:
                continue
            leads = (await self._names.canonical(kind, [slug]))[slug]
            exists = await self._connection.scalar(sa.select(TABLES[kind].c.slug).where(TABLES[kind].c.slug == leads))
            if exists is not None:
                wrong.append(FieldError("aliases", f"{name!r} is a {kind} itself; merge it into this one."))
        if wrong:
            raise invalid(wrong)
        for slug in held - set(wanted):
            await self._connection.execute(sa.delete(alias).where(alias.c.kind == kind, alias.c.slug == slug))
        for slug in set(wanted) - held:
            await self._connection.execute(
                insert(self._connection, alias).values(kind=kind, slug=slug, target=target).on_conflict_do_nothing()
            )

    async def events(self) -> list[AuthorChanged | TagChanged]:
        """Every author and tag that was ever changed, as it is now."""
        found: list[AuthorChanged | TagChanged] = []
        for kind, table in TABLES.items():
            changed = sa.select(table).where(table.c.version.is_not(None)).order_by(table.c.slug)
            rows = (await self._connection.execute(changed)).all()
            found += [await self._event(kind, row, row.version) for row in rows]
        return found

    async def _event(self, kind: Kind, row: Any, version: int) -> AuthorChanged | TagChanged:
        now, former = self._clock.now(), await self._names.aliases(kind, row.slug)
        common = {"slug": row.slug, "name": row.name, "former_slugs": former, "version": version, "at": now}
        head = {"id": new_id(), "source": "/ingest", "subject": f"{kind}:{row.slug}", "time": now}
        if kind == "author":
            pictures = await self._shelf.for_event([row.media_id] if row.media_id else [])
            profile = AuthorProfile(
                **common,
                title=row.title,
                bio=row.bio or "",
                picture=pictures[0] if pictures else None,
                links=[ProfileLink(**each) for each in row.links or []],
            )
            return AuthorChanged(**head, data=profile)
        return TagChanged(**head, data=TagProfile(**common))

    async def _tell(self, kind: Kind, row: Any, version: int) -> None:
        event = await self._event(kind, row, version)
        await outbox.add(
            self._connection,
            stream=ARTICLES,
            event_id=event.id,
            article_id=event.subject,
            version=version,
            created_at=event.time,
            payload=event.encode(),
        )
