"""Reads what one page is made of. What it shows of other articles is recorded, so that their change finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import PAGE, Page, older_count
from pressroom_render.curation import EDITORS_PICK, LEAD, RAIL_SLOTS, Curation, Slots, filled
from pressroom_render.image_names import PictureName, Responsive, name_of
from pressroom_render.image_store import Images
from pressroom_render.lists import CORRECTIONS, HOME, PICKS, Lists, main_section, place
from pressroom_render.pages import HOME_LOOK, RAILS, RAILS_LIVE, RELATED, SECTION_LOOK
from pressroom_render.profiles import Profile, Profiles
from pressroom_render.projection import Projection
from pressroom_render.tables import article as article_table
from pressroom_render.tables import card, entry
from pressroom_render.teasers import Teaser
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.events import Article, AuthorProfile
from pressroom_shared.markdown import links
from pressroom_shared.site import Site

HOME_LIST = 40
FEED = 20
STRIP = 12
"""Articles that the home page looks at, that a feed has, and that home looks at for a section's strip."""

DAY = 1_000
CORRECTED = 100
SITEMAP_URLS_MAX = 50_000
NEWS_URLS_MAX = 1_000
NEWS_AGE = timedelta(hours=48)
"""https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap"""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one page is made of. Making it into a page needs no database."""

    page: Page
    shown: dict[str, list[Teaser]] = field(default_factory=dict)  # by the role that they play on the page
    articles: list[Article] = field(default_factory=list)  # whole: the page's own, or a feed's
    paths: dict[str, str] = field(default_factory=dict)  # addresses of the live articles that bodies link to
    linked: frozenset[str] = frozenset()  # every id that bodies link to, live or not yet
    card: str = ""
    images: dict[PictureName, Responsive] = field(default_factory=dict)  # pictures that have been made in many sizes
    older: int = 0  # the number of the next older page of a list
    count: int = 0  # how many numbered pages a list has
    counted: list[tuple[str, int]] = field(default_factory=list)  # lists, and how many articles each holds
    urls: list[tuple[str, str]] = field(default_factory=list)  # of a sitemap: path, last change
    profile: Profile | None = None  # of the author or tag that a list is about
    stale_at: datetime | None = None  # when time alone will change the page
    references: frozenset[str] = frozenset()


class Gatherer:
    """Reads in one transaction, so that what it has read of an article serves every page of a batch."""

    def __init__(self, connection: AsyncConnection, site: Site, clock: Clock, standing: Iterable[str] = ()) -> None:
        self._connection = connection
        self._site = site
        self._clock = clock
        self._standing = frozenset(standing)
        self._lists = Lists(connection)
        self._projection = Projection(connection)
        self._curation = Curation(connection)
        self._teasers: dict[str, Teaser | None] = {}
        self._articles: dict[str, Article | None] = {}
        self._curated: dict[str, Slots] = {}

        self._read: dict[str, Callable[[Page], Awaitable[Material | None]]] = {
            "article": self._article,
            "front": self._front,
            "list": self._first,
            "older": self._older,
            "day": self._day,
            "corrections": self._corrections,
            "month": self._month,
            "archive": self._archive,
            "feed": self._feed,
            "sitemap": self._sitemap,
            "standing": self._standing_text,
            "text": self._alone,
            "shell": self._alone,
        }

    async def gather(self, page: Page) -> Material | None:
        """What the page is made of; None when it is not to be there (any more)."""
        material = await self._read[page.kind](page)
        if material and page.kind in {"list", "older", "feed"}:
            name = page.subject.partition(":")[2] if page.kind == "older" else page.subject
            material = replace(material, profile=await Profiles(self._connection).of(name))
        return await self._with_images(material) if material and page.kind != "feed" else material

    async def _with_images(self, material: Material) -> Material:
        teasers = (each for shown in material.shown.values() for each in shown)
        names = {(each.image.key, each.image.digest) for each in teasers if each.image}
        names |= {name_of(media) for article in material.articles for media in article.media}
        if isinstance(material.profile, AuthorProfile) and material.profile.picture:
            names.add(name_of(material.profile.picture))
        return replace(material, images=await Images(self._connection).of(names)) if names else material

    async def _article(self, page: Page) -> Material | None:
        held = await self._projection.held(page.subject)
        if held is None or held.article is None or held.path != page.path:
            return None
        article = held.article
        spot, section = place(article), f"section:{main_section(article.section)}"
        older = await self._lists.older(section, spot, SECTION_LOOK)
        roles = {
            "previous": older[:1],
            "next": await self._lists.newer(section, spot, 1),
            "also": await self._related(article, older),
        }
        rails = await self._rails(article)
        shown = await self._roles(roles | rails)
        linked = linked_articles([article])
        seen = {each for ids in (*roles.values(), *rails.values()) for each in ids}
        name = await self._connection.scalar(sa.select(card.c.name).where(card.c.article_id == article.id, card.c.live))
        return Material(
            page,
            shown=shown,
            articles=[article],
            paths=await self._paths(linked),
            linked=linked,
            card=name or "",
            references=linked | seen,
        )

    async def _related(self, article: Article, section: list[str]) -> list[str]:
        """Older articles that share tags with it, those that share most first; then of its section, then any."""
        spot = place(article)
        shared: Counter[str] = Counter()
        for tag in article.tags:
            shared.update(await self._lists.older(f"tag:{tag.slug}", spot, RELATED))
        by_tags = [each for each, _ in sorted(shared.items(), key=lambda item: (item[1], item[0]), reverse=True)]
        newspaper = await self._lists.older(HOME, spot, HOME_LOOK)
        found = dict.fromkeys((*by_tags, *section[1:], *newspaper))
        return [each for each in found if each not in section[:1]][:RELATED]

    async def _rails(self, article: Article) -> dict[str, list[str]]:
        spot = place(article)
        edge = await self._lists.place_at(HOME, RAILS_LIVE - 1)
        if edge is not None and spot < edge:
            return {name: await self._lists.older(name, spot, size) for name, size in RAILS.items()}
        slots = (await self._slots(HOME)).rails().without(article.id)
        sizes = {name: size + 1 + len(slots.ids) for name, size in RAILS.items()}
        found = await self._lists.newest_of(sizes)
        others = {name: [each for each in found[name] if each != article.id] for name in RAILS}
        return {name: filled(slots[slot][: RAILS[name]], others[name], RAILS[name], slots) for name, slot in RAIL_SLOTS}

    async def _front(self, page: Page) -> Material | None:
        return await (self._home(page) if page.subject == HOME else self._section(page))

    async def _home(self, page: Page) -> Material:
        """What editors have put on the front page, and behind it, where a slot has room, what is newest."""
        slots = await self._slots(HOME)
        strips = {f"section:{each.slug}": STRIP for each in self._site.sections}
        sizes = strips | {HOME: HOME_LIST} | RAILS
        found = await self._lists.newest_of({name: size + len(slots.ids) for name, size in sizes.items()})
        rows = {name: filled([], found[name], size, slots) for name, size in sizes.items()}
        rows |= {name: filled(slots[slot], found[name], RAILS[name], slots) for name, slot in RAIL_SLOTS}
        own = {LEAD: slots[LEAD], PICKS: slots[EDITORS_PICK], "newest": rows.pop(HOME)}
        return await self._shown(page, rows | own | {CORRECTIONS: await self._lists.newest(CORRECTIONS, 2)})

    async def _section(self, page: Page) -> Material | None:
        """A section's front: the newest that it has, behind what editors have put there."""
        slots = await self._slots(page.subject.removeprefix("section:"))
        rows = {LEAD: slots[LEAD]} | {name: slots[slot] for name, slot in RAIL_SLOTS}
        return await self._first(page, rows)

    async def _slots(self, front: str) -> Slots:
        """A front as it was curated, without what is not live (yet, or any more)."""
        if front not in self._curated:
            slots = await self._curation.slots(front)
            live = await self._projection.live_paths(sorted(slots.ids)) if slots.ids else {}
            self._curated[front] = slots.only(live)
        return self._curated[front]

    async def _first(self, page: Page, rows: dict[str, list[str]] | None = None) -> Material | None:
        """A list's first page: the newest, down to where the numbered pages begin; and other rows of articles."""
        total = (await self._lists.totals({page.subject}))[page.subject]
        if not total and page.kind == "list":
            return None
        older = older_count(total)
        newest = await self._lists.newest(page.subject, total - older * PAGE)
        return await self._shown(page, {**(rows or {}), "newest": newest}, older=older)

    async def _older(self, page: Page) -> Material | None:
        """The n-th page of a list, numbered from the oldest, so that it stays when something new comes."""
        number, name = page.subject.split(":", 1)
        count = older_count((await self._lists.totals({name}))[name])
        if int(number) > count:
            return None
        oldest = await self._lists.oldest(name, PAGE, offset=(int(number) - 1) * PAGE)
        return await self._shown(page, {"newest": oldest[::-1]}, older=int(number) - 1, count=count)

    async def _day(self, page: Page) -> Material | None:
        ids = await self._lists.newest(page.subject, DAY)
        return await self._shown(page, {"newest": ids}) if ids else None

    async def _corrections(self, page: Page) -> Material:
        return await self._shown(page, {"newest": await self._lists.newest(CORRECTIONS, CORRECTED)})

    async def _month(self, page: Page) -> Material | None:
        days = await self._lists.counted(f"day:{page.subject.removeprefix('month:')}-")
        return Material(page, counted=days) if days else None

    async def _archive(self, page: Page) -> Material:
        return Material(page, counted=await self._lists.counted("month:"))

    async def _standing_text(self, page: Page) -> Material | None:
        return Material(page) if page.subject in self._standing else None

    async def _alone(self, page: Page) -> Material:
        return Material(page)

    async def _shown(self, page: Page, roles: dict[str, list[str]], *, older: int = 0, count: int = 0) -> Material:
        references = frozenset(each for ids in roles.values() for each in ids)
        return Material(page, shown=await self._roles(roles), older=older, count=count, references=references)

    async def _feed(self, page: Page) -> Material | None:
        kind, _, value = page.subject.partition(":")
        ids = await self._lists.newest(page.subject, FEED)
        always = kind in {"home", "corrections"} or (kind == "section" and value in self._site.section_keys)
        if not ids and not always:
            return None
        articles = await self._whole(ids)
        linked = linked_articles(articles)
        return Material(
            page,
            shown=await self._roles({"newest": ids}),
            articles=articles,
            paths=await self._paths(linked),
            linked=linked,
            references=linked | set(ids),
        )

    async def _sitemap(self, page: Page) -> Material | None:
        match page.subject:
            case "months":
                return Material(page, counted=await self._lists.counted("month:"))
            case "pages":
                return Material(page)
            case "news":
                return await self._news(page)
            case month:
                urls = await self._urls(month)
                return Material(page, urls=urls) if urls else None

    async def _news(self, page: Page) -> Material:
        """What was published in the last 48 hours; it is stale as soon as the oldest of that is no longer."""
        since = self._clock.now() - NEWS_AGE
        ids = await self._lists.since(HOME, since, NEWS_URLS_MAX)
        shown = await self._roles({"newest": ids})
        oldest = shown["newest"][-1].published_at if shown["newest"] else None
        stale_at = oldest + NEWS_AGE + timedelta(microseconds=1) if oldest else None
        return Material(page, shown=shown, stale_at=stale_at, references=frozenset(ids))

    async def _urls(self, name: str) -> list[tuple[str, str]]:
        statement = (
            sa.select(article_table.c.path, article_table.c.changed_at)
            .join(entry, entry.c.article_id == article_table.c.id)
            .where(entry.c.list == name, article_table.c.live)
            .order_by(entry.c.at.desc(), entry.c.article_id.desc())
            .limit(SITEMAP_URLS_MAX)
        )
        return [(path, rfc3339(at)) for path, at in await self._connection.execute(statement)]

    async def _roles(self, roles: dict[str, list[str]]) -> dict[str, list[Teaser]]:
        """The articles of each role. Those that another page of the batch has read are not read again."""
        unread = sorted({each for ids in roles.values() for each in ids} - self._teasers.keys())
        if unread:
            self._teasers |= dict.fromkeys(unread)
            self._teasers |= await self._projection.teasers(unread)
        return {role: [each for key in ids if (each := self._teasers[key])] for role, ids in roles.items()}

    async def _whole(self, ids: list[str]) -> list[Article]:
        unread = sorted(set(ids) - self._articles.keys())
        if unread:
            self._articles |= dict.fromkeys(unread)
            self._articles |= {each.id: each for each in await self._projection.live(unread)}
        return [each for key in ids if (each := self._articles[key])]

    async def _paths(self, linked: frozenset[str]) -> dict[str, str]:
        return await self._projection.live_paths(sorted(linked)) if linked else {}


def linked_articles(articles: list[Article]) -> frozenset[str]:
    """Every article that bodies name by `article:ID`, live or not yet."""
    return frozenset(
        address.removeprefix("article:")
        for each in articles
        if "article:" in each.body
        for address in links(each.body)
        if address.startswith("article:")
    )
