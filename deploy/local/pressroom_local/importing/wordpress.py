"""WordPress: an export file of Tools → Export (WXR 1.2, https://wordpress.org/documentation/article/tools-export-screen/)."""

from __future__ import annotations

import html
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, iterparse

from pressroom_local.errors import LocalError
from pressroom_local.importing.archive import Archive, Entry, Picture

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_OURS = re.compile(r"\{http://wordpress\.org/export/[\d.]+/\}")
_EXCERPT = re.compile(r"\{http://wordpress\.org/export/[\d.]+/excerpt/\}encoded")


def read(path: Path) -> Archive:
    """Read a WXR file. Raises `LocalError` when it is none. An item at a time, so that the size is of no matter."""
    archive = Archive(origin="")
    names: dict[str, str] = {}
    attachments: dict[str, Picture] = {}
    thumbnails: dict[str, str] = {}
    try:
        for _, element in iterparse(path, events=("end",)):  # noqa: S314  # expat refuses entity bombs from 2.4.1 on
            tag = _OURS.sub("wp:", element.tag)
            if tag == "wp:base_blog_url":
                archive.origin = (element.text or "").rstrip("/")
            elif tag == "wp:author":
                names[_text(element, "author_login")] = html.unescape(
                    _text(element, "author_display_name") or _text(element, "author_login")
                )
            elif tag == "item":
                _item(element, archive, attachments, thumbnails)
                element.clear()
    except ParseError as error:
        raise LocalError(f"{path} is no WordPress export: {error}.") from error
    if not archive.origin and not archive.entries:
        raise LocalError(f"{path} is no WordPress export: it has no items and no wp:base_blog_url.")
    for entry in archive.entries:
        entry.authors = [names.get(each, each) for each in entry.authors]
        entry.lead = attachments.get(thumbnails.get(entry.external_id, ""))
    archive.pictures = {picture.url: picture for picture in attachments.values()}
    return archive


def _item(item: Element, archive: Archive, attachments: dict[str, Picture], thumbnails: dict[str, str]) -> None:
    kind, status = _text(item, "post_type"), _text(item, "status")
    number = _text(item, "post_id")
    meta = {
        _text(each, "meta_key"): _text(each, "meta_value")
        for each in item
        if _OURS.sub("wp:", each.tag) == "wp:postmeta"
    }
    if kind == "attachment":
        attachments[number] = Picture(
            _text(item, "attachment_url"), meta.get("_wp_attachment_image_alt", ""), _excerpt(item)
        )
        return
    if kind != "post":
        archive.lost[f"item of the type {kind or '?'}"] += 1
        return
    if status in {"trash", "auto-draft", "inherit"}:
        archive.lost[f"post with the status {status}"] += 1
        return
    if _text(item, "post_password"):
        archive.lost["password of a post (it comes in as a draft)"] += 1
        status = "draft"
    comments = sum(_OURS.sub("wp:", each.tag) == "wp:comment" for each in item)
    archive.lost.update({"comment": comments} if comments else {})
    archive.lost.update(f"custom field {name}" for name in meta if not name.startswith("_"))
    external_id = f"wordpress-{number}"
    if "_thumbnail_id" in meta:
        thumbnails[external_id] = meta["_thumbnail_id"]
    archive.entries.append(
        Entry(
            external_id=external_id,
            headline=html.unescape(item.findtext("title") or "").strip(),
            html=item.findtext(CONTENT) or "",
            published_at=_moment(_text(item, "post_date_gmt")) if status == "publish" else None,
            slug=_text(item, "post_name"),
            standfirst=_excerpt(item),
            authors=[item.findtext(CREATOR) or ""] if item.findtext(CREATOR) else [],
            categories=_terms(item, "category"),
            tags=[name for _, name in _named(item, "post_tag")],
            old_path=urlsplit(item.findtext("link") or "").path if status == "publish" else "",
        )
    )


def _text(element: Element, name: str) -> str:
    return next((each.text or "" for each in element if _OURS.sub("", each.tag) == name), "").strip()


def _excerpt(item: Element) -> str:
    text = next((each.text or "" for each in item if _EXCERPT.fullmatch(each.tag)), "")
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def _named(item: Element, domain: str) -> list[tuple[str, str]]:
    found = (each for each in item.findall("category") if each.get("domain") == domain)
    return [(each.get("nicename") or "", html.unescape(each.text or "").strip()) for each in found]


def _terms(item: Element, domain: str) -> list[str]:
    return [slug for slug, _ in _named(item, domain) if slug and slug != "uncategorized"]


def _moment(text: str) -> str | None:
    try:
        return f"{datetime.strptime(text, '%Y-%m-%d %H:%M:%S').isoformat()}Z"  # noqa: DTZ007  # GMT by its name
    except ValueError:
        return None
