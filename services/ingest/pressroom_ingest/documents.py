"""An article as editors send it, and what must be true of it before it is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import langcodes
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pressroom_ingest.kinds import Flag, Moment
from pressroom_ingest.slugs import slugify
from pressroom_shared.http import FieldError, invalid
from pressroom_shared.markdown import frames, links, media_ids
from pressroom_shared.site import Site

HEADLINE_CHARS_ADVISED = 110
PATH_OR_URL = r"^(/[^\s/][^\s]*|/|https?://[^\s]+)$"


def _language(tag: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) or not langcodes.tag_is_valid(tag):
        raise ValueError(f"{tag!r} is no BCP 47 language tag such as 'en-US' or 'ar'.")
    return langcodes.standardize_tag(tag)


def _path_or_url(value: str) -> str:
    if not re.fullmatch(PATH_OR_URL, value):
        raise ValueError("It must be a path that begins with one slash, or an http(s) address.")
    return value


Language = Annotated[str, AfterValidator(_language)]
Address = Annotated[
    str,
    Field(max_length=2000, json_schema_extra={"pattern": PATH_OR_URL}, examples=["/world/"]),
    AfterValidator(_path_or_url),
]
A_PICTURE = "0193a0f0-0000-7000-8000-0000000000aa"
Short = Annotated[str, Field(max_length=300)]


class Part(BaseModel):
    """A part of an article. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PersonIn(Part):
    """Somebody whom an article names."""

    name: str = Field(min_length=1, max_length=120, description="Or their slug.", examples=["Ines Falk"])
    title: str | None = Field(
        default=None, max_length=120, description="What they are.", examples=["Coast correspondent"]
    )


def _by_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Named = Annotated[PersonIn, BeforeValidator(_by_name, json_schema_input_type=str | PersonIn)]
"""A person, or just the name."""


class LeadImageIn(Part):
    """The picture on top. Words that are left out are the picture's own."""

    media_id: str = Field(description="A picture that was uploaded.", examples=[A_PICTURE])
    alt: Short = Field(default="", description="For who cannot see it.", examples=["Two cranes over an empty quay."])
    caption: str = Field(
        default="", max_length=1000, description="What stands below it.", examples=["The quay at noon."]
    )
    credit: Short = Field(default="", description="Whose picture it is.", examples=["Odd Berg / The Courier"])


class SeoIn(Part):
    """What search engines show instead of headline and standfirst."""

    title: Short | None = Field(default=None, description="Instead of the headline.", examples=["Harbor cranes: day 3"])
    description: str | None = Field(
        default=None,
        max_length=1000,
        description="Instead of the standfirst.",
        examples=["Why the port of Calder stands still."],
    )


class SocialIn(SeoIn):
    """What cards show instead."""

    media_id: str | None = Field(default=None, description="Instead of the lead picture.", examples=[A_PICTURE])


class ReviewIn(Part):
    """What is reviewed, and how it was found."""

    item: str = Field(
        min_length=1,
        max_length=300,
        description="What is reviewed.",
        examples=["The Keeper's Hours, at the Net Loft"],
    )
    rating: float = Field(strict=True, ge=0, le=100, description="How good it is.", examples=[4])
    best: float = Field(
        default=5, strict=True, gt=0, le=100, description="The best rating that there is.", examples=[5]
    )


class ArticleIn(Part):
    """An article to store. Unknown fields are refused."""

    headline: str = Field(
        min_length=1,
        max_length=300,
        description="On its page, and wherever it is listed.",
        examples=["Harbor cranes stand still for a third day"],
    )
    section: str = Field(examples=["business/economy"], description="A section of the newspaper.")
    body: str = Field(
        min_length=1,
        description='Markdown; pictures as `![alt](media:ID "caption")`.',
        examples=["The cranes stopped at noon."],
    )
    slug: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=80,
        description="The name in its address; else made from the headline.",
        examples=["harbor-cranes-stand-still"],
    )
    standfirst: str = Field(
        default="",
        max_length=1000,
        description="What stands below the headline.",
        examples=["The port waits for a part."],
    )
    kind: Literal["news", "opinion", "analysis", "review", "live"] = Field(
        default="news", description="What kind of article: a `review` needs `review`, a `live` one has entries."
    )
    language: Language | None = Field(default=None, examples=["en-US"], description="BCP 47; else the newspaper's own.")
    authors: list[Named] = Field(
        default=[], max_length=20, description="Who wrote it: names or slugs.", examples=[["Ines Falk"]]
    )
    contributors: list[Named] = Field(
        default=[], max_length=40, description="Who helped: names or slugs.", examples=[["Odd Berg"]]
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(
        default=[], max_length=30, description="Topics, by name.", examples=[["Harbor"]]
    )
    also_in: list[str] = Field(default=[], max_length=10, description="Further sections.", examples=[["world"]])
    lead_image: LeadImageIn | None = Field(default=None, description="The picture on top.")
    dateline: Short | None = Field(default=None, description="Where it was reported from.", examples=["PORT CALDER"])
    translation_of: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None,
        description="The article that it puts into another language: both name each other, for readers and machines.",
        examples=["0193a0f0-0000-7000-8000-000000000001"],
    )
    breaking: Flag = Field(default=False, description="Whether it is breaking news.")
    embargo_until: Moment | None = Field(default=None, description="Nothing goes out before. RFC 3339.")
    late_policy: Literal["publish", "hold", "publish_silently"] = Field(
        default="publish", description="What happens to a schedule whose time passed while nothing ran."
    )
    seo: SeoIn | None = Field(default=None, description="What search engines show instead.")
    social: SocialIn | None = Field(default=None, description="What cards show instead.")
    canonical_url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2000)] | None = Field(
        default=None, description="Where it appeared first.", examples=["https://agency.example/harbor-cranes"]
    )
    review: ReviewIn | None = Field(default=None, description="What is reviewed.")
    redirect_from: list[Address] = Field(
        default=[], max_length=50, description="Old addresses that lead here.", examples=[["/archive/1017/"]]
    )
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Its id in the archive that it comes from.", examples=["wp-1017"]
    )
    published_at: Moment | None = Field(default=None, description="For an archive: when it first appeared.")

    def text(self) -> str:
        """All Markdown of the article."""
        return self.body

    def people(self) -> dict[str, PersonIn]:
        """Everybody who is named, by slug."""
        return {person_slug(each): each for each in [*self.authors, *self.contributors]}

    def tag_names(self) -> dict[str, str]:
        """Slug → name as it was written first."""
        names: dict[str, str] = {}
        for name in self.tags:
            names.setdefault(slugify(name), name)
        return names

    def media(self) -> list[tuple[str, str]]:
        """Every picture that is named, as (field, id)."""
        found = [("body", each) for each in media_ids(self.text())]
        if self.lead_image:
            found.append(("lead_image.media_id", self.lead_image.media_id))
        if self.social and self.social.media_id:
            found.append(("social.media_id", self.social.media_id))
        return found


class Entry(Part):
    """One entry of a live article."""

    id: str = Field(description="The entry's id.", examples=["0193a0f0-0000-7000-8000-0000000000e1"])
    at: Moment = Field(description="When it happened.")
    headline: Short = Field(default="", description="May be empty.", examples=["The cranes move again"])
    body: str = Field(description="Markdown.", examples=["At two, they moved."])


class Document(ArticleIn):
    """An article as it is kept: what was given, and the entries of a live one, oldest first."""

    entries: list[Entry] = Field(default=[], description="Of a live article, oldest first.")

    def text(self) -> str:
        return "\n\n".join([self.body, *(each.body for each in self.entries)])

    def composed(self, zone: ZoneInfo) -> str:
        """The body as readers see it: below what introduces it the entries, the newest on top, each with its time."""
        if not self.entries:
            return self.body
        newest = self.entries[-1].at.astimezone(zone).date()
        parts = [self.body]
        for each in reversed(self.entries):
            at = each.at.astimezone(zone)
            time = at.strftime("%H:%M" if at.date() == newest else "%Y-%m-%d %H:%M")
            parts += [f"## {time} · {each.headline}" if each.headline else f"## {time}", each.body]
        return "\n\n".join(parts)


def person_slug(person: PersonIn) -> str:
    return slugify(person.name)


def parse(document: dict[str, Any]) -> Document:
    """Validate a whole document. Raises a 422 problem that names each wrong field."""
    try:
        return Document.model_validate(document)
    except ValidationError as error:
        raise invalid(field_errors(error)) from error


def field_errors(error: ValidationError) -> list[FieldError]:
    """Each wrong field by its name, with a sentence."""
    sentences = {"extra_forbidden": "There is no such field.", "missing": "This field is needed."}
    return [
        FieldError(
            ".".join(str(part) for part in each["loc"]) or "line",
            sentences.get(each["type"]) or each["msg"].removeprefix("Value error, "),
        )
        for each in error.errors()
    ]


def check(article: ArticleIn, *, site: Site, has_media: Callable[[str], bool]) -> None:
    """What only the newspaper and its store know. Raises a 422 problem that names each wrong field."""
    known = set(site.section_keys)
    wrong = [
        FieldError(field, f"{key!r} is no section of this newspaper. Its sections: {', '.join(sorted(known))}.")
        for field, key in [("section", article.section), *(("also_in", each) for each in article.also_in)]
        if key not in known
    ]
    wrong += [
        FieldError(field, f"There is no picture {media_id!r}; upload it first.")
        for field, media_id in article.media()
        if not has_media(media_id)
    ]
    if article.kind == "review" and article.review is None:
        wrong.append(FieldError("review", "A review needs what it is about, and a rating."))
    if article.review and article.review.rating > article.review.best:
        wrong.append(FieldError("review.rating", "The rating is above the best one."))
    if wrong:
        raise invalid(wrong)


def warnings(
    article: ArticleIn,
    *,
    alt_missing: list[str],
    known_article: Callable[[str], bool],
    known_path: Callable[[str], bool],
    base_url: str,
) -> list[dict[str, str]]:
    """What an editor should look at, and may leave."""
    found: list[tuple[str, str]] = []
    if len(article.headline) > HEADLINE_CHARS_ADVISED:
        found.append(
            (
                "headline",
                f"It has {len(article.headline)} characters; above {HEADLINE_CHARS_ADVISED} cards and lists cut it.",
            )
        )
    found += [
        ("media", f"The picture {each} has no alternative text; without one it cannot be published.")
        for each in alt_missing
    ]
    found += [
        ("body", f"The link to article {address.removeprefix('article:')} leads nowhere: there is no such article.")
        for address in links(article.text())
        if address.startswith("article:") and not known_article(address.removeprefix("article:"))
    ]
    found += [
        ("body", f"The link to {address} leads nowhere: no article is, or was, at this address.")
        for address in dict.fromkeys(links(article.text()))
        if is_article_path(address.removeprefix(base_url)) and not known_path(address.removeprefix(base_url))
    ]
    if article.translation_of and not known_article(article.translation_of):
        found.append(("translation_of", f"There is no article {article.translation_of}."))
    found += [
        ("body", f"<{tag}> is not shown. Give the address alone in a paragraph; of known providers it becomes a card.")
        for tag in frames(article.text())
    ]
    return [{"field": field, "message": message} for field, message in found]


def is_article_path(address: str) -> bool:
    """Whether an address is one that only an article of this newspaper can have."""
    return re.fullmatch(r"/[a-z0-9-]+/\d{4}/\d{2}/\d{2}/[^/\s]+/", address) is not None


def patch_schema() -> dict[str, Any]:
    """What a JSON Merge Patch of an article may hold: any of its fields, or null for as if it had not been given."""
    whole = ArticleIn.model_json_schema(ref_template="#/components/schemas/{model}")
    fields = {
        name: {"anyOf": [field, {"type": "null"}], "description": field["description"]}
        for name, field in whole["properties"].items()
    }
    return {"type": "object", "properties": fields, "additionalProperties": False}


def merge_patch(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def stored(article: ArticleIn) -> dict[str, Any]:
    """The document as it is kept: what was given, in JSON."""
    return article.model_dump(mode="json", exclude_defaults=True)


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def moment(value: str | None) -> datetime | None:
    """A stored RFC 3339 text as an aware datetime."""
    return None if value is None else datetime.fromisoformat(value)
