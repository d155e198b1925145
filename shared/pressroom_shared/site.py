"""The newspaper's own file (`PRESSROOM_SITE`): title, address, languages, sections, colours, sender."""

from __future__ import annotations

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pressroom_shared.errors import SiteFileError

RESERVED_SLUGS = frozenset(
    {
        *(
            "api",
            "archive",
            "author",
            "cards",
            "confirm",
            "correct",
            "corrections",
            "feed",
            "media",
            "metrics",
            "pages",
        ),
        *("preferences", "preview", "robots", "search", "sitemap", "static", "subscribe", "tag", "tip", "unsubscribe"),
    }
)
"""First parts of addresses that no section may take: they have owners of their own (see api.md)."""

PROBES = frozenset({"health/live", "health/ready"})
"""Addresses of the gateway's own: a newspaper may have a section `health`, but not these below it."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SubSection(_Part):
    slug: Slug
    name: str = Field(min_length=1, max_length=60)


class Section(_Part):
    slug: Slug
    name: str = Field(min_length=1, max_length=60)
    color: tuple[Colour, Colour] = Field(default=("#15171a", "#ebe9e4"), description="On light, on dark paper.")
    sections: list[SubSection] = []

    @field_validator("slug")
    @classmethod
    def _not_reserved(cls, slug: str) -> str:
        if slug in RESERVED_SLUGS:
            raise ValueError(f"{slug!r} is an address that Pressroom itself uses; choose another word")
        return slug


class Sender(_Part):
    name: str = Field(min_length=1, max_length=120)
    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)


class Link(_Part):
    text: str = Field(min_length=1)
    url: str = Field(pattern=r"^(/|https?://|mailto:)")


class LinkGroup(_Part):
    title: str
    links: list[Link] = []


class Footer(_Part):
    address: str = ""
    note: str = ""
    groups: list[LinkGroup] = []


class Site(_Part):
    """Everything about the newspaper that is not an article."""

    title: str = Field(min_length=1, max_length=120)
    tagline: str = ""
    base_url: str = Field(default="http://localhost:8080", pattern=r"^https?://[^/\s]+$")
    timezone: str = "UTC"
    language: str = "en"
    edition: str = ""
    hold_s: int = Field(default=60, ge=0, le=3600, description="How long notify waits before it tells readers.")
    sender: Sender
    sections: list[Section] = Field(min_length=1)
    footer: Footer = Footer()

    @field_validator("base_url", mode="before")
    @classmethod
    def _without_trailing_slash(cls, value: Any) -> Any:
        return value.rstrip("/") if isinstance(value, str) else value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone such as 'Europe/Paris'") from error
        return value

    @field_validator("language")
    @classmethod
    def _language_tag(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
            raise ValueError(f"{value!r} is no BCP 47 language tag such as 'en-GB'")
        return value

    @model_validator(mode="after")
    def _no_health_check(self) -> Site:
        taken = PROBES & set(self.section_keys)
        if taken:
            raise ValueError(f"{min(taken)!r} is the address of a health check; choose another word")
        return self

    @model_validator(mode="after")
    def _each_section_once(self) -> Site:
        keys = self.section_keys
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise ValueError(f"the section {min(twice)!r} stands twice")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def section_keys(self) -> list[str]:
        """Every section as an article names it: `business`, `business/economy`, …"""
        keys: list[str] = []
        for section in self.sections:
            keys.append(section.slug)
            keys.extend(f"{section.slug}/{sub.slug}" for sub in section.sections)
        return keys

    def section(self, key: str) -> Section | None:
        """The main section of `business` or `business/economy`; None when it is unknown."""
        main = key.partition("/")[0]
        return next((section for section in self.sections if section.slug == main), None)

    def section_name(self, key: str) -> str:
        """The most exact name for a section's key: that of the sub-section where there is one."""
        return self._names.get(key) or self._names.get(key.partition("/")[0], key)

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {section.slug: section.name for section in self.sections}
        return names | {f"{section.slug}/{sub.slug}": sub.name for section in self.sections for sub in section.sections}

    def absolute(self, path: str) -> str:
        """An absolute URL for a path of this site; what is absolute already stays."""
        return path if path.startswith(("http://", "https://")) else f"{self.base_url}{path}"


def load_site(path: Path) -> Site:
    """Read and check the newspaper's file. Raises `SiteFileError` with the file, the field and the reason."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SiteFileError(f"PRESSROOM_SITE: there is no file {path}; `pressroom init` writes one.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SiteFileError(f"PRESSROOM_SITE: {path} cannot be read: {error}") from error
    try:
        return Site.model_validate(document)
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'the file'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        )
        raise SiteFileError(f"PRESSROOM_SITE: {path}: {reasons}") from error
