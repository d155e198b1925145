"""Previews: drafts at addresses that nobody guesses, for a while. They stand in no list; the projection has none.

A row is kept a little longer than its files, so that a file which a slow process has put there after the end is
taken away, too.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import article_page
from pressroom_render.compose import Composer
from pressroom_render.gather import Material, linked_articles
from pressroom_render.image_names import name_of
from pressroom_render.image_store import Images
from pressroom_render.lists import OPINION, PICKS, TRENDING
from pressroom_render.projection import Projection
from pressroom_render.tables import preview as table
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database, UtcTime, insert
from pressroom_shared.events import Article, Preview
from pressroom_shared.sitestore import SiteStore
from pressroom_shared.streams import Poison
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)

TOKEN = re.compile(r"[A-Za-z0-9_-]{32,200}")
LOOK_S = 5
KEPT_AFTER = timedelta(minutes=10)
"""How long a row outlives its files: longer than any drawing takes."""

AT_ONCE_MAX = 20
ROLES = ("previous", "next", "also", "translations", PICKS, OPINION, TRENDING)
"""What stands around an article. Nothing stands around a draft."""


# Asked after every commit, and so built once.
NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=UtcTime)
DUE = (
    sa.select(table)
    .where(sa.not_(table.c.written), table.c.expires_at > NOW)
    .order_by(table.c.token)
    .limit(AT_ONCE_MAX)
)
ENDED = sa.select(table.c.token).where(table.c.expires_at <= NOW).order_by(table.c.expires_at).limit(AT_ONCE_MAX * 10)


def page_key(token: str) -> str:
    """The page's place in the site store: beside the public site, which may be built anew and switched."""
    return f"preview/{token}/index.html"


def card_key(token: str) -> str:
    return f"preview/{token}/card.jpg"


class Previews:
    """The previews, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep(self, data: Preview, now: datetime) -> None:
        """Have a draft shown until its time; a repeat changes nothing. Raises `Poison` for a token that is no name."""
        if not TOKEN.fullmatch(data.token):
            raise Poison("The preview's token is no name that a page can have.")
        if data.expires_at <= now:
            return
        values = {"token": data.token, "article_id": data.article.id, "expires_at": data.expires_at, "written": False}
        statement = insert(self._connection, table).values(**values, document=data.article.model_dump(mode="json"))
        await self._connection.execute(statement.on_conflict_do_nothing())

    async def end(self, article_id: str, now: datetime) -> None:
        """Show an article's drafts no longer, and forget their texts: it is purged."""
        mine = table.c.article_id == article_id
        ended = sa.case((table.c.expires_at > now, sa.literal(now, UtcTime)), else_=table.c.expires_at)
        await self._connection.execute(sa.update(table).where(mine).values(expires_at=ended, document={}))

    async def due(self, now: datetime) -> list[Preview]:
        """Those whose pages are to be written."""
        rows = await self._connection.execute(DUE, {"now": now})
        return [
            Preview(
                token=row.token,
                path=f"/preview/{row.token}/",
                expires_at=row.expires_at,
                article=Article.model_validate(row.document),
            )
            for row in rows.all()
        ]

    async def note_written(self, tokens: list[str]) -> None:
        await self._connection.execute(sa.update(table).where(table.c.token.in_(tokens)).values(written=True))

    async def ended(self, now: datetime) -> list[str]:
        """The tokens of those whose time is over."""
        return list((await self._connection.execute(ENDED, {"now": now})).scalars())

    async def forget(self, now: datetime) -> None:
        """Erase the rows of those whose files have been away for long enough."""
        await self._connection.execute(sa.delete(table).where(table.c.expires_at <= now - KEPT_AFTER))

    async def material(self, preview: Preview) -> Material:
        """What a draft's page is made of: itself, and the addresses of the live articles that it links to."""
        article = preview.article
        linked = linked_articles(article.body)
        return Material(
            article_page(preview.path, article.id),
            shown={role: [] for role in ROLES},
            articles=[article],
            paths=await Projection(self._connection).live_paths(sorted(linked)) if linked else {},
            card=card_key(preview.token),
            images=await Images(self._connection).of({name_of(each) for each in article.media}),
        )


class PreviewWriter:
    """Writes the pages of previews, and takes away those whose time is over. Several may run."""

    def __init__(self, database: Database, store: SiteStore, composer: Composer, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._composer = composer
        self._clock = clock
        self._wakeup = Wakeup()
        database.on_commit(self._wakeup)

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.sweep()
                wrote = await self.write()
            except (OSError, sa.exc.DBAPIError) as error:
                log.warning("Previews cannot be written: %s. Trying again in %d s.", error, LOOK_S)
                await pause(stop, LOOK_S)
                continue
            if not wrote:
                await self._wakeup.wait(LOOK_S)

    async def write(self) -> int:
        """Write the pages that are due. Says how many. What is written twice is the same."""
        async with self._database.read() as connection:
            previews = Previews(connection)
            due = await previews.due(self._clock.now())
            materials = [await previews.material(each) for each in due]
        for each, material in zip(due, materials, strict=True):
            body = await asyncio.to_thread(self._composer.preview, material, each.expires_at)
            await self._store.put(page_key(each.token), body)
        if due:
            async with self._database.begin(wake=False) as connection:
                await Previews(connection).note_written([each.token for each in due])
        return len(due)

    async def sweep(self) -> int:
        """Take away the files of what has ended, then the rows. Says how many have ended."""
        now = self._clock.now()
        async with self._database.read() as connection:
            ended = await Previews(connection).ended(now)
        for token in ended:
            for key in (page_key(token), card_key(token)):
                await self._store.delete(key)
        if ended:
            async with self._database.begin(wake=False) as connection:
                await Previews(connection).forget(now)
        return len(ended)
