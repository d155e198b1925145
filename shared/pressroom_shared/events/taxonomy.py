"""`pressroom.author.changed.v1` and `pressroom.tag.changed.v1`: who writes, and what about."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Media, Part
from pressroom_shared.events.envelope import Event


class ProfileLink(Part):
    text: str
    url: str


class AuthorProfile(Part):
    """An author's page. `former_slugs` lead to `slug` from now on; articles are sent again, `silent`."""

    slug: str
    name: str
    title: str | None = None
    bio: str = Field(default="", description="Markdown.")
    picture: Media | None = None
    links: list[ProfileLink] = Field(default=[])
    former_slugs: list[str] = Field(default=[])
    version: int = Field(gt=0, description="max(previous + 1, now in microseconds); newer wins.")
    at: datetime


class AuthorChanged(Event):
    """An author was renamed, merged, or described anew."""

    event_type: ClassVar[str] = "pressroom.author.changed.v1"
    type: Literal["pressroom.author.changed.v1"] = "pressroom.author.changed.v1"
    dataschema: str = "contracts/pressroom.author.changed.v1.json"
    data: AuthorProfile


class TagProfile(Part):
    """A tag in its canonical form. `former_slugs` lead to `slug` from now on."""

    slug: str
    name: str
    former_slugs: list[str] = Field(default=[])
    version: int = Field(gt=0, description="max(previous + 1, now in microseconds); newer wins.")
    at: datetime


class TagChanged(Event):
    """A tag was renamed or merged, or has other aliases."""

    event_type: ClassVar[str] = "pressroom.tag.changed.v1"
    type: Literal["pressroom.tag.changed.v1"] = "pressroom.tag.changed.v1"
    dataschema: str = "contracts/pressroom.tag.changed.v1.json"
    data: TagProfile
