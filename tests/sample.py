"""The sample newspaper as events and pictures, as ingest would send and store them: for pages without an API."""

from __future__ import annotations

import hashlib
import re
import struct
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

from pressroom_ingest.slugs import slugify
from pressroom_shared.clock import microseconds
from pressroom_shared.events import Announcement, Article, ArticlePublished, Correction, Media
from pressroom_shared.markdown import to_text

SAMPLE = Path(__file__).parents[1] / "deploy/local/pressroom_local/sample"
PICTURE = re.compile(r'!\[([^\]]*)\]\((images/[^\s)]+)(?: "([^"]*)")?\)')
LINK = re.compile(r"\]\((sample/[a-z0-9-]+)\)")


def sample_id(external_id: str) -> str:
    """The same article has the same id in every run."""
    return str(uuid5(NAMESPACE_URL, external_id))


@cache
def picture(name: str) -> Media:
    """A picture of the sample, named by its content as in the site store."""
    content = (SAMPLE / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    width, height = jpeg_size(content)
    return Media(
        id=str(uuid5(NAMESPACE_URL, name)),
        key=f"media/{digest[:2]}/{digest}.jpg",
        media_type="image/jpeg",
        width=width,
        height=height,
        bytes=len(content),
    )


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from the first start-of-frame segment (ITU T.81)."""
    at = 2
    while content[at + 1] not in range(0xC0, 0xC4):
        at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    height, width = struct.unpack(">HH", content[at + 5 : at + 9])
    return width, height


def sample_events() -> list[ArticlePublished]:
    """Every article, in the order of publication; one with corrections as it is after the last of them."""
    events = [_event(path.read_text(encoding="utf-8")) for path in sorted((SAMPLE / "articles").glob("*.md"))]
    return sorted(events, key=lambda event: event.data.first_published_at)


def sample_pictures() -> dict[str, bytes]:
    """Site store key → bytes."""
    names = [f"images/{path.name}" for path in sorted((SAMPLE / "images").iterdir())]
    return {picture(name).key: (SAMPLE / name).read_bytes() for name in names}


def _event(text: str) -> ArticlePublished:
    _, head, body = text.split("---\n", 2)
    given: dict[str, Any] = yaml.safe_load(head)
    published = _moment(given["published_at"])
    notes = [each["note"] for each in given.get("corrections", [])]
    moments = [published + timedelta(hours=3 * number) for number in range(len(notes) + 1)]
    slug = slugify(given.get("slug") or given["external_id"].partition("/")[2])
    main = given["section"].partition("/")[0]
    shown = [name for _, name, _ in PICTURE.findall(body)]
    lead = given.get("lead_image")
    body = PICTURE.sub(lambda match: f'![{match[1]}](media:{picture(match[2]).id} "{match[3] or ""}")', body)
    body = LINK.sub(lambda match: f"](article:{sample_id(match[1])})", body)
    article = Article(
        id=sample_id(given["external_id"]),
        version=microseconds(moments[-1]),
        revision=len(moments),
        path=f"/{main}/{published:%Y/%m/%d}/{slug}/",
        slug=slug,
        language=given.get("language", "en-US"),
        body=body,
        body_text=to_text(body),
        authors=[_person(each) for each in given.get("authors", [])],
        contributors=[_person(each) for each in given.get("contributors", [])],
        tags=[{"slug": slugify(each), "name": each} for each in given.get("tags", [])],
        media=[picture(name) for name in dict.fromkeys([*([lead["file"]] if lead else []), *shown])],
        lead_image=_lead(lead) if lead else None,
        first_published_at=moments[0],
        published_at=moments[-1],
        announcements=[
            Announcement(version=microseconds(at), change="correction" if number else "new", at=at, notify=True)
            for number, at in enumerate(moments)
        ],
        corrections=[
            Correction(version=microseconds(at), note=note, at=at) for note, at in zip(notes, moments[1:], strict=True)
        ],
        **{
            name: given[name]
            for name in (
                *("headline", "standfirst", "section", "also_in", "kind", "dateline", "breaking", "seo", "review"),
                "external_id",
            )
            if name in given
        },
    )
    return ArticlePublished(
        id=str(uuid5(NAMESPACE_URL, f"event/{article.id}")),
        source="/ingest",
        subject=article.id,
        time=article.published_at,
        data=article,
    )


def _moment(given: datetime | str) -> datetime:
    return given if isinstance(given, datetime) else datetime.fromisoformat(given)


def _person(given: str | dict[str, str]) -> dict[str, str]:
    person = {"name": given} if isinstance(given, str) else given
    return {"slug": slugify(person["name"]), **person}


def _lead(given: dict[str, Any]) -> dict[str, str]:
    words = {name: str(given[name]) for name in given if name in {"alt", "caption", "credit"}}
    return words | {"media_id": picture(given["file"]).id}
