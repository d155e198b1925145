"""The gate: what an incremental site must be equal to, and events by chance that try to make it something else."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pressroom_render.app import Studio
from pressroom_shared.clock import from_microseconds
from pressroom_shared.events import ArticlePublished
from tests.examples import FIRST_VERSION, published, unpublished, version
from tests.integration.render.conftest import Event, studio_in, take_in, tree, write_all

SECTIONS = ["business", "business/economy", "world", "opinion", "trending"]
KINDS = ["news", "news", "analysis", "review"]
DAY_US = 86_400_000_000
PICTURE = {"id": "m", "key": "media/ab/ab.jpg", "media_type": "image/jpeg", "width": 1600, "height": 1000, "bytes": 9}


@dataclass
class Newsroom:
    """Events by chance about a number of articles, and what the newest of each is."""

    chance: random.Random
    articles: int = 25
    newest: dict[str, Event] = field(default_factory=dict)
    number: int = 1

    def by_bulk(self) -> bool:
        """Whether an event comes as an import's or a replay's do."""
        return self.chance.random() < 0.3

    def event(self) -> Event:
        """A publication, an update, a withdrawal, a repeat or a stale event."""
        self.number += 1
        article_id = f"article-{self.chance.randrange(self.articles):03}"
        held = self.newest.get(article_id)
        roll = self.chance.random()
        if held is not None and roll < 0.1:
            return held
        if held is not None and roll < 0.22:
            return self._note(unpublished(self.number, id=article_id, path=held.data.path))
        if isinstance(held, ArticlePublished) and roll < 0.4:
            return self._note(self.touched(held))
        stale = held is not None and roll > 0.94
        return self._note(self.publication(article_id, max(1, self.number - 2) if stale else self.number))

    def touched(self, held: ArticlePublished) -> Event:
        """The same article with one thing changed: its words, its headline, or a correction."""
        data = held.data.model_dump()
        change = self.chance.choice(["body", "headline", "corrections"])
        if change == "corrections":
            at = from_microseconds(version(self.number))
            data[change] = [*data[change], {"version": version(self.number), "note": f"Note {self.number}", "at": at}]
        else:
            data[change] = f"{data[change]} again"
        for name in ("version", "revision", "published_at", "announcements", "body_text"):
            data.pop(name)
        return published(self.number, **data)

    def publication(self, article_id: str, number: int) -> Event:
        chance, which = self.chance, int(article_id[-3:])
        section = chance.choice(SECTIONS)
        slug = f"{article_id}-{chance.randrange(2)}"
        links = " ".join(
            f"[other](article:article-{chance.randrange(self.articles):03})" for _ in range(chance.randrange(3))
        )
        pictured = chance.random() < 0.5
        return published(
            number,
            id=article_id,
            section=section,
            slug=slug,
            path=f"/{section.partition('/')[0]}/2026/11/{17 + which % 7}/{slug}/",
            headline=f"{article_id} says {chance.randrange(3)}",
            kind="opinion" if section == "opinion" else chance.choice(KINDS),
            body=f"Words {chance.randrange(3)} {links}",
            language=chance.choice(["en-US", "en-US", "ar"]),
            tags=[{"slug": f"tag-{n}", "name": f"Tag {n}"} for n in chance.sample(range(4), chance.randrange(3))],
            authors=[{"slug": f"author-{n}", "name": f"Author {n}"} for n in chance.sample(range(3), 1)],
            translation_of=f"article-{chance.randrange(self.articles):03}" if chance.random() < 0.2 else None,
            also_in=chance.sample(SECTIONS, chance.randrange(2)),
            first_published_at=from_microseconds(FIRST_VERSION - DAY_US * (which % 7) + which),
            breaking=chance.random() < 0.1,
            media=[PICTURE] if pictured else [],
            lead_image={"media_id": "m", "alt": "A harbour"} if pictured else None,
        )

    def _note(self, event: Event) -> Event:
        held = self.newest.get(event.data.id)
        if held is None or event.data.version > held.data.version:
            self.newest[event.data.id] = event
        return event


async def full_build(folder: Path, events: Iterable[Event], now: datetime) -> dict[str, bytes]:
    """The site as it is when these events, in any order, are all that ever happened."""
    async with studio_in(folder, now=now) as studio:
        for event in events:
            await take_in(studio, event)
        await write_all(studio)
        return tree(studio)


async def assert_exact(studio: Studio, folder: Path, newsroom: Newsroom) -> None:
    """With nothing dirty, the site is byte for byte a full build."""
    await write_all(studio)
    incremental = tree(studio)
    events = list(newsroom.newest.values())
    newsroom.chance.shuffle(events)
    full = await full_build(folder, events, studio.clock.now())
    stale = {name for name, body in incremental.items() if full.get(name, body) != body}
    wrong = {"too many": incremental.keys() - full.keys(), "missing": full.keys() - incremental.keys(), "stale": stale}
    assert not any(wrong.values()), {what: sorted(names) for what, names in wrong.items()}
