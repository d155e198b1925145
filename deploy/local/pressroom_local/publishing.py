"""From an article's file to the live page: pictures first, then the article, then its publication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pressroom_local.client import Api
from pressroom_local.errors import ApiError, FrontMatterError
from pressroom_local.frontmatter import Manuscript

CHANGEABLE = (
    *("slug", "standfirst", "kind", "language", "authors", "contributors", "tags", "also_in", "lead_image", "dateline"),
    *("breaking", "embargo_until", "late_policy", "seo", "social", "canonical_url", "review", "redirect_from"),
)
"""What is taken away from an article when its file no longer says it."""


@dataclass(slots=True)
class Draft:
    """An article as the API holds it, beside its file."""

    manuscript: Manuscript
    id: str
    revision: int
    state: str
    new: bool
    published: int
    """How many of its publications were corrections."""
    media: dict[str, str]

    @property
    def live(self) -> bool:
        return self.state == "live"


async def store(
    api: Api, manuscripts: Sequence[Manuscript], *, only_new: bool = False, strict: bool = True
) -> list[Draft]:
    """Create or change the drafts of these files; links among them may lead in both directions.

    With `only_new`, an article that is there already stays as it is. Raises `FrontMatterError` for a link to an article
    that nobody knows, and for whatever the API refuses, with the file's name.
    """
    known: dict[str, str] = {}
    drafts = [await _store(api, each, known, only_new=only_new) for each in manuscripts]
    for draft in drafts:
        for target in draft.manuscript.links:
            if target not in known and (found := await api.find(target)) is not None:
                known[target] = found["id"]
            if target not in known and strict:
                raise FrontMatterError(
                    f"{draft.manuscript.path}: body: the link to {target!r} is neither an address "
                    "nor the external_id of an article."
                )
        if draft.manuscript.links and (draft.new or not only_new):
            document = draft.manuscript.resolved(media=draft.media, articles=known)
            await _change(api, draft, {"body": document["body"]})
    return drafts


async def _store(api: Api, manuscript: Manuscript, known: dict[str, str], *, only_new: bool) -> Draft:
    held = await api.find(manuscript.external_id) if manuscript.external_id else None
    if held is not None and only_new and held["state"] in {"live", "withdrawn"}:
        article = await api.article(held["id"])
        draft = _draft(manuscript, article, new=False, media={})
    else:
        try:
            media = {each.target: await api.upload(each) for each in manuscript.pictures}
            document = manuscript.resolved(media=media, articles=known)
            if held is None:
                draft = _draft(manuscript, await api.create(document), new=True, media=media)
            else:
                gone = {name: None for name in CHANGEABLE if name not in document}
                draft = _draft(manuscript, await api.article(held["id"]), new=only_new, media=media)
                fixed = {"external_id", "published_at"}
                await _change(api, draft, gone | {k: v for k, v in document.items() if k not in fixed})
        except ApiError as error:
            raise FrontMatterError(f"{manuscript.path}: {error}") from error
    if manuscript.external_id:
        known[manuscript.external_id] = draft.id
    return draft


async def _change(api: Api, draft: Draft, patch: dict[str, Any]) -> None:
    try:
        article = await api.change(draft.id, patch, revision=draft.revision)
    except ApiError as error:
        raise FrontMatterError(f"{draft.manuscript.path}: {error}") from error
    draft.revision = article["revision"]


def _draft(manuscript: Manuscript, article: dict[str, Any], *, new: bool, media: dict[str, str]) -> Draft:
    return Draft(
        manuscript,
        article["id"],
        article["revision"],
        article["state"],
        new,
        len(article["corrections"]),
        media,
    )


async def publish_once(api: Api, draft: Draft) -> bool:
    """Publish what is not live, and each correction of the file that is not out yet. Whether anything went out."""
    went_out = False
    if not draft.live:
        await api.publish(draft.id)
        went_out = True
    for note in draft.manuscript.corrections[draft.published :]:
        await api.publish(draft.id, change="correction", note=note)
        went_out = True
    return went_out


async def publish_again(api: Api, draft: Draft, *, note: str, notify: bool | None, wait_s: float) -> dict[str, Any]:
    """Publish the file's newest text: as new, as an update, or as a correction when there is a note."""
    corrections = [*draft.manuscript.corrections[draft.published :], *([note] if note else [])]
    told: dict[str, Any] = {} if notify is None else {"notify": notify}
    answer: dict[str, Any] = {}
    if not draft.live or not corrections:
        answer = await api.publish(draft.id, wait_s=0 if corrections else wait_s, **told)
    for number, each in enumerate(corrections, start=1):
        last = wait_s if number == len(corrections) else 0
        answer = await api.publish(draft.id, wait_s=last, change="correction", note=each, **told)
    return answer
