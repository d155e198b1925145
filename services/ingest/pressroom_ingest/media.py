"""Pictures that editors have uploaded: immutable files, named by what is in them; words about them that may change."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.documents import ArticleIn
from pressroom_ingest.pictures import Picture
from pressroom_ingest.tables import media, media_use
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.database import insert
from pressroom_shared.events import Media as EventMedia
from pressroom_shared.http import Problem
from pressroom_shared.ids import new_id
from pressroom_shared.markdown import pictures
from pressroom_shared.site import Site

CHUNK_BYTES = 1024 * 1024


def sha256_of(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def store_key(sha256: str, extension: str) -> str:
    return f"media/{sha256[:2]}/{sha256}.{extension}"


class MediaShelf:
    """The pictures, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, site: Site) -> None:
        self._connection = connection
        self._clock = clock
        self._site = site

    async def add(self, picture: Picture, *, sha256: str, size: int, **words: Any) -> tuple[dict[str, Any], bool]:
        """Record a picture, and say whether it is new. One with the same bytes comes back as it is."""
        statement = (
            insert(self._connection, media)
            .values(
                id=new_id(),
                sha256=sha256,
                key=store_key(sha256, picture.extension),
                media_type=picture.media_type,
                width=picture.width,
                height=picture.height,
                bytes=size,
                created_at=self._clock.now(),
                **words,
            )
            .on_conflict_do_nothing(index_elements=[media.c.sha256])
        )
        made = (await self._connection.execute(statement)).rowcount
        row = (await self._connection.execute(sa.select(media).where(media.c.sha256 == sha256))).one()
        return self._view(row), bool(made)

    async def change(self, media_id: str, words: dict[str, Any]) -> dict[str, Any]:
        await self.show(media_id)
        if words:
            await self._connection.execute(sa.update(media).where(media.c.id == media_id).values(**words))
        return await self.show(media_id)

    async def show(self, media_id: str) -> dict[str, Any]:
        row = (await self._connection.execute(sa.select(media).where(media.c.id == media_id))).one_or_none()
        if row is None:
            raise Problem(404, f"There is no picture {media_id!r}.")
        return self._view(row)

    async def page(self, *, after: str, limit: int) -> list[dict[str, Any]]:
        statement = sa.select(media).order_by(media.c.id.desc()).limit(limit)
        if after:
            statement = statement.where(media.c.id < after)
        return [self._view(row) for row in await self._connection.execute(statement)]

    async def known(self, ids: list[str]) -> set[str]:
        if not ids:
            return set()
        return set((await self._connection.execute(sa.select(media.c.id).where(media.c.id.in_(ids)))).scalars())

    async def note_use(self, article_id: str, ids: list[str]) -> None:
        """Remember for ever that an article named these pictures: a purge asks."""
        for each in dict.fromkeys(ids):
            statement = insert(self._connection, media_use).values(media_id=each, article_id=article_id)
            await self._connection.execute(statement.on_conflict_do_nothing())

    async def for_event(self, ids: list[str]) -> list[EventMedia]:
        """The pictures of an article, in the order of `ids`."""
        if not ids:
            return []
        rows = {row.id: row for row in await self._connection.execute(sa.select(media).where(media.c.id.in_(ids)))}
        return [_event_media(rows[each]) for each in dict.fromkeys(ids) if each in rows]

    async def without_alt(self, ids: list[str]) -> set[str]:
        statement = sa.select(media.c.id).where(media.c.id.in_(ids), media.c.alt == "", media.c.decorative.is_(False))
        return set((await self._connection.execute(statement)).scalars())

    async def unspoken(self, given: ArticleIn) -> list[tuple[str, str]]:
        """The pictures of an article, as (field, id), that a reader who cannot see them misses: with an alternative
        text neither in the article nor of their own, and not marked as decorative.
        """
        shown = [("body", address.removeprefix("media:"), alt) for address, alt in pictures(given.text())]
        if given.lead_image is not None:
            shown.append(("lead_image.alt", given.lead_image.media_id, given.lead_image.alt))
        bare = [(field, media_id) for field, media_id, alt in shown if not alt.strip()]
        silent = await self.without_alt([media_id for _, media_id in bare]) if bare else set()
        return [(field, media_id) for field, media_id in dict.fromkeys(bare) if media_id in silent]

    def _view(self, row: Any) -> dict[str, Any]:
        shown = {name: getattr(row, name) for name in ("id", "width", "height", "media_type", "bytes", "alt")}
        shown |= {name: getattr(row, name) for name in ("caption", "credit", "decorative", "focal_point")}
        return shown | {"url": self._site.absolute(f"/{row.key}"), "created_at": rfc3339(row.created_at)}


def _event_media(row: Any) -> EventMedia:
    return EventMedia(
        id=row.id,
        key=row.key,
        media_type=row.media_type,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        alt=row.alt,
        decorative=row.decorative,
        caption=row.caption,
        credit=row.credit,
        focal_point=tuple(row.focal_point) if row.focal_point else None,
    )
