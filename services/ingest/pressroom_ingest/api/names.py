"""People, topics, and the newspaper itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

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
Name = Annotated[str, Field(min_length=1, max_length=120)]


class LinkIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    text: str = Field(min_length=1, max_length=120, examples=["Letters to Ines"], description="As it is shown.")
    url: str = Field(pattern=r"^(https?://|mailto:)\S+$", max_length=2000, description="An address, or a mail address.")


class AuthorPatch(BaseModel):
    """What may change of an author."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Name = Field(default="", description="As bylines show it.", examples=["Ines Falk"])
    title: str | None = Field(default=None, max_length=120, examples=["Coast correspondent"])
    bio: str = Field(default="", max_length=10_000, description="Markdown.", examples=["Ines Falk walks the quays."])
    media_id: str | None = Field(default=None, description="A picture that was uploaded.")
    links: list[LinkIn] = Field(default=[], max_length=20, description="Where else to find them.")
    slug: Slug | None = Field(default=None, description="Another address; the old one leads there.")
    merge_into: Slug | None = Field(default=None, description="The author that this one really is.")


class TagPatch(BaseModel):
    """What may change of a tag."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(default="", examples=["Harbor"])
    slug: Slug | None = Field(default=None, description="Another address; the old one leads there.")
    merge_into: Slug | None = Field(default=None, description="The tag that this one really is.")
    aliases: list[Annotated[str, Field(min_length=1, max_length=80)]] | None = Field(
        default=None, max_length=50, description="All other words for it: who gives one means this tag."
    )


@router.get("/authors", responses=ERRORS)
async def authors(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Everybody who was ever named by an article, by slug."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        rows = await work.names.page("author", after=after[0] if after else "", limit=limit)
        items = [work.names.author_view(row) for row in rows]
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/authors/{slug}", responses=NOT_FOUND)
async def author(desk: TheDesk, actor: Reader, slug: str) -> dict[str, Any]:
    """An author; a former slug shows who they are now."""
    async with desk.read() as work:
        row = await work.names.row("author", slug)
        return work.names.author_view(row) | {"former_slugs": await work.names.aliases("author", row.slug)}


@router.patch("/authors/{slug}", responses=NOT_FOUND)
async def change_author(desk: TheDesk, actor: Editor, slug: str, given: AuthorPatch) -> dict[str, Any]:
    """Rename, describe or merge an author. Their live articles go out again, in bulk; no reader is told."""
    return await _change(desk, actor, "author", slug, given)


@router.get("/tags", responses=ERRORS)
async def tags(desk: TheDesk, actor: Reader, cursor: Cursor = "", limit: Limit = 50) -> dict[str, Any]:
    """Every tag that was ever given, by slug."""
    after = decode_cursor(cursor, str)
    async with desk.read() as work:
        rows = await work.names.page("tag", after=after[0] if after else "", limit=limit)
        items = [work.names.tag_view(row) for row in rows]
    return page(items, limit, lambda item: encode_cursor(item["slug"]))


@router.get("/tags/{slug}", responses=NOT_FOUND)
async def topic(desk: TheDesk, actor: Reader, slug: str) -> dict[str, Any]:
    """A tag; a former slug or an alias shows what it is now."""
    async with desk.read() as work:
        row = await work.names.row("tag", slug)
        return work.names.tag_view(row) | {"aliases": await work.names.aliases("tag", row.slug)}


@router.patch("/tags/{slug}", responses=NOT_FOUND)
async def change_tag(desk: TheDesk, actor: Editor, slug: str, given: TagPatch) -> dict[str, Any]:
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


@router.get("/site", responses=ERRORS)
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
