"""An article as the API answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pressroom_ingest.articles import Head, Revision
from pressroom_ingest.desk import Work
from pressroom_ingest.documents import ArticleIn, is_article_path, warnings
from pressroom_ingest.publications import Publication
from pressroom_ingest.schedules import Scheduled, schedule_view
from pressroom_shared.clock import rfc3339
from pressroom_shared.markdown import links

GIVEN = (
    *("slug", "standfirst", "kind", "language", "also_in", "dateline", "breaking", "embargo_until", "late_policy"),
    *("translation_of", "seo", "social", "canonical_url", "review", "redirect_from", "lead_image"),
)


async def article_view(work: Work, head: Head, *, now: datetime) -> dict[str, Any]:
    """The newest revision, and where the live one stands."""
    saved = await work.articles.revision(head.id, head.revision)
    given = saved.article
    whole = given.model_dump(mode="json")
    history = await work.publications.history(head.id)
    return {
        "id": head.id,
        "external_id": head.external_id,
        "state": head.state,
        "review_state": head.review_state,
        "revision": head.revision,
        "version": head.version,
        "url": work.site.absolute(head.path) if head.path else None,
        "headline": given.headline,
        "section": given.section,
        "body": given.body,
        **{name: whole[name] for name in GIVEN},
        "entries": whole["entries"],
        "slug": given.slug or head.slug,
        "language": given.language or work.site.language,
        "authors": [work.names.shown(each) for each in await work.names.people(given.authors)],
        "contributors": [work.names.shown(each) for each in await work.names.people(given.contributors)],
        "tags": [each.name for each in await work.names.tags(given.tags)],
        "created_at": rfc3339(head.created_at),
        "updated_at": rfc3339(head.updated_at),
        "first_published_at": rfc3339(head.first_published_at) if head.first_published_at else None,
        "has_unpublished_changes": head.live_revision is not None and head.revision != head.live_revision,
        "corrections": [
            {"version": each.version, "note": each.note, "at": rfc3339(each.at)}
            for each in history
            if each.change == "correction" and not each.withdrawn
        ],
        "schedule": schedule_view((await work.schedules.of([head.id])).get(head.id)),
        "warnings": await _warnings(work, given) + embargo_warnings(head, now),
    }


async def _warnings(work: Work, given: ArticleIn) -> list[dict[str, str]]:
    silent = list(dict.fromkeys(media_id for _, media_id in await work.shelf.unspoken(given)))
    addresses = links(given.text())
    targets = [each.removeprefix("article:") for each in addresses if each.startswith("article:")]
    if given.translation_of:
        targets.append(given.translation_of)
    known = await work.articles.exists(targets) if targets else set()
    base_url = work.site.base_url
    paths = [path for each in addresses if is_article_path(path := each.removeprefix(base_url))]
    found = await work.publications.taken(paths) if paths else set()
    return warnings(
        given, alt_missing=silent, known_article=known.__contains__, known_path=found.__contains__, base_url=base_url
    )


def embargo_warnings(head: Head, now: datetime) -> list[dict[str, str]]:
    if head.embargo_until is None or head.embargo_until <= now:
        return []
    return [{"field": "embargo_until", "message": f"It is under embargo until {rfc3339(head.embargo_until)}."}]


def list_view(work: Work, head: Head, planned: Scheduled | None, *, now: datetime) -> dict[str, Any]:
    """An article in a list: its head."""
    return {
        "id": head.id,
        "external_id": head.external_id,
        "state": head.state,
        "review_state": head.review_state,
        "revision": head.revision,
        "version": head.version,
        "headline": head.headline,
        "section": head.section,
        "url": work.site.absolute(head.path) if head.path else None,
        "created_at": rfc3339(head.created_at),
        "updated_at": rfc3339(head.updated_at),
        "first_published_at": rfc3339(head.first_published_at) if head.first_published_at else None,
        "has_unpublished_changes": head.live_revision is not None and head.revision != head.live_revision,
        "embargo_until": rfc3339(head.embargo_until) if head.embargo_until else None,
        "schedule": schedule_view(planned),
        "warnings": embargo_warnings(head, now),
    }


def revision_view(saved: Revision, *, whole: bool) -> dict[str, Any]:
    shown = {
        "number": saved.number,
        "by": saved.actor_name,
        "at": rfc3339(saved.at),
        "changed": saved.changed,
    }
    return shown | ({"document": saved.article.model_dump(mode="json")} if whole else {})


async def receipt_view(work: Work, went_out: Publication) -> dict[str, Any]:
    return {
        "article_id": went_out.article_id,
        "version": went_out.version,
        "published_at": rfc3339(went_out.at),
        "withdrawn": went_out.withdrawn,
        "scheduled_for": rfc3339(went_out.scheduled_for) if went_out.scheduled_for else None,
        "late_s": round((went_out.at - went_out.scheduled_for).total_seconds()) if went_out.scheduled_for else None,
        **await work.receipts.show(went_out.article_id, went_out.version),
    }
