"""What a reader can follow, and which articles that means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pressroom_shared.events import Article
from pressroom_shared.site import Site

TopicKind = Literal["all", "breaking", "section", "tag", "author"]
Frequency = Literal["immediate", "daily", "weekly"]
KINDS: tuple[TopicKind, ...] = ("all", "breaking", "section", "tag", "author")
EVERY_DAYS: dict[Frequency, int] = {"immediate": 0, "daily": 1, "weekly": 7}
FREQUENCIES: dict[int, Frequency] = {days: name for name, days in EVERY_DAYS.items()}
_SLUG = re.compile(r"[^\W_]+(-[^\W_]+)*")
SLUG_CHARACTERS_MAX = 120


@dataclass(frozen=True, slots=True, order=True)
class Topic:
    """One thing to follow. `all` and `breaking` have no value."""

    kind: TopicKind
    value: str = ""

    @property
    def key(self) -> str:
        """As forms send it: `all`, `section:business/economy`, `tag:harbour`."""
        return f"{self.kind}:{self.value}" if self.value else self.kind

    def name(self, site: Site) -> str:
        """In words for a reader."""
        match self.kind:
            case "all":
                return "All articles"
            case "breaking":
                return "Breaking news"
            case "section":
                return site.section_name(self.value)
            case "tag":
                return f"Topic: {self.value.replace('-', ' ')}"
            case "author":
                return f"Author: {self.value.replace('-', ' ').title()}"


def read_topic(kind: str, value: str, site: Site) -> Topic:
    """Check a topic. Raises `ValueError` with a sentence for whoever sent it."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of topic; there are {', '.join(KINDS)}.")
    known: TopicKind = next(each for each in KINDS if each == kind)
    if known in {"all", "breaking"}:
        if value:
            raise ValueError(f"The topic {known!r} takes no value.")
    elif known == "section":
        if value not in site.section_keys:
            raise ValueError(f"There is no section {value!r} in this newspaper.")
    elif not _SLUG.fullmatch(value) or len(value) > SLUG_CHARACTERS_MAX:
        raise ValueError(f"{value!r} is no {known}: give it as in the page's address, such as 'harbour-news'.")
    return Topic(known, value)


def parse_topic(key: str, site: Site) -> Topic:
    """Read a topic as forms send it. Raises `ValueError` as `read_topic` does."""
    kind, _, value = key.strip().partition(":")
    return read_topic(kind, value, site)


def topics_of(article: Article) -> list[Topic]:
    """Every topic under which a reader is told of an article. Who follows a section follows what is below it."""
    sections = [article.section, *article.also_in]
    parents = [each.partition("/")[0] for each in sections]
    found = [
        Topic("all"),
        *([Topic("breaking")] if article.breaking else []),
        *(Topic("section", each) for each in [*sections, *parents]),
        *(Topic("tag", each.slug) for each in article.tags),
        *(Topic("author", each.slug) for each in article.authors),
    ]
    return list(dict.fromkeys(found))
