"""Events for tests: whole and valid, with what a test cares about given by name."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from pressroom_shared.clock import from_microseconds, microseconds
from pressroom_shared.events import (
    Announcement,
    ApiKey,
    Article,
    ArticlePreviewed,
    ArticlePublished,
    ArticleUnpublished,
    AuthorChanged,
    AuthorProfile,
    Front,
    FrontChanged,
    KeyRing,
    KeysChanged,
    Preview,
    TagChanged,
    TagProfile,
    Withdrawal,
)
from pressroom_shared.ids import new_id

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIRST_VERSION = microseconds(START)


def version(number: int) -> int:
    """The n-th version, a second after the one before."""
    return FIRST_VERSION + number * 1_000_000


def article(number: int = 1, **fields: Any) -> Article:
    """An article in its n-th version."""
    at = from_microseconds(version(number))
    article_id = fields.pop("id", "0193a0f0-0000-7000-8000-000000000001")
    base: dict[str, Any] = {
        "id": article_id,
        "version": version(number),
        "revision": number,
        "path": "/business/2026/11/23/harbour-cranes-stand-still/",
        "headline": "Harbour cranes stand still for a third day",
        "standfirst": "Nobody in Alder Bay agrees on who switched them off.",
        "slug": "harbour-cranes-stand-still",
        "section": "business/economy",
        "language": "en-US",
        "body": "The cranes stopped at noon.\n\n## Nobody at the switch\n\nThe port says it was the wind.",
        "body_text": "The cranes stopped at noon.\n\nNobody at the switch\n\nThe port says it was the wind.",
        "authors": [{"slug": "ines-falk", "name": "Ines Falk"}],
        "tags": [{"slug": "harbour", "name": "Harbour"}],
        "first_published_at": from_microseconds(version(1)),
        "published_at": at,
        "announcements": [
            Announcement(
                version=version(n),
                change="new" if n == 1 else "update",
                at=from_microseconds(version(n)),
                notify=n == 1,
            )
            for n in range(1, number + 1)
        ],
    }
    return Article.model_validate(base | fields)


def published(number: int = 1, *, replay: bool = False, **fields: Any) -> ArticlePublished:
    data = article(number, **fields)
    return ArticlePublished(
        id=new_id(), source="/ingest", subject=data.id, time=data.published_at, replay=replay, data=data
    )


def unpublished(number: int = 2, *, replay: bool = False, **fields: Any) -> ArticleUnpublished:
    base: dict[str, Any] = {
        "id": "0193a0f0-0000-7000-8000-000000000001",
        "version": version(number),
        "path": "/business/2026/11/23/harbour-cranes-stand-still/",
        "at": from_microseconds(version(number)),
    }
    data = Withdrawal.model_validate(base | fields)
    return ArticleUnpublished(id=new_id(), source="/ingest", subject=data.id, time=data.at, replay=replay, data=data)


def curated(number: int = 1, *, replay: bool = False, front: str = "home", **slots: list[str]) -> FrontChanged:
    """A front as an editor has curated it the n-th time."""
    at = from_microseconds(version(number))
    data = Front.model_validate({"front": front, "version": version(number), "at": at, **slots})
    return FrontChanged(id=new_id(), source="/ingest", subject=f"front:{front}", time=at, replay=replay, data=data)


def key(secret: str, role: str = "editor", **more: Any) -> ApiKey:
    """An API key whose secret is known here."""
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    base = {"id": secret, "name": secret, "role": role, "secret_sha256": sha256, "created_at": START}
    return ApiKey.model_validate(base | more)


def ring(number: int, *keys: ApiKey) -> KeysChanged:
    """The n-th ring of keys."""
    data = KeyRing(version=version(number), keys=list(keys))
    return KeysChanged(id=new_id(), source="/ingest", subject="keys", time=START, data=data)


def previewed(token: str = "t" * 43, *, hours: int = 24, **fields: Any) -> ArticlePreviewed:
    """A draft that is shown for some hours."""
    data = Preview(
        token=token,
        path=f"/preview/{token}/",
        expires_at=START + timedelta(hours=hours),
        article=article(**fields),
    )
    return ArticlePreviewed(id=new_id(), source="/ingest", subject=data.article.id, time=START, data=data)


def described(
    kind: str, slug: str, number: int = 1, *, replay: bool = False, **fields: Any
) -> AuthorChanged | TagChanged:
    """An author or a tag as the newsroom describes it the n-th time."""
    at = from_microseconds(version(number))
    base = {"slug": slug, "name": slug.title(), "version": version(number), "at": at} | fields
    head: dict[str, Any] = {
        "id": new_id(),
        "source": "/ingest",
        "subject": f"{kind}:{slug}",
        "time": at,
        "replay": replay,
    }
    if kind == "author":
        return AuthorChanged(**head, data=AuthorProfile.model_validate(base))
    return TagChanged(**head, data=TagProfile.model_validate(base))
