"""The port that every search engine fits: what goes in, what comes out. tantivy is the one adapter today.

`tests/integration/search/test_engine.py` is the suite that an adapter must pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from pressroom_search.query import Query
from pressroom_shared.events import ArticlePublished, ArticleUnpublished

Sort = Literal["relevance", "newest"]
Change: TypeAlias = ArticlePublished | ArticleUnpublished


@dataclass(frozen=True, slots=True)
class Held:
    """What the index holds of one article."""

    version: int
    live: bool


@dataclass(frozen=True, slots=True)
class Applied:
    """The change is committed."""

    version: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """The index held this very version already; nothing was written."""

    version: int


@dataclass(frozen=True, slots=True)
class Stale:
    """The index holds a newer version; nothing was written."""

    held: int


@dataclass(frozen=True, slots=True)
class Refused:
    """This change can never be indexed; the others of its batch were."""

    reason: str


Verdict: TypeAlias = Applied | Repeat | Stale | Refused


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `since` is inclusive, `until` exclusive, both in UTC."""

    query: Query = field(default_factory=Query)
    section: str | None = None
    tag: str | None = None
    author: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Named:
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A run of plain text; `hit` says that it matched."""

    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    id: str
    path: str
    headline: str
    headline_parts: tuple[Part, ...]
    snippet: tuple[Part, ...]
    section: str
    language: str
    authors: tuple[Named, ...]
    tags: tuple[Named, ...]
    published_at: datetime
    score: float | None


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    total: int = 0
    hits: tuple[Hit, ...] = ()
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)
    did_you_mean: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    headline: str
    path: str


class Readable(Protocol):
    """Answers from what is committed. Any number of processes read at once; methods block, and run in threads."""

    @property
    def exists(self) -> bool:
        """Whether there is an index to read."""

    def search(self, search: Search) -> Results: ...

    def suggest(self, text: str) -> list[Reference]:
        """Headlines that begin to say what was typed so far."""

    def related(self, article_id: str) -> list[Reference] | None:
        """Articles about the same; None when this one is not live in the index."""

    def held(self, article_id: str) -> Held | None: ...


class Writable(Protocol):
    """The one writer."""

    def apply(self, batch: Sequence[Change]) -> list[Verdict]:
        """Take changes in by the version rule, in one commit. A verdict for each, in order.

        Raises `Transient` when nothing can be written now; then nothing of the batch was.
        """

    def rebuild(self) -> int:
        """Make the index anew from what it stores, and swap it in. Says how many articles it has."""
