"""What a change of site file, base URL, template or text would change: every page is made, and none is put in place."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from pressroom_render.addresses import Page, standing_pages
from pressroom_render.app import Studio
from pressroom_render.bodies import hash_of
from pressroom_render.gather import Gatherer
from pressroom_render.looks import look_of
from pressroom_render.rebuild import BATCH, Progress, no_progress
from pressroom_render.tables import page as table

EXAMPLES = 3
"""Addresses of each kind that are named."""

What = Literal["changed", "new", "gone"]


@dataclass(slots=True)
class Changes:
    """What one rebuild would do, by kind of page."""

    pages: int = 0
    waiting: int = 0
    """Pages that are about to be written anyway: nothing is known of them."""
    another_look: bool = False
    counts: dict[str, Counter[What]] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(each.total() for each in self.counts.values())

    def add(self, page: Page, what: What) -> None:
        self.counts.setdefault(page.kind, Counter())[what] += 1
        named = self.examples.setdefault(page.kind, [])
        if len(named) < EXAMPLES:
            named.append(page.path)

    def document(self) -> dict[str, Any]:
        kinds = {
            kind: {what: found[what] for what in ("changed", "new", "gone")} | {"examples": self.examples[kind]}
            for kind, found in sorted(self.counts.items())
        }
        return {
            "pages": self.pages,
            "would_change": self.total,
            "waiting": self.waiting,
            "another_look": self.another_look,
            "kinds": kinds,
        }

    def told(self) -> list[str]:
        """The same in lines for a person."""
        lines = [f"{self.total:,} of {self.pages:,} pages would change:" if self.total else "Nothing would change."]
        for kind, told in self.document()["kinds"].items():
            counts = ", ".join(f"{told[what]:,} {what}" for what in ("changed", "new", "gone") if told[what])
            lines.append(f"  {kind:<12} {counts}: {' '.join(told['examples'])}")
        if self.waiting:
            lines.append(f"{self.waiting:,} pages are about to be written anyway.")
        if self.total:
            lines.append("`pressroom site rebuild` does it in one step.")
        return lines


async def check(studio: Studio, progress: Progress = no_progress) -> Changes:
    """Make every page with today's files and compare it with what readers see. Writes nothing."""
    changes = Changes()
    standing = {each.path: each for each in standing_pages(studio.site, sorted(studio.composer.standing))}
    async with studio.database.read() as connection:
        changes.another_look = await look_of(connection) not in {None, studio.composer.look}
        paths = sorted({*(await connection.execute(sa.select(table.c.path))).scalars(), *standing})
    for start in range(0, len(paths), BATCH):
        progress(start, len(paths))
        await _compare(studio, paths[start : start + BATCH], standing, changes)
    progress(len(paths), len(paths))
    return changes


async def _compare(studio: Studio, paths: list[str], standing: dict[str, Page], changes: Changes) -> None:
    now = studio.clock.now()
    async with studio.database.read() as connection:
        rows = (await connection.execute(sa.select(table).where(table.c.path.in_(paths)))).all()
        held = {row.path: row for row in rows}
        gatherer = Gatherer(connection, studio.site, studio.clock, studio.memory, studio.composer.standing)
        pages: list[tuple[Page, str | None]] = []
        for path in paths:
            row = held.get(path)
            if row is not None and (row.generation > row.written or (row.stale_at is not None and row.stale_at <= now)):
                changes.waiting += 1
                continue
            page = standing[path] if row is None else Page(row.path, row.kind, row.subject)
            pages.append((page, row.hash if row else None))
        materials = await gatherer.gather([page for page, _ in pages])
    for (page, before), material in zip(pages, materials, strict=True):
        files = None if material is None else await asyncio.to_thread(studio.composer.compose, material)
        after = None if files is None else hash_of(files)
        changes.pages += before is not None
        if before != after:
            changes.add(page, "new" if before is None else "gone" if after is None else "changed")
