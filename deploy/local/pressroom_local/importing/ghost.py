"""Ghost: an export file of Settings → Export (https://ghost.org/docs/migration/ghost/)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pressroom_local.errors import LocalError
from pressroom_local.importing.archive import Archive, Entry, Picture

HERE = "__GHOST_URL__"
"""How an export writes its own address."""


def read(path: Path) -> Archive:
    """Read a Ghost export. Raises `LocalError` when it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        data = (document["db"][0] if "db" in document else document)["data"]
        posts = data["posts"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LocalError(f"{path} is no Ghost export: it has no db.0.data.posts ({error}).") from error
    archive = Archive(origin=HERE)
    authors = _joined(data, "posts_authors", "author_id", "users")
    tags = _joined(data, "posts_tags", "tag_id", "tags")
    meta = {each["post_id"]: each for each in data.get("posts_meta", [])}
    for post in posts:
        if post.get("type", "post") != "post" or post.get("page"):
            archive.lost["page"] += 1
            continue
        archive.entries.append(_entry(post, meta.get(post["id"], {}), authors, tags, archive))
    return archive


def _joined(data: dict[str, Any], pairs: str, key: str, table: str) -> dict[str, list[dict[str, Any]]]:
    """Post id → its authors or tags, in their order."""
    rows = {each["id"]: each for each in data.get(table, [])}
    found: dict[str, list[dict[str, Any]]] = {}
    for pair in sorted(data.get(pairs, []), key=lambda each: each.get("sort_order") or 0):
        if pair.get(key) in rows:
            found.setdefault(pair["post_id"], []).append(rows[pair[key]])
    return found


def _entry(
    post: dict[str, Any],
    meta: dict[str, Any],
    authors: dict[str, list[dict[str, Any]]],
    tags: dict[str, list[dict[str, Any]]],
    archive: Archive,
) -> Entry:
    if not post.get("html"):
        archive.lost["text of a post that has no html (open it in Ghost, save it, export again)"] += 1
    public = [each for each in tags.get(post["id"], []) if each.get("visibility", "public") == "public"]
    archive.lost.update({"internal tag": len(tags.get(post["id"], [])) - len(public)})
    if post.get("visibility", "public") != "public":
        archive.lost["restriction to members (it comes in for everybody)"] += 1
    published = post.get("status") == "published"
    lead = None
    if post.get("feature_image"):
        caption = re.sub(r"<[^>]+>", "", meta.get("feature_image_caption") or "")
        lead = Picture(post["feature_image"], meta.get("feature_image_alt") or "", caption)
    seo = {"title": meta.get("meta_title"), "description": meta.get("meta_description")}
    return Entry(
        external_id=f"ghost-{post['id']}",
        headline=(post.get("title") or "").strip(),
        html=post.get("html") or "",
        published_at=_moment(post.get("published_at")) if published else None,
        slug=post.get("slug") or "",
        standfirst=post.get("custom_excerpt") or "",
        authors=[each["name"] for each in authors.get(post["id"], [])],
        categories=[each["slug"] for each in public[:1]],
        tags=[each["name"] for each in public],
        lead=lead,
        old_path=f"/{post['slug']}/" if published and post.get("slug") else "",
        canonical_url=post.get("canonical_url") or "",
        seo={name: value for name, value in seo.items() if value},
    )


def _moment(text: str | None) -> str | None:
    """`2019-05-04T09:30:00.000Z`, or `2019-05-04 09:30:00`."""
    if not text:
        return None
    return text.replace(" ", "T") + ("" if text.endswith("Z") else "Z")
