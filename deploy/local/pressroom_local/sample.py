"""The sample newspaper: loaded through the API like anybody's articles, and taken away again."""

from __future__ import annotations

import asyncio
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from pressroom_local.client import Api
from pressroom_local.frontmatter import Manuscript, Picture, read_manuscript
from pressroom_local.progress import Progress
from pressroom_local.publishing import Draft, publish_once, store

FOLDER = Path(__file__).parent / "sample"
SITE = FOLDER / "site.toml"
FACE_AT = (0.5, 0.45)
"""Where the people of the sample look out of their pictures."""
LOOK_S = 0.3
"""Pause between two looks at the receipts."""


def manuscripts() -> list[Manuscript]:
    """Its articles, in the order in which they appeared."""
    found = [read_manuscript(path) for path in sorted((FOLDER / "articles").glob("*.md"))]
    return sorted(found, key=lambda each: datetime.fromisoformat(each.document["published_at"]))


def people() -> dict[str, dict[str, Any]]:
    """What is said of its columnists, by their slugs: `bio`, `picture` (a file beside its site file), `alt`."""
    return tomllib.loads((FOLDER / "authors.toml").read_text(encoding="utf-8"))


async def load(api: Api, progress: Progress, *, timeout_s: float) -> int:
    """Publish what is not live yet; how many articles went out. Ends when every service has had its say of them."""
    progress.say("Storing the sample newspaper's articles and pictures …")
    drafts = await store(api, manuscripts(), only_new=True)
    await _introduce(api)
    with progress:
        went_out: list[Draft] = []
        for draft in drafts:
            if await publish_once(api, draft):
                went_out.append(draft)
                progress.published(draft.id, draft.manuscript.headline)
                await _look(api, progress)
        try:
            async with asyncio.timeout(timeout_s):
                while progress.open:
                    await _look(api, progress)
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            progress.say(
                f"{len(progress.open)} articles are not yet everywhere; `pressroom status ARTICLE` tells more."
            )
    return len(went_out)


async def _introduce(api: Api) -> None:
    """Say who its columnists are, of whom nobody has said anything yet."""
    for slug, said in people().items():
        held = await api.call("GET", f"/authors/{slug}")
        if not held["bio"] and not held["media_id"]:
            picture = Picture("picture", said["picture"], FOLDER / said["picture"], said["alt"], focal_point=FACE_AT)
            patch = {"bio": said["bio"], "media_id": await api.upload(picture)}
            await api.call("PATCH", f"/authors/{slug}", json=patch)


async def _look(api: Api, progress: Progress) -> None:
    for article_id in list(progress.open):
        progress.receipt(article_id, await api.receipt(article_id))


async def remove(api: Api) -> int:
    """Withdraw what is live and delete what never was; how many articles that was."""
    removed = 0
    for each in manuscripts():
        held = await api.find(each.external_id or "")
        if held is None or held["state"] == "withdrawn":
            continue
        if held["state"] == "live":
            await api.call("POST", f"/articles/{held['id']}/unpublish", json={"reason": "The sample was removed."})
        else:
            await api.call("DELETE", f"/articles/{held['id']}")
        removed += 1
    return removed
