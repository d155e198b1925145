"""`pressroom.article.published.v1` and `pressroom.article.unpublished.v1`.

Both are cumulative: the newest event alone tells everything, so a sink that skips an older one loses no fact.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pressroom_shared.events.envelope import Event

Kind = Literal["news", "opinion", "analysis", "review", "live"]
Change = Literal["new", "update", "correction", "silent"]


class Part(BaseModel):
    """A part of an event's data."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Person(Part):
    slug: str
    name: str
    title: str | None = None


class Tag(Part):
    slug: str = Field(description="The canonical form, as in `/tag/{slug}/`.")
    name: str


class Media(Part):
    """One stored picture. `key` is its place in the site store, immutable and named by its content's hash."""

    id: str
    key: str = Field(description="`media/{sha256[:2]}/{sha256}.jpg`")
    media_type: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    bytes: int = Field(ge=0)
    alt: str = ""
    decorative: bool = False
    caption: str = ""
    credit: str = ""
    focal_point: tuple[float, float] | None = Field(default=None, description="x and y, 0 to 1, from the top left.")


class LeadImage(Part):
    media_id: str = Field(description="An id in the article's `media`.")
    alt: str = ""
    caption: str = ""
    credit: str = ""


class Seo(Part):
    title: str | None = None
    description: str | None = None


class Social(Part):
    title: str | None = None
    description: str | None = None
    media_id: str | None = None


class Review(Part):
    item: str
    rating: float
    best: float = 5


class LiveEntry(Part):
    """One entry of a live article."""

    id: str
    at: datetime
    headline: str = ""
    body: str = Field(description="Markdown.")


class Announcement(Part):
    """One publication of the article, in the order of `version`. Notify works from this list alone."""

    version: int
    change: Change
    at: datetime
    notify: bool


class Correction(Part):
    version: int = Field(description="The version that carried it first.")
    note: str
    at: datetime


class Article(Part):
    """The whole live article."""

    id: str
    version: int = Field(gt=0, description="max(previous + 1, now in microseconds); newer wins at every sink.")
    revision: int = Field(gt=0)
    path: str = Field(description="`/{section}/{yyyy}/{mm}/{dd}/{slug}/`, without the origin.")
    headline: str
    standfirst: str = ""
    slug: str
    section: str = Field(description="`business` or `business/economy`.")
    also_in: list[str] = []
    kind: Kind = "news"
    language: str = Field(description="BCP 47.")
    body: str = Field(description='Markdown; pictures as `![alt](media:ID "caption")`.')
    body_text: str = Field(description="The body as plain text.")
    intro: str | None = Field(default=None, description="Of a live article: the body without its entries.")
    entries: list[LiveEntry] = Field(default=[], description="Of a live article, oldest first; `body` holds them too.")
    authors: list[Person] = []
    contributors: list[Person] = []
    tags: list[Tag] = []
    lead_image: LeadImage | None = None
    media: list[Media] = Field(default=[], description="Every picture that the article names.")
    dateline: str | None = None
    translation_of: str | None = Field(default=None, description="The article that it puts into another language.")
    breaking: bool = False
    seo: Seo | None = None
    social: Social | None = None
    canonical_url: str | None = None
    review: Review | None = None
    external_id: str | None = None
    first_published_at: datetime
    published_at: datetime = Field(description="When this version was published.")
    announcements: list[Announcement] = Field(description="Every publication so far, oldest first.")
    corrections: list[Correction] = []
    former_paths: list[str] = Field(default=[], description="Every address it had before; all redirect to `path`.")

    def media_by_id(self, media_id: str) -> Media | None:
        return next((media for media in self.media if media.id == media_id), None)


class ArticlePublished(Event):
    """The article as it is now live. Sent for the first publication and for every later change."""

    event_type: ClassVar[str] = "pressroom.article.published.v1"
    type: Literal["pressroom.article.published.v1"] = "pressroom.article.published.v1"
    dataschema: str = "contracts/pressroom.article.published.v1.json"
    data: Article


class Withdrawal(Part):
    """A tombstone: the article is no longer public."""

    id: str
    version: int = Field(gt=0)
    path: str
    former_paths: list[str] = []
    redirect_to: str | None = Field(default=None, description="A path or an absolute URL; without it the page is gone.")
    at: datetime
    purged: bool = Field(default=False, description="Erase all that is held of it but its version.")
    erased_media: list[str] = Field(
        default=[], description="Keys of pictures that only a purged article named: what was made of them goes, too."
    )


class ArticleUnpublished(Event):
    """The article was withdrawn: 410, or 301 when `redirect_to` is given."""

    event_type: ClassVar[str] = "pressroom.article.unpublished.v1"
    type: Literal["pressroom.article.unpublished.v1"] = "pressroom.article.unpublished.v1"
    dataschema: str = "contracts/pressroom.article.unpublished.v1.json"
    data: Withdrawal
