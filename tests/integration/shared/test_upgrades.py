"""Migrations with data in the tables: from each earlier revision to the newest, what was there is there, and serves."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.resources
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.settings import Settings
from pressroom_ingest.tables import media_use
from pressroom_ingest.waiting import Waiters
from pressroom_render.projection import Projection
from pressroom_render.teasers import teaser_of
from pressroom_shared.clock import from_microseconds
from pressroom_shared.database import Database, _upgrade, open_database
from tests.examples import article, described, previewed, published, version
from tests.integration.ingest.conftest import SITE
from tests.integration.notify.conftest import Mailbox, make_settings, office_in
from tests.integration.render.conftest import studio_in, take_in, tree, write_all

READER = "0193a0f0-0000-7000-8000-0000000000bb"
SECRET = "prk_a_key_of_an_older_release_0123456789"
PICTURE = "0193a0f0-0000-7000-8000-0000000000aa"
OLD = article(1)
TIME = version(1)

Rows = dict[str, dict[str, Any]]
"""What an older release has written: table → column → value. Of other columns any value will do."""


@dataclass(frozen=True)
class Service:
    """A service's migrations, what its older releases have written, and a look whether it still serves with that."""

    package: str
    rows: Rows
    serves: Callable[[Database, Path], Awaitable[None]]


INGEST: Rows = {
    "article": {
        "id": OLD.id,
        "external_id": None,
        "state": "live",
        "revision": 1,
        "live_revision": 1,
        "version": OLD.version,
        "headline": OLD.headline,
        "section": OLD.section,
        "slug": OLD.slug,
        "path": OLD.path,
        "review_state": "draft",
        "embargo_until": None,
    },
    "revision": {
        "number": 1,
        "document": {
            "headline": OLD.headline,
            "section": OLD.section,
            "body": f"The cranes stopped.\n\n![A crane](media:{PICTURE})",
            "authors": [{"name": "Ines Falk"}],
            "tags": ["Harbour"],
        },
        "changed": ["headline", "section", "body"],
    },
    "publication": {
        "version": OLD.version,
        "withdrawn": False,
        "revision": 1,
        "change": "new",
        "path": OLD.path,
        "redirect_to": None,
    },
    "label": {"kind": "tag", "slug": "harbour"},
    "person": {"slug": "ines-falk", "name": "Ines Falk", "title": None, "media_id": PICTURE, "links": []},
    "tag": {"slug": "harbour", "name": "Harbour"},
    "media": {"id": PICTURE, "key": "media/3f/3f.jpg", "media_type": "image/jpeg", "focal_point": [0.5, 0.5]},
    "receipt": {"version": OLD.version, "service": "pages", "status": "done", "counts": None},
    "outbox": {"stream": "pressroom:{p0}:articles", "article_id": OLD.id, "version": OLD.version, "payload": None},
    "api_key": {
        "role": "editor",
        "secret_sha256": hashlib.sha256(SECRET.encode()).hexdigest(),
        "revoked_at": None,
        "expires_at": None,
        "sections": {},
    },
    "schedule": {"change": None, "held": "It waits for an editor."},
    "front": {"front": "home", "slots": {"lead": [OLD.id]}},
    "replay": {"state": "done", "groups": ["pages"]},
}


async def ingest_serves(database: Database, folder: Path) -> None:
    """An editor's old key opens the old article, which is changed and published above its old version."""
    (folder / "site.toml").write_text(SITE)
    settings = Settings(site=folder / "site.toml", data_dir=folder / "data", database_url=database.url)
    async with open_desk(settings) as desk:
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {SECRET}"}
        url = f"/api/v1/articles/{OLD.id}"
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
            shown = (await api.get(url)).json()
            assert (shown["headline"], shown["version"], shown["state"]) == (OLD.headline, OLD.version, "live")
            assert shown["url"] == f"http://localhost:8080{OLD.path}"
            assert (shown["authors"][0]["slug"], shown["tags"]) == ("ines-falk", ["Harbour"])
            assert len((await api.get(f"{url}/revisions")).json()["items"]) == 1
            changed = await api.patch(url, json={"headline": "They move"}, headers={"If-Match": '"1"'})
            assert changed.status_code == 200, changed.text
            out = await api.post(f"{url}/publish")
            assert (out.status_code, out.json()["version"] > OLD.version) == (202, True), out.text
    async with database.read() as connection:
        uses = (await connection.execute(sa.select(media_use))).all()
    assert [tuple(each) for each in uses if each.media_id == PICTURE] == [(PICTURE, OLD.id)]


RENDER: Rows = {
    "article": {
        "id": OLD.id,
        "version": OLD.version,
        "live": True,
        "path": OLD.path,
        "redirect_to": None,
        "document": OLD.model_dump(mode="json"),
        "teaser_document": json.loads(json.dumps(teaser_of(OLD).document())),
        "outcome": None,
    },
    "page": {"path": OLD.path, "kind": "article", "subject": OLD.id, "generation": 1, "written": 1},
    "entry": {"list": "home", "article_id": OLD.id},
    "list": {"name": "home", "total": 1},
    "former": {"path": "/business/2026/11/23/cranes/", "article_id": OLD.id},
    "front": {"name": "home"},
    "curated": {"front": "home", "slot": "lead", "position": 0, "article_id": OLD.id},
    "profile": {"document": described("author", "ines-falk").data.model_dump(mode="json")},
    "preview": {"document": previewed().data.model_dump(mode="json")},
    "image": {"media_key": "media/3f/3f.jpg", "focal_point": [0.5, 0.5], "trouble": ""},
    "card": {"article_id": OLD.id, "version": OLD.version, "former": []},
}


async def render_serves(database: Database, folder: Path) -> None:
    """The old article is held, its former address leads to it, and a newer version of it comes onto its page."""
    async with studio_in(folder / "render", database.url, now=from_microseconds(version(9))) as studio:
        async with studio.database.read() as connection:
            held = await Projection(connection).formerly_at("/business/2026/11/23/cranes/")
        assert held is not None
        assert (held.id, held.version, held.article) == (OLD.id, OLD.version, OLD)
        await take_in(studio, published(2, headline="The cranes move again"))
        await write_all(studio)
        assert b"The cranes move again" in tree(studio)[f"{OLD.path.strip('/')}/index.html"]


NOTIFY: Rows = {
    "reader": {
        "id": READER,
        "email": "mira@example.com",
        "email_key": "mira@example.com",
        "state": "confirmed",
        "timezone": "America/New_York",
        "suppressed": None,
        "daily_at": None,
        "weekly_at": None,
    },
    "topic": {"kind": "section", "value": "business", "every_days": 0},
    "article": {
        "id": OLD.id,
        "version": OLD.version,
        "live": True,
        "silent_until": 0,
        "document": OLD.model_dump(mode="json"),
    },
    "fanout": {
        "article_id": OLD.id,
        "version": OLD.version,
        "occasion": "news",
        "planned": True,
        "finished": True,
        "dirty": False,
    },
    "delivery": {
        "reader_id": READER,
        "article_id": OLD.id,
        "channel": "mail",
        "occasion": "news",
        "announced": OLD.version,
        "every_days": 0,
        "state": "sent",
        "version": OLD.version,
        "leased_until": None,
        "owner": None,
        "digest_id": None,
    },
}


async def notify_serves(database: Database, folder: Path) -> None:
    """A reader of old is told of what is new, and not again of what the ledger says that they were told."""
    mailbox = Mailbox()
    mailbox.start()
    try:
        async with office_in(make_settings(folder / "notify", database.url, mailbox), mailbox) as office:
            await office.take_in(published(2))
            other = "0193a0f0-0000-7000-8000-000000000002"
            await office.take_in(published(3, id=other, path="/business/2026/11/23/other/", headline="Another one"))
            await office.work()
        assert [mail["Subject"] for mail in mailbox.to("mira@example.com")] == ["Another one"]
    finally:
        mailbox.stop()


SERVICES = [
    Service("pressroom_ingest", INGEST, ingest_serves),
    Service("pressroom_render", RENDER, render_serves),
    Service("pressroom_notify", NOTIFY, notify_serves),
]


def revisions(package: str) -> list[str]:
    """Every revision that a release may have stopped at, the first one first."""
    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(package) / "migrations"))
    config.set_main_option("path_separator", "os")
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def any_value(table: str, column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.JSON):
        return {"old": "yes"}
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.LargeBinary):
        return b"old"
    if isinstance(kind, sa.Integer):
        timely = column.name == "at" or column.name.endswith(("_at", "_until", "_before", "_for", "version"))
        return TIME if timely else 1
    return f"{table}.{column.name}"


def fill(connection: sa.Connection, rows: Rows) -> Rows:
    """A row into each table that there is. Says what was written, by table and column."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    written: Rows = {}
    for table in metadata.sorted_tables:
        if table.name == "alembic_version":
            continue
        given = rows.get(table.name, {})
        led = {key.parent.name: written[key.column.table.name][key.column.name] for key in table.foreign_keys}
        row = {each.name: any_value(table.name, each) for each in table.columns} | led
        row |= {name: value for name, value in given.items() if name in row}
        counted = table.autoincrement_column
        if counted is not None and counted.name not in led:
            del row[counted.name]
        made = connection.execute(table.insert().values(row)).inserted_primary_key
        written[table.name] = row | dict(zip(table.primary_key.columns.keys(), made or (), strict=True))
    return written


def read(connection: sa.Connection, written: Rows) -> Rows:
    """The same rows as they are now, with the columns of then."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    found: Rows = {}
    for name, row in written.items():
        now = connection.execute(sa.select(metadata.tables[name])).mappings().one()
        found[name] = {column: now[column] for column in row}
    return found


async def empty(url: str, folder: Path) -> str:
    """An empty database: a file of its own, or the one that there is, cleared."""
    if url.startswith("sqlite"):
        await asyncio.to_thread(folder.mkdir)
        return f"sqlite+aiosqlite:///{folder / 'old.db'}"
    async with open_database(url) as database, database.begin() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    return url


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.package)
async def test_what_any_earlier_release_has_stored_is_there_and_serves(
    service: Service, database_url: str, tmp_path: Path
) -> None:
    for revision in revisions(service.package):
        folder = tmp_path / revision
        async with open_database(await empty(database_url, folder), durable=False) as database:
            async with database.begin() as connection:
                await connection.run_sync(_upgrade, service.package, revision)
                written = await connection.run_sync(fill, service.rows)
            async with database.begin() as connection:
                await connection.run_sync(_upgrade, service.package)
                assert await connection.run_sync(read, written) == written, revision
            if "article" in written:
                await asyncio.to_thread(folder.mkdir, exist_ok=True)
                await service.serves(database, folder)
