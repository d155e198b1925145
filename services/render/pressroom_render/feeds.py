"""The same news three times over: RSS 2.0, Atom (RFC 4287), JSON Feed 1.1; whole texts, ids that never change."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pressroom_render.articles import body_html, description_of
from pressroom_render.fronts import name_of
from pressroom_render.gather import FEED, Material
from pressroom_render.labels import date, labels
from pressroom_render.linked_data import safe_json
from pressroom_render.lists import CORRECTIONS
from pressroom_render.templating import Templates, plain
from pressroom_render.views import Views
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Article

EMPTY = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed that never had anything was last changed: Atom wants a date."""

KEPT_MAX = 512
"""Bodies that are kept from one feed to the next: the same article stands in many."""


class Feeds:
    """Feeds of one newspaper."""

    def __init__(self, views: Views, templates: Templates) -> None:
        self._views = views
        self._templates = templates
        self._kept: OrderedDict[tuple[Any, ...], str] = OrderedDict()

    def feed(self, material: Material) -> str:
        """In the format that the page's address names."""
        folder, _, file = material.page.path.rpartition("/")
        items = self._corrections(material) if material.page.subject == CORRECTIONS else self._articles(material)
        feed = self._feed(material, f"{folder}/", items)
        if file == "feed.json":
            return _json_feed(feed, items)
        return self._templates.render(file, {"feed": feed, "items": items})

    def _feed(self, material: Material, folder: str, items: list[dict[str, Any]]) -> dict[str, Any]:
        site = self._views.site
        part = self._part(material)
        updated = max((item["updated_at"] for item in items), default=EMPTY)
        return {
            "id": f"urn:uuid:{uuid5(NAMESPACE_URL, site.absolute(folder))}",
            "title": f"{site.title}: {part}" if part else site.title,
            "author": site.title,
            "link": plain(site.absolute(folder)),
            "self": plain(site.absolute(material.page.path)),
            "description": site.tagline or site.title,
            "language": site.language,
            "updated": rfc3339(updated),
            "updated_rfc2822": _rfc2822(updated) if items else None,
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

    def _articles(self, material: Material) -> list[dict[str, Any]]:
        return [self._item(each, material.paths) for each in material.articles]

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
            "content": self._content(article, paths),
            "image": {"url": site.absolute(f"/{lead.key}"), "type": lead.media_type, "bytes": lead.bytes}
            if lead
            else None,
        }

    def _content(self, article: Article, paths: dict[str, str]) -> str:
        named = tuple(sorted((each, path) for each, path in paths.items() if each in article.body))
        key = (article.id, article.version, named)
        if (kept := self._kept.get(key)) is None:
            kept = self._kept[key] = body_html(article, paths, base_url=self._views.site.base_url)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return kept

    def _corrections(self, material: Material) -> list[dict[str, Any]]:
        """Every correction is an item of its own."""
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


def _json_feed(feed: dict[str, Any], items: list[dict[str, Any]]) -> str:
    """https://www.jsonfeed.org/version/1.1/"""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed["title"],
        "home_page_url": feed["link"],
        "feed_url": feed["self"],
        "description": feed["description"],
        "language": feed["language"],
        "items": [
            {
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
            }
            | ({"image": item["image"]["url"]} if item["image"] else {})
            for item in items
        ],
    }
    return safe_json(document)


def _rfc2822(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
