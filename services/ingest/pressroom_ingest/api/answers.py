"""What the editors' API answers, as its OpenAPI document tells it. Values are made by the nouns' views."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from pressroom_ingest.documents import Entry, LeadImageIn, ReviewIn, SeoIn, SocialIn
from pressroom_ingest.workflow import Review
from pressroom_shared.events import Change

ARTICLE_ID = "0193a0f0-0000-7000-8000-000000000001"
MEDIA_ID = "0193a0f0-0000-7000-8000-0000000000aa"
ENTRY_ID = "0193a0f0-0000-7000-8000-0000000000e1"
NOTE_ID = "0193a0f0-0000-7000-8000-0000000000d1"
KEY_ID = "0193a0f0-0000-7000-8000-0000000000b1"
EVENT_ID = "0193a0f0-0000-7000-8000-0000000000c1"
VERSION = 1795600800000000
PAGE_URL = "http://localhost:8080/business/2026/11/24/harbor-cranes-stand-still/"

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, UTC. It is text already when it comes here."""

Id = Annotated[str, Field(examples=[ARTICLE_ID])]
Version = Annotated[int, Field(examples=[VERSION])]
Revision = Annotated[int, Field(examples=[3])]
Url = Annotated[str, Field(examples=[PAGE_URL])]
Who = Annotated[str, Field(examples=["Night desk"])]
State = Literal["draft", "in_review", "approved", "scheduled", "live", "withdrawn"]
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item] = Field(description="What is on this page.")
    next: str | None = Field(
        description="The `cursor` of the next page; null on the last.", examples=["WyIwMTkzYTBmMCJd"]
    )


class Warned(BaseModel):
    """What an editor should look at, and may leave."""

    field: str = Field(description="Which field it is about.", examples=["body"])
    message: str = Field(
        description="A sentence.",
        examples=["The link to article 0193a0f0 leads nowhere: there is no such article."],
    )


class Schedule(BaseModel):
    """A publication to come."""

    at: Time = Field(description="When.")
    change: Change | None = Field(description="As it was asked for; null: `new` the first time, then `update`.")
    notify: bool | None = Field(description="As it was asked for; null: as the change has it.")
    note: str = Field(description="The correction's note.", examples=["The bridge was built in 1931, not in 1913."])
    by: Who = Field(description="Who has scheduled it.")
    held: str | None = Field(
        description="Why it waits for an editor though its time is over.",
        examples=["It was due at 2026-11-24T06:00:00Z, and nothing ran then. Publish it, or not."],
    )


class Named(BaseModel):
    """A person as bylines show them."""

    slug: str = Field(description="Their page's name.", examples=["ines-falk"])
    name: str = Field(description="As it is shown.", examples=["Ines Falk"])
    title: str | None = Field(description="What they are.", examples=["Coast correspondent"])
    url: str = Field(description="Their page.", examples=["http://localhost:8080/author/ines-falk/"])


class CorrectionNoted(BaseModel):
    """What readers are told that was wrong."""

    version: Version = Field(description="The version that corrected it.")
    note: str = Field(description="What was wrong.", examples=["The bridge was built in 1931, not in 1913."])
    at: Time = Field(description="When it went out.")


class ArticleHead(BaseModel):
    """An article in a list."""

    id: Id = Field(description="The article's id.")
    external_id: str | None = Field(description="Its id in the archive that it came from.", examples=["wp-1017"])
    state: State = Field(description="Where it stands.")
    review_state: Review = Field(description="How far the newest revision has come in the newsroom.")
    revision: Revision = Field(description="The newest revision: the `ETag`.")
    version: Version | None = Field(description="Of what went out last; null before.")
    headline: str = Field(description="Of the newest revision.", examples=["Harbor cranes stand still for a third day"])
    section: str = Field(description="Of the newest revision.", examples=["business/economy"])
    url: Url | None = Field(description="Its page; null before it was first published.")
    created_at: Time = Field(description="When it was first saved.")
    updated_at: Time = Field(description="When it was last changed.")
    first_published_at: Time | None = Field(description="The date in its address.")
    has_unpublished_changes: bool = Field(description="Whether the newest revision is another than the live one.")
    schedule: Schedule | None = Field(description="When it is to be published.")
    warnings: list[Warned] = Field(description="What an editor should look at.")


class ArticleListed(ArticleHead):
    embargo_until: Time | None = Field(description="Nothing goes out before.")


class Article(ArticleHead):
    """The newest revision of an article, and where the live one stands."""

    body: str = Field(description="Markdown.", examples=["The cranes stopped at noon."])
    slug: str | None = Field(description="The name in its address.", examples=["harbor-cranes-stand-still"])
    standfirst: str = Field(description="What stands below the headline.", examples=["The port waits for a part."])
    kind: Literal["news", "opinion", "analysis", "review", "live"] = Field(description="What kind of article.")
    language: str = Field(description="BCP 47.", examples=["en-US"])
    authors: list[Named] = Field(description="Who wrote it.")
    contributors: list[Named] = Field(description="Who helped.")
    tags: list[str] = Field(description="Topics, by their names as they are now.", examples=[["Harbor"]])
    also_in: list[str] = Field(description="Further sections.", examples=[["world"]])
    lead_image: LeadImageIn | None = Field(description="The picture on top.")
    dateline: str | None = Field(description="Where it was reported from.", examples=["PORT CALDER"])
    translation_of: str | None = Field(
        description="The article that it puts into another language.", examples=["0193a0f0-0000-7000-8000-000000000001"]
    )
    breaking: bool = Field(description="Whether it is breaking news.")
    embargo_until: Time | None = Field(description="Nothing goes out before.")
    late_policy: Literal["publish", "hold", "publish_silently"] = Field(
        description="What happens to a schedule whose time passed while nothing ran."
    )
    seo: SeoIn | None = Field(description="What search engines show instead.")
    social: SocialIn | None = Field(description="What cards show instead.")
    canonical_url: str | None = Field(
        description="Where it appeared first.", examples=["https://agency.example/harbor-cranes"]
    )
    review: ReviewIn | None = Field(description="What is reviewed.")
    redirect_from: list[str] = Field(description="Old addresses that lead here.", examples=[["/archive/1017/"]])
    entries: list[Entry] = Field(description="Of a live article, oldest first.")
    corrections: list[CorrectionNoted] = Field(description="What readers are told that was wrong, oldest first.")


class Accepted(BaseModel):
    """What will be published, or is."""

    id: Id = Field(description="The article's id.")
    version: Version | None = Field(description="The version that goes out; null for a first one that is scheduled.")
    url: Url | None = Field(description="The page; null for a first one that is scheduled.")
    live: bool = Field(description="Whether the page is there already.")
    receipt: str = Field(
        description="Where to see what every service has done.",
        examples=[f"http://localhost:8080/api/v1/articles/{ARTICLE_ID}/receipt"],
    )
