"""Builds the whole site anew beside the one that readers see, then puts it in its place in one step.

For a change of templates, site file or base URL. Publishing goes on meanwhile: a page that changed after it was built
is marked, and written into the new site.
"""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.addresses import Page
from pressroom_render.bodies import make_all
from pressroom_render.compose import Composer
from pressroom_render.gather import Gatherer, Memory
from pressroom_render.looks import keep_look
from pressroom_render.pages import NAMED_MAX, lock_pages
from pressroom_render.tables import page as table
from pressroom_shared.among import among
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.sitestore import SiteStore

BATCH = 64
ROOT = "www"
EXCHANGE = 2
"""`RENAME_EXCHANGE` of renameat2(2)."""
AT_FDCWD = -100


Progress = Callable[[int, int], None]
"""Told how many pages are done, and of how many."""


def no_progress(_done: int, _total: int) -> None:
    """Nobody is told."""


MARKED = sa.select(table.c.path, table.c.kind, table.c.subject, table.c.generation).where(among(table.c.path, "paths"))


@dataclass(frozen=True, slots=True)
class Built:
    """A page in the new site: at which generation, and the hash of its bytes; none where there is no such page."""

    generation: int
    hash: str | None


async def rebuild(
    database: Database,
    store: SiteStore,
    composer: Composer,
    clock: Clock,
    memory: Memory,
    progress: Progress = no_progress,
) -> int:
    """Build every page into a new root and switch. Says how many pages there are. Raises `OSError`."""
    new = f"{ROOT}-{secrets.token_hex(4)}"
    built: dict[str, Built] = {}
    try:
        async with database.read() as connection:
            paths = list((await connection.execute(sa.select(table.c.path).order_by(table.c.path))).scalars())
        for start in range(0, len(paths), BATCH):
            progress(start, len(paths))
            built |= await _build(database, store, composer, clock, paths[start : start + BATCH], new, memory)
        progress(len(paths), len(paths))
        async with database.begin() as connection:
            await _settle(connection, built, clock)
            await keep_look(connection, composer.look)
            await asyncio.to_thread(_switch, store.path(ROOT), store.path(new))
    finally:
        await asyncio.to_thread(shutil.rmtree, store.path(new), ignore_errors=True)
    return sum(each.hash is not None for each in built.values())


async def _build(
    database: Database,
    store: SiteStore,
    composer: Composer,
    clock: Clock,
    paths: list[str],
    root: str,
    memory: Memory,
) -> dict[str, Built]:
    async with database.read() as connection:
        rows = (await connection.execute(MARKED, {"paths": paths})).all()
        gatherer = Gatherer(connection, composer.site, clock, memory, composer.standing)
        pages = [Page(*row[:3]) for row in rows]
        materials = await gatherer.gather(pages)
    bodies = await asyncio.to_thread(make_all, composer.compose, materials, lambda: None)
    made = list(zip(pages, bodies, strict=True))
    files = [(key, each) for _, body in made if body for key, each in body.files]
    await store.fill([(_inside(key, root), each) for key, each in files if _is_public(key)])
    await store.put_all([(key, each) for key, each in files if not _is_public(key)])
    return {
        page.path: Built(row.generation, body.hash if body else None)
        for row, (page, body) in zip(rows, made, strict=True)
    }


def _is_public(key: str) -> bool:
    """Whether a file has a place in the new site; what is not public has but one place."""
    return key.startswith(f"{ROOT}/")


def _inside(key: str, root: str) -> str:
    return key.replace(f"{ROOT}/", f"{root}/", 1)


async def _settle(connection: AsyncConnection, built: dict[str, Built], clock: Clock) -> None:
    """Keep the new hashes; mark what changed since it was built. No page is written until this is committed."""
    everything = list((await connection.execute(sa.select(table.c.path))).scalars())
    now = await lock_pages(connection, everything)
    late = sorted(path for path, mark in now.items() if path not in built or built[path].generation != mark.generation)
    for start in range(0, len(late), NAMED_MAX):
        await connection.execute(
            sa.update(table)
            .where(table.c.path.in_(late[start : start + NAMED_MAX]))
            .values(generation=table.c.generation + 1, due_at=clock.now(), hash=None)
        )
    kept = [{"at": path, "new": built[path].hash} for path in sorted(built.keys() - set(late))]
    if kept:
        statement = sa.update(table).where(table.c.path == sa.bindparam("at")).values(hash=sa.bindparam("new"))
        await connection.execute(statement, kept)


def _switch(old: Path, new: Path) -> None:
    """Let two folders change places, in one step where the system can."""
    if not old.exists():
        new.rename(old)
        return
    library = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    exchange = getattr(library, "renameat2", None)
    if exchange is not None and exchange(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(old), EXCHANGE) == 0:
        return
    aside = new.with_name(f"{new.name}-old")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)
