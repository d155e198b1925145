"""Which pictures have been made, so that pages may name their files; and those that cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.image_names import PictureName, Responsive
from pressroom_render.tables import image as table
from pressroom_shared.among import among
from pressroom_shared.database import insert


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a picture: its files are in the store, or `trouble` says why there are none."""

    media_key: str
    digest: str
    width: int
    height: int
    focal_point: tuple[float, float]
    placeholder: str
    trouble: str = ""


MADE = sa.select(table).where(among(table.c.media_key, "keys")).order_by(table.c.media_key, table.c.digest)


class Images:
    """The pictures, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, names: Iterable[PictureName]) -> dict[PictureName, Responsive]:
        """Those of the pictures whose files are in the store. The others are shown as uploaded."""
        wanted = set(names)
        if not wanted:
            return {}
        return {
            (each.media_key, each.digest): Responsive(
                each.media_key, each.digest, each.width, each.height, each.focal_point, each.placeholder
            )
            for each in await self._rows({key for key, _ in wanted})
            if (each.media_key, each.digest) in wanted and not each.trouble
        }

    async def put(self, made: Made) -> bool:
        """Keep what came of a picture. Says whether that is news."""
        if made in await self._rows([made.media_key]):
            return False
        values = {name: getattr(made, name) for name in Made.__slots__}
        statement = insert(self._connection, table).values(**values)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.media_key, table.c.digest],
                set_={name: value for name, value in values.items() if name not in {"media_key", "digest"}},
            )
        )
        return True

    async def made_of(self, keys: Iterable[str]) -> list[Made]:
        """All that came of some pictures, whatever their focal points were."""
        return await self._rows(keys)

    async def forget(self, keys: Iterable[str]) -> None:
        await self._connection.execute(sa.delete(table).where(table.c.media_key.in_(list(keys))))

    async def _rows(self, keys: Iterable[str]) -> list[Made]:
        rows = (await self._connection.execute(MADE, {"keys": list(keys)})).all()
        return [
            Made(row.media_key, row.digest, row.width, row.height, tuple(row.focal_point), row.placeholder, row.trouble)
            for row in rows
        ]
