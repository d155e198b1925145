"""The same news three times over: RSS 2.0, Atom (RFC 4287), JSON Feed 1.1; whole texts, ids that never change."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pressroom_render.addresses import FEEDS
from pressroom_render.articles import body_html, description_of
from pressroom_render.compression import Piece
from pressroom_render.feed_items import Named, Pieces
from pressroom_render.fronts import name_of
from pressroom_render.gather import FEED, Material
from pressroom_render.labels import date, labels
from pressroom_render.linked_data import safe_json
from pressroom_render.lists import CORRECTIONS
from pressroom_render.templating import Safe, Templates, plain
from pressroom_render.views import Views
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Article

EMPTY = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed that never had anything was last changed: Atom wants a date."""

ITEMS = "\0"
"""Where a template has its items: no text holds it."""


class Feeds:
    """Feeds of one newspaper."""

    def __init__(self, views: Views, templates: Templates) -> None:
        self._views = views
        self._templates = templates

    def formats(self, material: Material) -> list[list[Piece]]:
        """The feed at each of its addresses, in the format that this one names: its head, its items, its end."""
        if material.page.subject == CORRECTIONS:
            corrections = self._corrections(material)
            items = [self._set(each) for each in corrections]
            updated = corrections[0]["updated_at"] if corrections else None
        else:
            items = [each.pieces(self._made_of) for each in material.items]
            updated = max((each.published_at for each in material.items), default=None)
        folder = material.page.path.removesuffix(FEEDS[0])
        feed = self._feed(folder, self._part(material), updated)
        return [self._format(file, feed | {"self": Safe(f"{feed['link']}{file}")}, items) for file in FEEDS]

    def _format(self, file: str, feed: dict[str, Any], items: list[Pieces]) -> list[Piece]:
        pieces = [each[file] for each in items]
        if file == "feed.json":
            return _json_feed(feed, pieces)
        head, _, end = self._templates.render(file, {"feed": feed, "items": Safe(ITEMS)}).partition(ITEMS)
        return [Piece(head), *pieces, Piece(end)]

    def _feed(self, folder: str, part: str, updated: datetime | None) -> dict[str, Any]:
        """What every format says of the feed itself. `updated` is when the last of its items changed."""
        site = self._views.site
        return {
            "id": f"urn:uuid:{uuid5(NAMESPACE_URL, site.absolute(folder))}",
            "title": f"{site.title}: {part}" if part else site.title,
            "author": site.title,
            "link": plain(site.absolute(folder)),
            "description": site.tagline or site.title,
            "language": site.language,
            "updated": rfc3339(updated or EMPTY),
            "updated_rfc2822": _rfc2822(updated) if updated else None,
        }

    def _part(self, material: Material) -> str:
        kind, _, value = material.page.subject.partition(":")
        match kind:
            case "home":
                return ""
            case "corrections":
                return str(labels(self._views.site.language)["corrections"])
            case "section":
                return self._views.site.section_name(value)
            case _:
                return name_of(kind, value, material)

    def _made_of(self, article: Article, named: Named) -> Pieces:
        return self._set(self._item(article, dict(named)))

    def _set(self, item: dict[str, Any]) -> Pieces:
        view = {"item": item}
        return {
            "feed.xml": Piece(self._templates.render("feed-item.xml", view)),
            "atom.xml": Piece(self._templates.render("atom-item.xml", view)),
            "feed.json": Piece(safe_json(_json_item(item))),
        }

    def _item(self, article: Article, paths: dict[str, str]) -> dict[str, Any]:
        site = self._views.site
        lead = article.lead_image and article.media_by_id(article.lead_image.media_id)
        return _dated(article.first_published_at, article.published_at) | {
            "id": f"urn:uuid:{article.id}",
            "title": article.headline,
            "link": plain(site.absolute(article.path)),
            "language": article.language,
            "authors": [{"name": each.name, "url": site.absolute(f"/author/{each.slug}/")} for each in article.authors],
            "categories": [site.section_name(article.section), *(tag.name for tag in article.tags)],
            "summary": description_of(article),
            "content": body_html(article, paths, base_url=site.base_url),
            "image": {"url": site.absolute(f"/{lead.key}"), "type": lead.media_type, "bytes": lead.bytes}
            if lead
            else None,
        }

    def _corrections(self, material: Material) -> list[dict[str, Any]]:
        """Every correction is an item of its own, the newest first."""
        site = self._views.site
        words = labels(site.language)
        items: list[dict[str, Any]] = []
        for article in material.articles:
            for each in article.corrections:
                title = words["correction"].format(date=date(each.at, site.language, site.zone))
                item = self._item(article, material.paths) | _dated(each.at, each.at)
                item |= {
                    "id": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{article.id}/{each.version}')}",
                    "title": f"{title}: {article.headline}",
                    "summary": each.note,
                    "content": f"<p>{plain(each.note)}</p>",
                }
                items.append(item)
        return sorted(items, key=lambda item: (item["updated_at"], item["id"]), reverse=True)[:FEED]


def _dated(published: datetime, updated: datetime) -> dict[str, Any]:
    return {
        "updated_at": updated,
        "published": rfc3339(published),
        "published_rfc2822": _rfc2822(published),
        "updated": rfc3339(updated),
    }


def _json_feed(feed: dict[str, Any], items: list[Piece]) -> list[Piece]:
    """https://www.jsonfeed.org/version/1.1/"""
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed["title"],
        "home_page_url": feed["link"],
        "feed_url": feed["self"],
        "description": feed["description"],
        "language": feed["language"],
        "items": [],
    }
    parted = [part for item in items for part in (_COMMA, item)][1:]
    return [Piece(safe_json(head).removesuffix("]}")), *parted, Piece("]}")]


_COMMA = Piece(",")


def _json_item(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "url": item["link"],
        "title": item["title"],
        "content_html": item["content"],
        "summary": item["summary"],
        "date_published": item["published"],
        "date_modified": item["updated"],
        "authors": item["authors"],
        "tags": item["categories"],
        "language": item["language"],
    } | ({"image": item["image"]["url"]} if item["image"] else {})


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
