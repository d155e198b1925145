"""Authors' pictures, as the cards show them, by the version rule."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import portrait
from pressroom_shared.database import insert
from pressroom_shared.events import AuthorChanged, Media


class Portraits:
    """The pictures, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def apply(self, event: AuthorChanged) -> None:
        """Keep an author's picture, or that there is none, if this is newer (or as new, for a replay)."""
        data = event.data
        picture = None if data.picture is None else data.picture.model_dump(mode="json")
        values: dict[str, Any] = {"version": data.version, "picture": picture}
        newer = portrait.c.version <= data.version if event.replay else portrait.c.version < data.version
        statement = insert(self._connection, portrait).values(slug=data.slug, **values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[portrait.c.slug], set_=values, where=newer)
        )

    async def of(self, slug: str | None) -> Media | None:
        """An author's picture, where there is one."""
        if slug is None:
            return None
        found = await self._connection.scalar(sa.select(portrait.c.picture).where(portrait.c.slug == slug))
        return None if found is None else Media.model_validate(found)
