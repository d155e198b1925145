"""People, topics, and the newspaper itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from pressroom_ingest.api.answers import MEDIA_ID, Named, Page
from pressroom_ingest.api.edge import (
    ERRORS,
    NOT_FOUND,
    Cursor,
    Editor,
    Limit,
    Reader,
    TheDesk,
    decode_cursor,
    encode_cursor,
    page,
)
from pressroom_ingest.keys import demand
from pressroom_ingest.names import Kind

router = APIRouter(prefix="/api/v1", tags=["People, topics, the newspaper"])
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
AuthorSlug = Annotated[str, Path(description="An author's slug, or a former one.", examples=["ines-falk"])]
TagSlug = Annotated[str, Path(description="A tag's slug, or what leads to it.", examples=["harbor"])]
Name = Annotated[str, Field(min_length=1, max_length=120)]


class LinkIn(BaseModel):
    """Where else to find somebody."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    text: str = Field(min_length=1, max_length=120, examples=["Letters to Ines"], description="As it is shown.")
    url: str = Field(
        pattern=r"^(https?://|mailto:)\S+$",
        max_length=2000,
        description="An address, or a mail address.",
        examples=["mailto:ines@courier.example"],
    )


class AuthorPatch(BaseModel):
    """What may change of an author."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Name = Field(default="", description="As bylines show it.", examples=["Ines Falk"])
    title: str | None = Field(
        default=None, max_length=120, description="What they are.", examples=["Coast correspondent"]
    )
    bio: str = Field(default="", max_length=10_000, description="Markdown.", examples=["Ines Falk walks the quays."])
    media_id: str | None = Field(default=None, description="A picture that was uploaded.", examples=[MEDIA_ID])
    links: list[LinkIn] = Field(default=[], max_length=20, description="Where else to find them.")
    slug: Slug | None = Field(
        default=None, description="Another address; the old one leads there.", examples=["ines-falk"]
    )
    merge_into: Slug | None = Field(
        default=None, description="The author that this one really is.", examples=["ines-falk"]
    )


class TagPatch(BaseModel):
    """What may change of a tag."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(
        default="", description="As it is shown.", examples=["Harbor"]
    )
    slug: Slug | None = Field(
        default=None, description="Another address; the old one leads there.", examples=["harbor"]
    )
    merge_into: Slug | None = Field(default=None, description="The tag that this one really is.", examples=["harbor"])
    aliases: list[Annotated[str, Field(min_length=1, max_length=80)]] | None = Field(
        default=None,
        max_length=50,
        description="All other words for it: who gives one means this tag.",
        examples=[["Port", "Docks"]],
    )


class Link(BaseModel):
    """Where else to find somebody."""

    text: str = Field(description="As it is shown.", examples=["Letters to Ines"])
    url: str = Field(description="An address, or a mail address.", examples=["mailto:ines@courier.example"])


class Author(Named):
    """A person, whole."""

    bio: str = Field(description="Markdown.", examples=["Ines Falk walks the quays."])
    media_id: str | None = Field(description="Their picture.", examples=[MEDIA_ID])
    links: list[Link] = Field(description="Where else to find them.")


class AuthorShown(Author):
    """A person, and what leads to them."""

    former_slugs: list[str] = Field(description="Slugs that lead to them, too.", examples=[["ines-falck"]])


class AuthorChanged(AuthorShown):
    """A person as they are now."""

    articles_sent_again: int = Field(description="Live articles that go out again, silently.", examples=[12])


class Tag(BaseModel):
    """A topic."""

    slug: str = Field(description="Its page's name.", examples=["harbor"])
    name: str = Field(description="As it is shown.", examples=["Harbor"])
    url: str = Field(description="Its page.", examples=["http://localhost:8080/tag/harbor/"])


class TagShown(Tag):
    """A topic, and what leads to it."""

    aliases: list[str] = Field(description="Slugs that lead to it, too.", examples=[["port"]])


class TagChanged(TagShown):
    """A topic as it is now."""

    articles_sent_again: int = Field(description="Live articles that go out again, silently.", examples=[12])


class SectionShown(BaseModel):
    """A section or a sub-section."""

    key: str = Field(description="As an article names it.", examples=["business/economy"])
    name: str = Field(description="As it is shown.", examples=["Economy"])
    url: str = Field(description="Its front.", examples=["http://localhost:8080/business/economy/"])


class MainSectionShown(SectionShown):
    """A main section, with its own."""

    sections: list[SectionShown] = Field(description="Its sub-sections.")


class SiteShown(BaseModel):
    """The newspaper."""

    title: str = Field(description="Its name.", examples=["The Calder Courier"])
    tagline: str = Field(description="What stands below the name.", examples=["News of the coast"])
    base_url: str = Field(description="Its address.", examples=["http://localhost:8080"])
    timezone: str = Field(description="By IANA; the days of addresses are in it.", examples=["America/New_York"])
    language: str = Field(description="BCP 47.", examples=["en-US"])
    hold_s: int = Field(description="How long telling readers waits after publishing, in seconds.", examples=[60])
    sections: list[MainSectionShown] = Field(description="Its sections, in their order.")


@router.get("/authors", response_model=Page[Author], responses=ERRORS)
async def authors(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Everybody who was ever named by an article, by slug."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        rows = await work.names.page("author", after=after[0] if after else "", limit=limit)
        items = [work.names.author_view(row) for row in rows]
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/authors/{slug}", response_model=AuthorShown, responses=NOT_FOUND)
async def author(desk: TheDesk, actor: Reader, slug: AuthorSlug) -> dict[str, Any]:
    """An author; a former slug shows who they are now."""
    async with desk.read() as work:
        row = await work.names.row("author", slug)
        return work.names.author_view(row) | {"former_slugs": await work.names.aliases("author", row.slug)}


@router.patch("/authors/{slug}", response_model=AuthorChanged, responses=NOT_FOUND)
async def change_author(desk: TheDesk, actor: Editor, slug: AuthorSlug, given: AuthorPatch) -> dict[str, Any]:
    """Rename, describe or merge an author. Their live articles go out again, in bulk; no reader is told."""
    return await _change(desk, actor, "author", slug, given)


@router.get("/tags", response_model=Page[Tag], responses=ERRORS)
async def tags(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Every tag that was ever given, by slug."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        rows = await work.names.page("tag", after=after[0] if after else "", limit=limit)
        items = [work.names.tag_view(row) for row in rows]
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/tags/{slug}", response_model=TagShown, responses=NOT_FOUND)
async def topic(desk: TheDesk, actor: Reader, slug: TagSlug) -> dict[str, Any]:
    """A tag; a former slug or an alias shows what it is now."""
    async with desk.read() as work:
        row = await work.names.row("tag", slug)
        return work.names.tag_view(row) | {"aliases": await work.names.aliases("tag", row.slug)}


@router.patch("/tags/{slug}", response_model=TagChanged, responses=NOT_FOUND)
async def change_tag(desk: TheDesk, actor: Editor, slug: TagSlug, given: TagPatch) -> dict[str, Any]:
    """Rename or merge a tag, or say what else it is called. Its live articles go out again, in bulk and silently."""
    return await _change(desk, actor, "tag", slug, given)


async def _change(desk: TheDesk, actor: Editor, kind: Kind, slug: str, given: AuthorPatch | TagPatch) -> dict[str, Any]:
    demand(actor, "editor", "")
    fields = given.model_dump(exclude_unset=True)
    to, into, aliases = (fields.pop(each, None) for each in ("slug", "merge_into", "aliases"))
    async with desk.begin() as work:
        row, again = await work.taxonomy.change(kind, slug, fields, to=to, merge_into=into, aliases=aliases)
        await work.audit.add(
            actor,
            f"{kind}.changed",
            slug=slug,
            now=row.slug,
            fields=sorted(fields),
            merged=into is not None,
            again=again,
        )
        led = await work.names.aliases(kind, row.slug)
        view = work.names.author_view(row) if kind == "author" else work.names.tag_view(row)
    return view | {"former_slugs" if kind == "author" else "aliases": led, "articles_sent_again": again}


@router.get("/site", response_model=SiteShown, responses=ERRORS)
async def site(desk: TheDesk, actor: Reader) -> dict[str, Any]:
    """The newspaper's name, address, time zone, language and sections."""
    shown = desk.site.model_dump(
        mode="json", include={"title", "tagline", "base_url", "timezone", "language", "hold_s"}
    )
    shown["sections"] = [
        {
            "key": each.slug,
            "name": each.name,
            "url": desk.site.absolute(f"/{each.slug}/"),
            "sections": [
                {
                    "key": f"{each.slug}/{sub.slug}",
                    "name": sub.name,
                    "url": desk.site.absolute(f"/{each.slug}/{sub.slug}/"),
                }
                for sub in each.sections
            ],
        }
        for each in desk.site.sections
    ]
    return shown
