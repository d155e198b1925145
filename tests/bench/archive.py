"""An archive of articles made by rule, as large as one likes: the same every time, for us and for others' tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pressroom_shared.clock import microseconds
from pressroom_shared.events import Announcement, Article, ArticlePublished
from pressroom_shared.markdown import to_text
from pressroom_shared.site import Site

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""After the newest article of an archive; what is published later comes after this."""

A_DAY = 40
AUTHORS = 40
TAGS = 400
USED = [1 / (rank + 1) for rank in range(TAGS)]
"""How often each tag is used: as words are, few very often (Zipf)."""

PARAGRAPHS = 11
LEXICON = """
harbor wind council ferry tide market school bridge report budget winter morning engineer nurse river vote
ledger survey crane storm boat station light garden street archive letter court season mayor union signal
coast paper island water road field plan house price record evening crew line port district engine bell
"""
WORDS = LEXICON.split()
NAMES = ("Ines", "Tomas", "Mara", "Jonas", "Aiko", "Samir", "Lena", "Peter")
FAMILIES = ("Falk", "Brandt", "Okafor", "Lind", "Mori")


def articles(site: Site, count: int, *, first: int = 0) -> Iterator[Article]:
    """`count` articles, the oldest first. Those before number 0 end at `NOW`; from 0 on each is two minutes later."""
    keys = sorted(site.section_keys)
    return (_article(number, keys) for number in range(first, first + count))


def event(article: Article) -> ArticlePublished:
    return ArticlePublished(
        id=f"event-{article.id}", source="/ingest", subject=article.id, time=article.published_at, data=article
    )


def _article(number: int, keys: list[str]) -> Article:
    chance = Random(number)
    ago = timedelta(days=1) / A_DAY * -number
    at = NOW - ago if number < 0 else NOW + timedelta(minutes=2 * (number + 1))
    headline = f"{_sentence(chance, 7)[:-1]} {abs(number)}"
    section = chance.choice(keys)
    slug = f"{'-'.join(chance.choices(WORDS, k=4))}-{'n' if number < 0 else 'p'}{abs(number)}"
    body = _body(chance)
    who = chance.randrange(AUTHORS)
    name = f"{NAMES[who % len(NAMES)]} {FAMILIES[who // len(NAMES)]}"
    topics = sorted({*chance.choices(range(TAGS), USED, k=3)})
    return Article(
        id=f"0193a0f0-0000-7000-8000-{number + 10**9:012}",
        version=microseconds(at),
        revision=1,
        path=f"/{section.partition('/')[0]}/{at:%Y/%m/%d}/{slug}/",
        headline=headline,
        standfirst=_sentence(chance, 18),
        slug=slug,
        section=section,
        kind="opinion" if section == "opinion" else chance.choice(("news", "news", "news", "analysis")),
        language="en-US",
        body=body,
        body_text=to_text(body),
        authors=[{"slug": name.lower().replace(" ", "-"), "name": name}],
        tags=[{"slug": f"topic-{each}", "name": f"Topic {each}"} for each in topics],
        first_published_at=at,
        published_at=at,
        announcements=[Announcement(version=microseconds(at), change="new", at=at, notify=True)],
    )


def _body(chance: Random) -> str:
    """About 700 words: paragraphs, two headings, a list, a quotation, links, now and then a table."""
    parts = [" ".join(_sentence(chance, 14) for _ in range(4)) for _ in range(PARAGRAPHS)]
    parts[2] += f" The [full report](https://example.org/{chance.randrange(1000)}) is *public*."
    parts.insert(3, f"## {_sentence(chance, 4)[:-1]}")
    parts.insert(6, "\n".join(f"- {_sentence(chance, 8)}" for _ in range(4)))
    parts.insert(8, f"> {_sentence(chance, 12)}")
    parts.insert(10, f"## {_sentence(chance, 4)[:-1]}")
    if chance.random() < 0.1:
        parts.append("| day | count |\n| --- | ---: |\n" + "\n".join(f"| {day} | {day * 7} |" for day in range(1, 8)))
    return "\n\n".join(parts)


def _sentence(chance: Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def write_markdown(article: Article, folder: Path) -> Path:
    """The article as a file that Hugo and Eleventy read: JSON between lines of `---`, which is YAML, then Markdown."""
    main, _, sub = article.section.partition("/")
    head: dict[str, Any] = {
        "title": article.headline,
        "description": article.standfirst,
        "date": article.published_at.isoformat(),
        "slug": article.slug,
        "url": article.path,
        "id": article.id,
        "desk": main,
        "sub": f"{main}-{sub}" if sub else "",
        "form": article.kind,
        "authors": [each.name for each in article.authors],
        "topics": [each.name for each in article.tags],
    }
    file = folder / main / f"{article.slug}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{json.dumps(head)}\n---\n\n{article.body}\n", encoding="utf-8")
    return file
