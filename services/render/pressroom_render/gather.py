"""Reads what one page is made of. What it shows of other articles is recorded, so that their change finds it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import PAGE, Page, older_count
from pressroom_render.curation import EDITORS_PICK, LEAD, RAIL_SLOTS, Curation, Slots, filled
from pressroom_render.feed_items import FeedItem, Named, Pieces
from pressroom_render.image_names import PictureName, Responsive, name_of
from pressroom_render.image_store import Images
from pressroom_render.joined import joined, split
from pressroom_render.kept import Kept
from pressroom_render.lists import (
    CORRECTIONS,
    HOME,
    PICKS,
    Lists,
    Place,
    Row,
    main_section,
    original,
    place,
    translations,
)
from pressroom_render.pages import HOME_LOOK, RAILS, RAILS_LIVE, RELATED, SECTION_LOOK, TRANSLATIONS_MAX
from pressroom_render.profiles import Profile, Profiles
from pressroom_render.projection import Projection, Version
from pressroom_render.tables import article as article_table
from pressroom_render.tables import card, entry
from pressroom_render.teasers import Teaser
from pressroom_shared.among import among
from pressroom_shared.clock import Clock
from pressroom_shared.events import Article, AuthorProfile
from pressroom_shared.markdown import links
from pressroom_shared.site import Site

HOME_LIST = 40
STRIP = 12
"""Articles that the home page looks at, and that it looks at for a section's strip."""

FEED, FEED_OF_ONE = 20, 10
"""Whole texts that a feed has, and that the feed of one topic or author has: these move slowly, and are hundreds."""

HOME_ROWS = {HOME: HOME_LIST} | RAILS
HOME_ERRATA = 2
CORRECTED = 100

ARTICLES_SHARE, TEASERS_SHARE, ITEMS_SHARE, OPENED_SHARE, SHOWN_SHARE = 0.125, 0.375, 0.25, 0.1875, 0.0625
"""Of what may be remembered: whole articles, teasers with what pages make of them, feeds' items deflated and at hand,
what pages show."""

ARTICLE_BYTES, TEASER_BYTES, ITEM_BYTES, SHOWN_BYTES = 6_000, 4_000, 500, 100
"""About what each takes beside its texts."""

SITEMAP_URLS_MAX = 50_000
NEWS_URLS_MAX = 1_000
NEWS_AGE = timedelta(hours=48)
"""https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap"""


CARDS = sa.select(card.c.article_id, card.c.name).where(among(card.c.article_id, "ids"), card.c.live)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one page is made of. Making it into a page needs no database."""

    page: Page
    shown: dict[str, list[Teaser]] = field(default_factory=dict)  # by the role that they play on the page
    articles: list[Article] = field(default_factory=list)  # whole: the page's own, or those of the corrections' feed
    items: list[FeedItem] = field(default_factory=list)  # of a feed
    paths: dict[str, str] = field(default_factory=dict)  # addresses of the live articles that bodies link to
    card: str = ""
    images: dict[PictureName, Responsive] = field(default_factory=dict)  # pictures that have been made in many sizes
    unmade: frozenset[PictureName] = frozenset()  # and those that have not been
    older: int = 0  # the number of the next older page of a list
    count: int = 0  # how many numbered pages a list has
    counted: list[tuple[str, int]] = field(default_factory=list)  # lists, and how many articles each holds
    urls: list[tuple[str, int]] = field(default_factory=list)  # of a sitemap: path, last change in microseconds
    profile: Profile | None = None  # of the author or tag that a list is about
    stale_at: datetime | None = None  # when time alone will change the page
    references: frozenset[str] = frozenset()  # every article that it shows or leads to, live or not yet


_MONTH = (
    sa.select(article_table.c.path, sa.type_coerce(article_table.c.changed_at, sa.BigInteger).label("changed"))
    .join(entry, entry.c.article_id == article_table.c.id)
    .where(entry.c.list == sa.bindparam("name"), article_table.c.live)
    .order_by(entry.c.at.desc(), entry.c.article_id.desc())
    .limit(SITEMAP_URLS_MAX)
    .subquery()
)
_URLS = sa.select(joined(_MONTH.c.path), joined(_MONTH.c.changed))


class Memory:
    """What one process has read of articles' versions, or has recorded, and never changes: kept for later batches.

    Up to about `bytes_max`. What was used last stays.
    """

    def __init__(self, bytes_max: int) -> None:
        self._articles: Kept[tuple[str, int], Article] = Kept(int(bytes_max * ARTICLES_SHARE))
        self._teasers: Kept[str, Teaser] = Kept(int(bytes_max * TEASERS_SHARE))
        self._items: Kept[tuple[str, int, Named], FeedItem] = Kept(int(bytes_max * ITEMS_SHARE))
        self._opened: Kept[FeedItem, Pieces] = Kept(int(bytes_max * OPENED_SHARE))
        self._linked: Kept[tuple[str, int], frozenset[str]] = Kept(int(bytes_max * SHOWN_SHARE / 2))
        self._shown: Kept[tuple[str, int], frozenset[str]] = Kept(int(bytes_max * SHOWN_SHARE / 2))

    def article(self, article_id: str, version: int) -> Article | None:
        return self._articles.get((article_id, version))

    def keep(self, article: Article) -> Article:
        """A version as it was read, or as an event brought it."""
        weight = ARTICLE_BYTES + len(article.body) + len(article.body_text)
        return self._articles.put((article.id, article.version), article, weight=weight)

    def teaser(self, name: str) -> Teaser | None:
        """By its hash."""
        return self._teasers.get(name)

    def keep_teaser(self, teaser: Teaser) -> Teaser:
        return self._teasers.put(teaser.hash, teaser, weight=TEASER_BYTES)

    def linked(self, article_id: str, version: int) -> frozenset[str] | None:
        """Every article that a version's text leads to."""
        return self._linked.get((article_id, version))

    def linked_by(self, article: Article) -> frozenset[str]:
        """The same, looked up in the text where it is not known yet."""
        key = article.id, article.version
        if (kept := self._linked.get(key)) is None:
            found = linked_articles(article.body)
            kept = self._linked.put(key, found, weight=SHOWN_BYTES * (1 + len(found)))
        return kept

    def item(self, article_id: str, version: int, named: Named) -> FeedItem | None:
        return self._items.get((article_id, version, named))

    def keep_item(self, article: Article, named: Named) -> FeedItem:
        """It takes about as much, in three formats and deflated, as the text itself."""
        item = FeedItem(article, self.linked_by(article), named, self._opened)
        weight = ITEM_BYTES + len(article.body.encode())
        return self._items.put((article.id, article.version, named), item, weight=weight)

    def shown(self, path: str, generation: int) -> frozenset[str] | None:
        """What a page shows, at this generation."""
        return self._shown.get((path, generation))

    def keep_shown(self, path: str, generation: int, shown: frozenset[str]) -> None:
        self._shown.put((path, generation), shown, weight=SHOWN_BYTES * (1 + len(shown)))


class Gatherer:
    """Reads in one transaction, so that what it has read of an article serves every page of a batch."""

    def __init__(
        self,
        connection: AsyncConnection,
        site: Site,
        clock: Clock,
        memory: Memory,
        standing: Iterable[str] = (),
    ) -> None:
        self._connection = connection
        self._site = site
        self._clock = clock
        self._standing = frozenset(standing)
        self._memory = memory
        self._lists = Lists(connection)
        self._projection = Projection(connection)
        self._curation = Curation(connection)
        self.versions: dict[str, Version | None] = {}
        """What each article was that has been asked for; None: not live."""
        self._teasers: dict[str, Teaser | None] = {}
        self._articles: dict[str, Article | None] = {}
        self._items: dict[str, FeedItem] = {}
        self._totals: dict[str, int] = {}
        self._newest: dict[str, list[str]] = {}
        self._cards: dict[str, str] = {}
        self._beside: dict[str, dict[str, list[str]]] = {}
        self._profiles: dict[str, Profile] = {}
        self._curated: dict[str, Slots] = {}
        self._counts: dict[str, list[tuple[str, int]]] = {}
        self._rails_from: Place | None = None  # where rails begin to be live; None: everywhere

        self._read: dict[str, Callable[[Page], Awaitable[Material | None]]] = {
            "article": self._article,
            "front": self._front,
            "list": self._first,
            "older": self._older,
            "day": self._first,
            "corrections": self._corrections,
            "month": self._month,
            "archive": self._archive,
            "feed": self._feed,
            "sitemap": self._sitemap,
            "standing": self._standing_text,
            "text": self._alone,
            "shell": self._alone,
        }

    async def gather(self, pages: Sequence[Page]) -> list[Material | None]:
        """What each page is made of; None when it is not to be there (any more)."""
        await self._look_ahead(pages)
        return await self._with_images([await self._one(each) for each in pages])

    async def _look_ahead(self, pages: Sequence[Page]) -> None:
        """What most pages need, in a few questions for all of them."""
        subjects: dict[str, set[str]] = defaultdict(set)
        for each in pages:
            subjects[each.kind].add(each.subject)
        own, sections = subjects["article"], subjects["front"] - {HOME}
        if own or subjects["front"]:
            await self._read_slots({HOME, *(each.removeprefix("section:") for each in sections)})
        if lists := subjects["list"] | subjects["day"] | sections:
            self._totals = await self._lists.totals(lists)
        self._profiles = await Profiles(self._connection).of(
            _listed(each) for each in pages if each.kind in {"list", "older", "feed"}
        )
        newest: dict[str, int] = defaultdict(int)

        def want(sizes: dict[str, int]) -> None:
            for name, size in sizes.items():
                newest[name] = max(newest[name], size)

        want({name: feed_size(name) for name in subjects["feed"]})
        want({name: total - older_count(total) * PAGE for name, total in self._totals.items()})
        want(dict.fromkeys(subjects["corrections"], CORRECTED))
        if HOME in subjects["front"]:
            want(self._home_sizes())
        articles: list[Article] = []
        if own:
            self._cards = dict((await self._connection.execute(CARDS, {"ids": own})).all())
            self._rails_from = await self._lists.place_at(HOME, RAILS_LIVE - 1)
            slots = self._curated[HOME].rails()
            want({name: size + 1 + len(slots.ids) for name, size in RAILS.items()})
            articles = await self._whole(sorted(own))
        beside = [self._rows_beside(each) for each in articles]
        rows = [Row(name, size) for name, size in newest.items()]
        found = iter(await self._lists.rows([*rows, *(row for part in beside for row in part)]))
        self._newest = dict(zip(newest, found, strict=False))
        for article, part in zip(articles, beside, strict=True):
            self._beside[article.id] = self._roles_beside(article, [next(found) for _ in part])
        around = [each for roles in self._beside.values() for ids in roles.values() for each in ids]
        await self._roles({"around": around, **self._newest})
        await self._read_items({each for name in subjects["feed"] for each in self._newest[name][: feed_size(name)]})

    async def _one(self, page: Page) -> Material | None:
        material = await self._read[page.kind](page)
        if material and page.kind in {"list", "older", "feed"}:
            material = replace(material, profile=self._profiles.get(_listed(page)))
        return material

    async def _with_images(self, materials: list[Material | None]) -> list[Material | None]:
        """The pictures that pages show, in the sizes that have been made. Feeds name them as they were uploaded."""
        named = [_pictures(each) if each and each.page.kind != "feed" else set() for each in materials]
        made = await Images(self._connection).of(set().union(*named))
        return [
            replace(
                material,
                images={name: made[name] for name in names if name in made},
                unmade=frozenset(names - made.keys()),
            )
            if material and names
            else material
            for material, names in zip(materials, named, strict=True)
        ]

    async def _article(self, page: Page) -> Material | None:
        article = self._articles[page.subject]
        if article is None or article.path != page.path:
            return None
        roles, linked = self._beside[article.id], self._memory.linked_by(article)
        return Material(
            page,
            shown=await self._roles(roles),
            articles=[article],
            paths=await self._paths(linked),
            card=self._cards.get(article.id, ""),
            references=linked | {each for ids in roles.values() for each in ids},
        )

    def _rows_beside(self, article: Article) -> list[Row]:
        """The stretches of lists that stand beside an article and below it."""
        spot, section = place(article), f"section:{main_section(article.section)}"
        rows = [
            Row(section, SECTION_LOOK, spot),
            Row(section, 1, spot, newer=True),
            Row(HOME, HOME_LOOK, spot),
            Row(translations(article), TRANSLATIONS_MAX),
            *(Row(f"tag:{tag.slug}", RELATED, spot) for tag in article.tags),
        ]
        settled = [] if self._has_live_rails(article) else [Row(name, size, spot) for name, size in RAILS.items()]
        return [*rows, *settled]

    def _roles_beside(self, article: Article, found: list[list[str]]) -> dict[str, list[str]]:
        """What stands there, by role, of the articles in these stretches."""
        (older, newer, newspaper, translated), rest = found[:4], found[4:]
        tagged, settled = rest[: len(article.tags)], rest[len(article.tags) :]
        others = [each for each in dict.fromkeys([original(article), *translated[::-1]]) if each != article.id]
        rails = dict(zip(RAILS, settled, strict=True)) if settled else self._rails_without(article.id)
        related = _related(tagged, older, newspaper)
        return {"previous": older[:1], "next": newer, "also": related, "translations": others} | rails

    def _has_live_rails(self, article: Article) -> bool:
        return self._rails_from is None or place(article) >= self._rails_from

    def _rails_without(self, article_id: str) -> dict[str, list[str]]:
        """The live rails, as they stand beside one of the articles that may be in them."""
        slots = self._curated[HOME].rails().without(article_id)
        others = {name: [each for each in self._newest[name] if each != article_id] for name in RAILS}
        return {name: filled(slots[slot][: RAILS[name]], others[name], RAILS[name], slots) for name, slot in RAIL_SLOTS}

    async def _front(self, page: Page) -> Material | None:
        return await (self._home(page) if page.subject == HOME else self._section(page))

    def _home_sizes(self) -> dict[str, int]:
        """How many of which list the front page may need: what an editor has put there stands in none of them."""
        strips = {f"section:{each.slug}": STRIP for each in self._site.sections}
        curated = len(self._curated[HOME].ids)
        return {name: size + curated for name, size in (strips | HOME_ROWS).items()} | {CORRECTIONS: HOME_ERRATA}

    async def _home(self, page: Page) -> Material:
        """What editors have put on the front page, and behind it, where a slot has room, what is newest."""
        slots, found = self._curated[HOME], self._newest
        strips = {f"section:{each.slug}": STRIP for each in self._site.sections}
        rows = {name: filled([], found[name], size, slots) for name, size in (strips | HOME_ROWS).items()}
        rows |= {name: filled(slots[slot], found[name], RAILS[name], slots) for name, slot in RAIL_SLOTS}
        own = {LEAD: slots[LEAD], PICKS: slots[EDITORS_PICK], "newest": rows.pop(HOME)}
        return await self._shown(page, rows | own | {CORRECTIONS: found[CORRECTIONS][:HOME_ERRATA]})

    async def _section(self, page: Page) -> Material | None:
        """A section's front: the newest that it has, behind what editors have put there."""
        slots = self._curated[page.subject.removeprefix("section:")]
        rows = {LEAD: slots[LEAD]} | {name: slots[slot] for name, slot in RAIL_SLOTS}
        return await self._first(page, rows)

    async def _read_slots(self, fronts: set[str]) -> None:
        """Fronts as they were curated, without what is not live (yet, or any more)."""
        slots = await self._curation.slots(sorted(fronts))
        ids = frozenset[str]().union(*(each.ids for each in slots.values()))
        live = await self._projection.live_paths(sorted(ids)) if ids else {}
        self._curated = {name: each.only(live) for name, each in slots.items()}

    async def _first(self, page: Page, rows: dict[str, list[str]] | None = None) -> Material | None:
        """A list's first page: the newest, down to where the numbered pages begin; and other rows of articles."""
        total = self._totals[page.subject]
        if not total and page.kind != "front":
            return None
        older = older_count(total)
        newest = self._newest[page.subject][: total - older * PAGE]
        return await self._shown(page, {**(rows or {}), "newest": newest}, older=older)

    async def _older(self, page: Page) -> Material | None:
        """The n-th page of a list, numbered from the oldest, so that it stays when something new comes."""
        number, name = page.subject.split(":", 1)
        count = older_count((await self._lists.totals({name}))[name])
        if int(number) > count:
            return None
        oldest = await self._lists.oldest(name, PAGE, offset=(int(number) - 1) * PAGE)
        return await self._shown(page, {"newest": oldest[::-1]}, older=int(number) - 1, count=count)

    async def _corrections(self, page: Page) -> Material:
        return await self._shown(page, {"newest": self._newest[CORRECTIONS][:CORRECTED]})

    async def _month(self, page: Page) -> Material | None:
        days = await self._counted(f"day:{page.subject.removeprefix('month:')}-")
        return Material(page, counted=days) if days else None

    async def _archive(self, page: Page) -> Material:
        return Material(page, counted=await self._counted("month:"))

    async def _counted(self, prefix: str) -> list[tuple[str, int]]:
        if prefix not in self._counts:
            self._counts[prefix] = await self._lists.counted(prefix)
        return self._counts[prefix]

    async def _standing_text(self, page: Page) -> Material | None:
        return Material(page) if page.subject in self._standing else None

    async def _alone(self, page: Page) -> Material:
        return Material(page)

    async def _shown(self, page: Page, roles: dict[str, list[str]], *, older: int = 0, count: int = 0) -> Material:
        references = frozenset(each for ids in roles.values() for each in ids)
        return Material(page, shown=await self._roles(roles), older=older, count=count, references=references)

    async def _feed(self, page: Page) -> Material | None:
        kind, _, value = page.subject.partition(":")
        ids = self._newest[page.subject][: feed_size(page.subject)]
        always = kind in {"home", "corrections"} or (kind == "section" and value in self._site.section_keys)
        if not ids and not always:
            return None
        items = [item for each in ids if (item := self._items.get(each))]
        linked = frozenset[str]().union(*(each.linked for each in items))
        return Material(
            page,
            shown=await self._roles({"newest": ids}),
            articles=await self._whole(ids) if page.subject == CORRECTIONS else [],
            items=items,
            paths=await self._paths(linked),
            references=linked | set(ids),
        )

    async def _sitemap(self, page: Page) -> Material | None:
        match page.subject:
            case "months":
                return Material(page, counted=await self._counted("month:"))
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

    async def _urls(self, name: str) -> list[tuple[str, int]]:
        paths, changed = (await self._connection.execute(_URLS, {"name": name})).one()
        return list(zip(split(paths), map(int, split(changed)), strict=True))

    async def _roles(self, roles: dict[str, list[str]]) -> dict[str, list[Teaser]]:
        """The articles of each role. Those that another page of the batch has read are not read again."""
        if wanted := set(chain.from_iterable(roles.values())).difference(self._teasers):
            await self._read_teasers(wanted)
        return {role: [each for key in ids if (each := self._teasers[key])] for role, ids in roles.items()}

    async def _read_teasers(self, wanted: set[str]) -> None:
        hashes = {each: held.teaser for each, held in (await self._now(wanted)).items() if held}
        kept = {each: self._memory.teaser(name) for each, name in hashes.items()}
        self._teasers |= dict.fromkeys(wanted) | kept
        if unread := sorted(each for each, teaser in kept.items() if teaser is None):
            for teaser in await self._projection.teasers(unread):
                self._teasers[teaser.id] = self._memory.keep_teaser(teaser)

    async def _whole(self, ids: Collection[str]) -> list[Article]:
        wanted = set(ids).difference(self._articles)
        versions = {each: held.number for each, held in (await self._now(wanted)).items() if held}
        kept = {each: self._memory.article(each, number) for each, number in versions.items()}
        self._articles |= dict.fromkeys(wanted) | kept
        if unread := sorted(each for each, article in kept.items() if article is None):
            for article in await self._projection.live(unread):
                self._articles[article.id] = self._memory.keep(article)
        return [each for key in ids if (each := self._articles[key])]

    async def _now(self, ids: Collection[str]) -> dict[str, Version | None]:
        """Which version of each article is live; None: none."""
        if unknown := sorted(set(ids).difference(self.versions)):
            self.versions |= dict.fromkeys(unknown)
            self.versions |= await self._projection.versions(unknown)
        return {each: self.versions[each] for each in ids}

    async def _paths(self, linked: frozenset[str]) -> dict[str, str]:
        return {each: held.path for each, held in (await self._now(linked)).items() if held}

    async def _read_items(self, ids: Collection[str]) -> None:
        """Articles as feeds show them. Those alone are read whole that are not remembered, or lead elsewhere now."""
        numbers = {each: held.number for each, held in (await self._now(ids)).items() if held}
        linked = {each: self._memory.linked(each, number) for each, number in numbers.items()}
        for article in await self._whole([each for each, known in linked.items() if known is None]):
            linked[article.id] = self._memory.linked_by(article)
        paths = await self._paths(frozenset().union(*(each for each in linked.values() if each)))
        named = {each: _named(known or frozenset(), paths) for each, known in linked.items()}
        for each, number in numbers.items():
            if item := self._memory.item(each, number, named[each]):
                self._items[each] = item
        for article in await self._whole([each for each in numbers if each not in self._items]):
            self._items[article.id] = self._memory.keep_item(article, named[article.id])


def feed_size(name: str) -> int:
    """How many articles the feed of a list has."""
    return FEED_OF_ONE if name.partition(":")[0] in {"tag", "author"} else FEED


def _named(linked: frozenset[str], paths: dict[str, str]) -> Named:
    return tuple((each, paths[each]) for each in sorted(linked) if each in paths)


def _listed(page: Page) -> str:
    """The list whose articles a page shows."""
    return page.subject.partition(":")[2] if page.kind == "older" else page.subject


def _related(by_tag: list[list[str]], section: list[str], newspaper: list[str]) -> list[str]:
    """Older articles that share tags with one, those that share most first; then of its section, then any."""
    shared = Counter(each for ids in by_tag for each in ids)
    by_tags = [each for each, _ in sorted(shared.items(), key=lambda item: (item[1], item[0]), reverse=True)]
    found = dict.fromkeys((*by_tags, *section[1:], *newspaper))
    return [each for each in found if each not in section[:1]][:RELATED]


def _pictures(material: Material) -> set[PictureName]:
    """Every picture that a page shows."""
    names = {(each.image.key, each.image.digest) for shown in material.shown.values() for each in shown if each.image}
    names |= {name_of(media) for article in material.articles for media in article.media}
    if isinstance(material.profile, AuthorProfile) and material.profile.picture:
        names.add(name_of(material.profile.picture))
    return names


def linked_articles(body: str) -> frozenset[str]:
    if "article:" not in body:
        return frozenset()
    return frozenset(each.removeprefix("article:") for each in links(body) if each.startswith("article:"))
