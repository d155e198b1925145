"""Reads what one page is made of. What it shows of other articles is recorded, so that their change finds it."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.lists import HOME, OPINION, Lists, main_section, place
from pressroom_render.pages import RAIL, Page
from pressroom_render.projection import Projection
from pressroom_render.tables import article as article_table
from pressroom_render.tables import card, entry
from pressroom_shared.events import Article
from pressroom_shared.markdown import links
from pressroom_shared.site import Site

FRONT = 40
LIST = 40
FEED = 30
STRIP = 12
"""Articles on a front, in a list, in a feed; and how many of a section a front looks at for its strip."""

SITEMAP_URLS_MAX = 50_000
TRENDING = "section:trending"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one page is made of. Making it into a page needs no database."""

    page: Page
    shown: dict[str, list[Article]] = field(default_factory=dict)  # by the role that they play on the page
    paths: dict[str, str] = field(default_factory=dict)  # addresses of the live articles that bodies link to
    card: str = ""
    months: list[tuple[str, str]] = field(default_factory=list)
    urls: list[tuple[str, str]] = field(default_factory=list)
    references: frozenset[str] = frozenset()


class Gatherer:
    """Reads in one transaction, so that what it has read of an article serves every page of a batch."""

    def __init__(self, connection: AsyncConnection, site: Site) -> None:
        self._connection = connection
        self._site = site
        self._lists = Lists(connection)
        self._projection = Projection(connection)
        self._articles: dict[str, Article | None] = {}

    async def gather(self, page: Page) -> Material | None:
        """What the page is made of; None when it is not to be there (any more)."""
        match page.kind:
            case "article":
                return await self._article(page)
            case "front":
                return await self._front(page)
            case "list":
                return await self._list(page, LIST)
            case "feed":
                return await self._feed(page)
            case "sitemap":
                return await self._sitemap(page)
            case "robots" | "shell":
                return Material(page)

    async def _article(self, page: Page) -> Material | None:
        held = await self._projection.held(page.subject)
        if held is None or held.article is None or held.path != page.path:
            return None
        article = held.article
        spot, section = place(article), f"section:{main_section(article.section)}"
        older = await self._lists.older(section, spot, RAIL + 1)
        shown = await self._roles(
            {
                "previous": older[:1],
                "next": await self._lists.newer(section, spot, 1),
                "also": older[1:],
                "views": await self._lists.older(OPINION, spot, RAIL),
            }
        )
        paths, linked = await self._linked([article])
        seen = {each.id for articles in shown.values() for each in articles}
        name = await self._connection.scalar(sa.select(card.c.name).where(card.c.article_id == article.id, card.c.live))
        return Material(
            page, shown={"self": [article], **shown}, paths=paths, card=name or "", references=frozenset(seen | linked)
        )

    async def _front(self, page: Page) -> Material:
        wanted = {page.subject: FRONT}
        if page.subject == HOME:
            sections = {f"section:{each.slug}": STRIP for each in self._site.sections}
            wanted |= sections | {OPINION: RAIL, TRENDING: 5}
        names = {OPINION: "views", TRENDING: "trending"} | {page.subject: "newest"}  # a front's own list is its newest
        found = await self._lists.newest_of(wanted)
        shown = await self._roles({names.get(name, name): ids for name, ids in found.items()})
        return Material(page, shown=shown, references=_ids(shown))

    async def _list(self, page: Page, limit: int) -> Material | None:
        shown = await self._roles({"newest": await self._lists.newest(page.subject, limit)})
        return Material(page, shown=shown, references=_ids(shown)) if shown["newest"] else None

    async def _feed(self, page: Page) -> Material | None:
        found = await self._list(page, FEED)
        if found is None:
            standing = page.subject == HOME or page.subject.removeprefix("section:") in self._site.section_keys
            return Material(page, shown={"newest": []}) if standing else None
        paths, linked = await self._linked(found.shown["newest"])
        return Material(page, shown=found.shown, paths=paths, references=found.references | linked)

    async def _sitemap(self, page: Page) -> Material | None:
        if page.subject:
            urls = await self._urls(page.subject)
            return Material(page, urls=urls) if urls else None
        months: list[tuple[str, str]] = []
        for name in await self._lists.names("month:"):
            newest = max(changed for _, changed in await self._urls(name))
            months.append((name.removeprefix("month:"), newest))
        return Material(page, months=months)

    async def _urls(self, name: str) -> list[tuple[str, str]]:
        changed = article_table.c.document["published_at"].as_string()
        statement = (
            sa.select(article_table.c.path, changed)
            .join(entry, entry.c.article_id == article_table.c.id)
            .where(entry.c.list == name, article_table.c.live)
            .order_by(entry.c.at.desc(), entry.c.article_id.desc())
            .limit(SITEMAP_URLS_MAX)
        )
        return [(path, at) for path, at in await self._connection.execute(statement)]

    async def _roles(self, roles: dict[str, list[str]]) -> dict[str, list[Article]]:
        """The articles of each role. Those that another page of the batch has read are not read again."""
        unread = sorted({each for ids in roles.values() for each in ids} - self._articles.keys())
        if unread:
            self._articles |= dict.fromkeys(unread)
            self._articles |= {each.id: each for each in await self._projection.live(unread)}
        return {role: [each for key in ids if (each := self._articles[key])] for role, ids in roles.items()}

    async def _linked(self, articles: list[Article]) -> tuple[dict[str, str], set[str]]:
        """The addresses that bodies name by `article:ID`, and every id that they name, live or not yet."""
        ids = {
            address.removeprefix("article:")
            for each in articles
            if "article:" in each.body
            for address in links(each.body)
            if address.startswith("article:")
        }
        return (await self._projection.live_paths(sorted(ids)) if ids else {}), ids


def _ids(shown: dict[str, list[Article]]) -> frozenset[str]:
    return frozenset(each.id for articles in shown.values() for each in articles)
