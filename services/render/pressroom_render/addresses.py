"""Which pages there are, where they stand, and in which order they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pressroom_render.lists import CORRECTIONS, HOME
from pressroom_shared.site import Site

Kind = Literal[
    "article",
    "front",
    "list",
    "older",
    "day",
    "month",
    "archive",
    "corrections",
    "feed",
    "sitemap",
    "text",
    "standing",
    "shell",
]

PRIORITY: dict[Kind, int] = {
    "article": 0,
    "front": 1,
    "list": 2,
    "day": 2,
    "corrections": 2,
    "standing": 2,
    "shell": 2,
    "feed": 3,
    "older": 4,
    "month": 4,
    "archive": 4,
    "sitemap": 4,
    "text": 4,
}
"""Order of writing: the article, then fronts and lists, then feeds, then archives and sitemaps."""

SWEEP = 5
"""After everything else: pages whose rails alone have changed."""

COALESCED: frozenset[Kind] = frozenset(
    {"front", "list", "day", "corrections", "feed", "older", "month", "archive", "sitemap"}
)


def is_archive(page: Page) -> bool:
    """What tells how many articles there are, or where all of them are: nobody waits for it."""
    return page.kind in {"month", "archive"} or (page.kind == "sitemap" and page.path != NEWS_SITEMAP)


def is_polled(page: Page) -> bool:
    """What programs alone read, which ask every quarter of an hour: nobody waits for one more article there."""
    return page.kind == "feed" and page.subject.startswith(("tag:", "author:"))


PAGE = 30
"""Articles on a page of a list. Pages are numbered from the oldest; the newest 30 to 59 stand on the list's first."""

FEEDS = ("feed.xml", "atom.xml", "feed.json")
MONTHS_SITEMAP = "/sitemap.xml"
NEWS_SITEMAP = "/news-sitemap.xml"
PAGES_SITEMAP = "/sitemap-pages.xml"
TEXTS = ("robots.txt", "llms.txt", "favicon.svg")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, by its address; `subject` is an article's id, a list's name, or what the kind makes of it."""

    path: str
    kind: Kind
    subject: str = ""

    @property
    def paths(self) -> list[str]:
        """The addresses of its files: a feed is one page in three formats, its own first."""
        if self.kind == "feed":
            folder = self.path.removesuffix(FEEDS[0])
            return [f"{folder}{file}" for file in FEEDS]
        return [self.path]

    @property
    def keys(self) -> list[str]:
        """The places of its files in the site store."""
        if self.kind == "shell":
            return [f"_shell/v1/{self.subject}.html"]
        return [f"www{path}index.html" if path.endswith("/") else f"www{path}" for path in self.paths]


def article_page(path: str, article_id: str) -> Page:
    return Page(path, "article", article_id)


def list_path(name: str) -> str:
    """The address of a list's first page."""
    kind, _, value = name.partition(":")
    match kind:
        case "home":
            return "/"
        case "section":
            return f"/{value}/"
        case "day" | "month":
            return f"/{value.replace('-', '/')}/"
        case "corrections":
            return "/corrections/"
        case _:
            return f"/{kind}/{value}/"


def is_paged(name: str) -> bool:
    return name.partition(":")[0] in {"section", "tag", "author", "day"}


def older_count(total: int) -> int:
    """How many pages a list of this many articles has behind its first."""
    return max(0, total // PAGE - 1)


def older_page(name: str, number: int) -> Page:
    """The n-th page of a list, 1 for the oldest articles."""
    return Page(f"{list_path(name)}page/{number}/", "older", f"{number}:{name}")


def list_pages(name: str) -> list[Page]:
    """The pages that every change of a list changes."""
    kind, _, value = name.partition(":")
    path = list_path(name)
    feed = Page(f"{path}{FEEDS[0]}", "feed", name)
    match kind:
        case "home":
            return [Page(path, "front", name), feed, Page(NEWS_SITEMAP, "sitemap", "news")]
        case "section":
            return [Page(path, "front", name), feed]
        case "tag" | "author":
            return [Page(path, "list", name), feed]
        case "corrections":
            return [Page(path, "corrections", name), feed]
        case "day":
            return [Page(path, "day", name), Page(list_path(f"month:{value[:7]}"), "month", f"month:{value[:7]}")]
        case "month":
            shard = Page(f"/sitemap-{value}.xml", "sitemap", name)
            return [shard, Page(MONTHS_SITEMAP, "sitemap", "months"), Page("/archive/", "archive")]
        case _:
            return []


def standing_pages(site: Site, standing: list[str]) -> list[Page]:
    """The pages that are there from the first minute. `standing` are the addresses of the newspaper's own texts."""
    lists = [HOME, CORRECTIONS, *(f"section:{key}" for key in site.section_keys)]
    pages = [each for name in lists for each in list_pages(name)]
    pages += [Page(MONTHS_SITEMAP, "sitemap", "months"), Page(PAGES_SITEMAP, "sitemap", "pages")]
    pages += [Page("/archive/", "archive"), *(Page(f"/{name}", "text", name) for name in TEXTS)]
    pages += [Page(path, "standing", path) for path in standing]
    return [*pages, Page(f"/_shell/{site.language}", "shell", site.language)]
