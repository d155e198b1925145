"""Which pages there are, which of them a change touches, and the marks that say what is to be written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.lists import HOME, OPINION, Lists, lists_of, main_section, place
from pressroom_render.projection import Applied, Held, Projection
from pressroom_render.tables import page as table
from pressroom_render.tables import reference
from pressroom_shared.clock import Clock
from pressroom_shared.database import insert
from pressroom_shared.events import Article
from pressroom_shared.site import Site

Kind = Literal["article", "front", "list", "feed", "sitemap", "robots", "shell"]
PRIORITY: dict[Kind, int] = {"article": 0, "front": 1, "list": 2, "shell": 2, "feed": 3, "sitemap": 4, "robots": 4}
"""Order of writing: the article, then lists, then feeds and sitemaps."""

COALESCED: frozenset[Kind] = frozenset({"front", "list", "feed", "sitemap"})
RAIL = 4
"""How many older articles an article's page shows of its section, and how many views."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its address; `subject` is an article's id, or a list's name."""

    path: str
    kind: Kind
    subject: str = ""

    @property
    def key(self) -> str:
        """Its place in the site store."""
        if self.kind == "shell":
            return f"_shell/v1/{self.subject}.html"
        return f"www{self.path}index.html" if self.path.endswith("/") else f"www{self.path}"


def article_page(path: str, article_id: str) -> Page:
    return Page(path, "article", article_id)


def list_pages(name: str) -> list[Page]:
    """The pages that a list makes."""
    kind, _, value = name.partition(":")
    match kind:
        case "home":
            return [Page("/", "front", name), Page("/feed.xml", "feed", name)]
        case "section":
            return [Page(f"/{value}/", "front", name), Page(f"/{value}/feed.xml", "feed", name)]
        case "tag" | "author":
            return [Page(f"/{kind}/{value}/", "list", name), Page(f"/{kind}/{value}/feed.xml", "feed", name)]
        case "month":
            return [Page(f"/sitemap-{value}.xml", "sitemap", name), Page("/sitemap.xml", "sitemap", "")]
        case _:
            return []


def standing_pages(site: Site) -> list[Page]:
    """The pages that are there from the first minute."""
    lists = [HOME, *(f"section:{key}" for key in site.section_keys)]
    pages = [each for name in lists for each in list_pages(name)]
    return [*pages, Page("/sitemap.xml", "sitemap", ""), Page("/robots.txt", "robots"), *_shells(site)]


def _shells(site: Site) -> list[Page]:
    return [Page(f"/_shell/{site.language}", "shell", site.language)]


class Pages:
    """The marks, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, site: Site, *, coalesce_s: float) -> None:
        self._connection = connection
        self._clock = clock
        self._site = site
        self._coalesce = timedelta(seconds=coalesce_s)
        self._lists = Lists(connection)
        self._projection = Projection(connection)

    async def change(self, change: Applied) -> None:
        """Put an article in its lists and mark every page that shows it, before or after."""
        before, after = change.before, change.after
        touched = {self.own_page(each) for each in (before, after) if each is not None}
        old = lists_of(before.article, self._site) if before and before.article else set()
        new = lists_of(after.article, self._site) if after.article else set()
        touched |= {each for name in old | new for each in list_pages(name)}
        teaser_changed = before is None or before.teaser != after.teaser
        if teaser_changed or old != new:
            touched |= await self._showing(after.id)
        if after.article is not None:
            await self._lists.put(after.article, new)
            if before is None or before.article is None or old != new or place(before.article) != place(after.article):
                touched |= await self._around(after.article)
        else:
            await self._lists.remove(after.id)
        await self.mark_dirty(touched)

    async def mark_dirty(self, pages: Collection[Page]) -> None:
        """Have these pages written (again). A mark that is made while a page is being written is not lost."""
        now = self._clock.now()
        for coalesced in (False, True):
            rows = [
                {"path": each.path, "kind": each.kind, "subject": each.subject, "priority": PRIORITY[each.kind]}
                | {"generation": 1, "written": 0, "due_at": now}
                for each in sorted(set(pages), key=lambda page: page.path)
                if (each.kind in COALESCED) is coalesced
            ]
            if not rows:
                continue
            statement = insert(self._connection, table)
            again = {
                "kind": statement.excluded.kind,
                "subject": statement.excluded.subject,
                "generation": table.c.generation + 1,
                "due_at": self._due(now) if coalesced else now,
            }
            await self._connection.execute(
                statement.on_conflict_do_update(index_elements=[table.c.path], set_=again), rows
            )

    async def mark_article(self, article_id: str) -> None:
        """Have an article's own page written again: something that it names has changed (its card)."""
        held = await self._projection.held(article_id)
        if held is not None and held.article is not None:
            await self.mark_dirty([self.own_page(held)])

    async def mark_showing(self, article_id: str) -> None:
        """Have an article's own page and all that show its teaser written again: its pictures have been made."""
        await self.mark_article(article_id)
        await self.mark_dirty(await self._showing(article_id))

    async def mark_all(self) -> None:
        """Have every page written again, behind everything that is news."""
        await self._connection.execute(
            sa.update(table).values(generation=table.c.generation + 1, due_at=self._clock.now())
        )
        await self.mark_dirty(standing_pages(self._site))

    def own_page(self, held: Held) -> Page:
        return article_page(held.path, held.id)

    def _due(self, now: datetime) -> Any:
        """At once; or when the pause since the last writing is over. What waits already keeps its time."""
        pause_us = int(self._coalesce.total_seconds() * 1_000_000)
        written = sa.type_coerce(table.c.written_at, sa.BigInteger)
        waiting = sa.type_coerce(written + pause_us, table.c.due_at.type)
        return sa.case(
            (table.c.generation > table.c.written, table.c.due_at),
            (sa.and_(table.c.written_at.is_not(None), waiting > now), waiting),
            else_=sa.literal(now, table.c.due_at.type),
        )

    async def _showing(self, article_id: str) -> set[Page]:
        """Pages that showed its teaser or named its address when they were last written."""
        statement = (
            sa.select(table.c.path, table.c.kind, table.c.subject)
            .join(reference, reference.c.page == table.c.path)
            .where(reference.c.article_id == article_id)
        )
        return {Page(*row) for row in await self._connection.execute(statement)}

    async def _around(self, article: Article) -> set[Page]:
        """Articles' pages that will show this one: those near it in its sections, those above it that show views."""
        spot = place(article)
        near: list[str] = []
        for section in sorted({main_section(key) for key in (article.section, *article.also_in)}):
            near += await self._lists.newer(f"section:{section}", spot, RAIL + 1)
            near += await self._lists.older(f"section:{section}", spot, 1)
        if article.kind == "opinion":
            above = await self._lists.newer(OPINION, spot, RAIL)
            last = await self._lists.place_in(OPINION, above[-1]) if len(above) == RAIL else None
            near += await self._lists.newer_until(HOME, spot, last, limit=1_000_000)
        return {article_page(each.path, each.id) for each in await self._projection.live(near)}
