"""People and topics as the newsroom describes them, and which addresses lead to them, by the version rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import alias, profile
from pressroom_shared.among import among
from pressroom_shared.database import insert
from pressroom_shared.events import AuthorChanged, AuthorProfile, TagChanged, TagProfile

Kind = Literal["author", "tag"]
Profile = AuthorProfile | TagProfile
KINDS: dict[str, type[Profile]] = {"author": AuthorProfile, "tag": TagProfile}


def kind_of(event: AuthorChanged | TagChanged) -> Kind:
    return "author" if isinstance(event, AuthorChanged) else "tag"


OF = sa.select(profile.c.kind, profile.c.slug, profile.c.document).where(among(profile.c.slug, "slugs"))
"""Few slugs are an author's and a tag's at once: which is meant is seen to afterwards."""


class Profiles:
    """The profiles, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: AuthorChanged | TagChanged) -> bool:
        """Take a profile in if it is newer; a replay also if it is the held version. Says whether it was taken."""
        kind, data = kind_of(event), event.data
        values: dict[str, Any] = {"version": data.version, "document": data.model_dump(mode="json")}
        newer = profile.c.version <= data.version if event.replay else profile.c.version < data.version
        statement = insert(self._connection, profile).values(kind=kind, slug=data.slug, **values)
        taken = await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[profile.c.kind, profile.c.slug], set_=values, where=newer)
        )
        if not taken.rowcount:
            return False
        claims = sa.and_(alias.c.kind == kind, alias.c.target == data.slug)
        await self._connection.execute(sa.delete(alias).where(claims))
        rows = [
            {"kind": kind, "slug": each, "target": data.slug, "version": data.version}
            for each in sorted(set(data.former_slugs) - {data.slug})
        ]
        if rows:
            await self._connection.execute(sa.insert(alias), rows)
        return True

    async def of(self, names: Iterable[str]) -> dict[str, Profile]:
        """Whom or what lists (`author:…`, `tag:…`) are about; other lists, and what is unsaid, are not among them."""
        asked = {each for each in names if each.partition(":")[0] in KINDS}
        if not asked:
            return {}
        slugs = sorted({each.partition(":")[2] for each in asked})
        rows = (await self._connection.execute(OF, {"slugs": slugs})).all()
        return {
            name: KINDS[kind].model_validate(document)
            for kind, slug, document in rows
            if (name := f"{kind}:{slug}") in asked
        }

    async def leads_to(self, kind: Kind, slug: str) -> str | None:
        """Where a former address leads now: to whoever claimed it last. None when it is nobody's former one."""
        claims = sa.select(alias.c.target, alias.c.version).where(alias.c.kind == kind, alias.c.slug == slug)
        newest = (await self._connection.execute(claims.order_by(alias.c.version.desc()).limit(1))).one_or_none()
        if newest is None:
            return None
        own = await self._connection.scalar(
            sa.select(profile.c.version).where(profile.c.kind == kind, profile.c.slug == slug)
        )
        return None if own is not None and own > newest.version else str(newest.target)
