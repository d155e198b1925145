"""The pictures' files in the site store. A note beside them says what was made, so that no picture is made twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pressroom_render.drawers import Drawers, Ruined
from pressroom_render.image_names import digest_of, ends, file_key
from pressroom_render.image_store import Made
from pressroom_shared.events import Media
from pressroom_shared.sitestore import SiteStore

NOTE = "json"
NOT_THERE = "Its file is not in the store; upload it again and publish."
UNMADE: dict[str, Any] = {"width": 0, "height": 0, "focal_point": (0.5, 0.5), "placeholder": ""}


class Shelf:
    """Makes what is missing. Needs no database: what a killed process has made is found again."""

    def __init__(self, store: SiteStore, drawers: Drawers) -> None:
        self._store = store
        self._drawers = drawers

    async def make(self, media: Iterable[Media], *, again: bool) -> list[Made]:
        """What came of each picture, one after the other; `again` makes them whatever the notes say."""
        return [await self._make(each, again=again) for each in {each.key: each for each in media}.values()]

    async def clear(self, made: Iterable[Made]) -> None:
        """Take away every file that was made of some pictures, the note first: it vouches for the others."""
        for each in made:
            for end in (NOTE, *(ends(each.width) if each.width else ())):
                await self._store.delete(file_key(each.media_key, each.digest, end))

    async def _make(self, media: Media, *, again: bool) -> Made:
        digest = digest_of(media)
        note = file_key(media.key, digest, NOTE)
        found = None if again else await self._store.get(note)
        if found is not None:
            return _made(media, digest, json.loads(found))
        body = await self._store.get(media.key)
        if body is None:  # it may be uploaded again: nothing is noted
            return _made(media, digest, {"trouble": NOT_THERE})
        try:
            known, files = await self._drawers.develop(body, media.focal_point)
        except Ruined as error:
            known, files = {"trouble": str(error)}, {}
        for end, made in files.items():
            await self._store.put(file_key(media.key, digest, end), made)
        await self._store.put(note, json.dumps(known).encode())  # last: it vouches for the files
        return _made(media, digest, known)


def _made(media: Media, digest: str, known: dict[str, Any]) -> Made:
    values = UNMADE | known
    return Made(media.key, digest, **values | {"focal_point": tuple(values["focal_point"])})
