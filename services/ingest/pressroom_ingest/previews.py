"""Previews: a draft as it would be, sent to render as an event of its own. No sink but the page's writer keeps it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pressroom_ingest.desk import Work
from pressroom_ingest.events import as_it_would_be, size_problem
from pressroom_ingest.keys import Actor, demand
from pressroom_shared import outbox
from pressroom_shared.events import ArticlePreviewed, Preview
from pressroom_shared.events.envelope import EVENT_BYTES_MAX
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES


@dataclass(frozen=True, slots=True)
class Shown:
    path: str
    expires_at: datetime


async def preview(work: Work, article_id: str, *, kept_h: int, actor: Actor) -> Shown:
    """Send the newest revision to be shown at an address that nobody guesses (256 bits). Raises 404, 403, 422."""
    head = await work.articles.head(article_id)
    demand(actor, "contributor", head.section)
    now = work.clock.now()
    article = await as_it_would_be(work, head, actor)
    token = secrets.token_urlsafe(32)
    shown = Shown(f"/preview/{token}/", now + timedelta(hours=kept_h))
    data = Preview(token=token, path=shown.path, expires_at=shown.expires_at, article=article)
    event = ArticlePreviewed(id=new_id(), source="/ingest", subject=article_id, time=now, data=data)
    payload = event.encode()
    if len(payload) > EVENT_BYTES_MAX:
        raise size_problem(len(payload))
    await outbox.add(
        work.connection,
        stream=ARTICLES,
        event_id=event.id,
        article_id=article_id,
        version=article.version,
        created_at=now,
        payload=payload,
    )
    return shown
