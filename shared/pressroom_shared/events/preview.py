"""`pressroom.article.previewed.v1`: a draft as it would be, for whoever has its address."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Article, Part
from pressroom_shared.events.envelope import Event


class Preview(Part):
    """A draft's page and card, unlisted, noindex and with a banner, until `expires_at`. In no list, feed or index."""

    token: str = Field(min_length=32, description="Unguessable; the page is at `/preview/{token}/`.")
    path: str = Field(description="`/preview/{token}/`")
    expires_at: datetime
    article: Article = Field(description="As it would be if it were published now; its version is of no sink.")


class ArticlePreviewed(Event):
    """Somebody wants to see a draft as a page."""

    event_type: ClassVar[str] = "pressroom.article.previewed.v1"
    type: Literal["pressroom.article.previewed.v1"] = "pressroom.article.previewed.v1"
    dataschema: str = "contracts/pressroom.article.previewed.v1.json"
    data: Preview
