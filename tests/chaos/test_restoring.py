"""Ingest's database is restored from an older backup: what was published since is taken back, and silently."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.newsroom import Newsroom
from tests.system import System
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)
READER = "restored@reader.example"
LOST = "The lamp at Gull Rock burns again"


def pressroom(system: System, *words: str) -> str:
    """The command, as an operator types it. What it printed."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
    told = {"PRESSROOM_LOCAL_URL": system.url, "PRESSROOM_ADMIN_KEY": system.key}
    line = [sys.executable, "-m", "pressroom_local", *words]
    done = subprocess.run(
        line, env=plain | told, cwd=system.folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def copy_database(source: Path, target: Path) -> None:
    """All of SQLite's files of one database, while nobody has it open."""
    for each in target.parent.glob(f"{target.name}*"):
        each.unlink()
    for each in source.parent.glob(f"{source.name}*"):
        shutil.copy(each, target.with_name(each.name))


async def start(system: System, newsroom: Newsroom) -> None:
    """Until editors are answered: readers are, sooner."""
    system.start()

    async def answers() -> bool:
        return (await newsroom.editor.get("/api/v1/articles")).status_code == 200

    await until(answers, timeout_s=60)


async def test_what_was_published_after_the_backup_is_taken_back(tmp_path: Path) -> None:
    with System(tmp_path) as system:
        database, backup = system.data / "ingest.db", tmp_path / "backup" / "ingest.db"
        backup.parent.mkdir()
        newsroom = Newsroom(system.url, system.key)
        await newsroom.subscribe(READER)
        kept = await newsroom.write_and_publish(headline="The ferry sails at eight")
        await newsroom.complete(kept["id"])
        system.stop()
        copy_database(database, backup)
        await start(system, newsroom)
        head = await newsroom.editor.get(f"/api/v1/articles/{kept['id']}")
        change = {"headline": "The ferry sails at nine"}
        await newsroom.editor.patch(
            f"/api/v1/articles/{kept['id']}", json=change, headers={"If-Match": head.headers["ETag"]}
        )
        await newsroom.publish(kept["id"], change="silent")
        lost = await newsroom.write_and_publish(headline=LOST, tags=["Lamps"])
        for each in (kept["id"], lost["id"]):
            await newsroom.complete(each)
        told = [each.subject for each in await newsroom.mails(READER)]
        system.stop()
        copy_database(backup, database)
        await start(system, newsroom)

        assert (await newsroom.editor.get(f"/api/v1/articles/{lost['id']}")).status_code == 404
        assert (await newsroom.page(lost["url"])).status_code == 200, "sinks that are newer stay"
        looked = pressroom(system, "reconcile", "--adopt", "--dry-run")
        assert "Would be done: 2 asked back from the pages." in looked
        assert "Taken back: 2." in pressroom(system, "reconcile", "--adopt")

        back = (await newsroom.editor.get(f"/api/v1/articles/{lost['id']}")).json()
        assert (back["state"], back["headline"], back["url"]) == ("live", LOST, lost["url"])
        assert (await newsroom.editor.get(f"/api/v1/articles/{kept['id']}")).json()["headline"] == change["headline"]
        for each in (kept["id"], lost["id"]):
            await newsroom.complete(each, timeout_s=60)

        async def no_drift() -> bool:
            return "No drift in pages, cards, search, notify." in pressroom(system, "reconcile", "--contents")

        await until(no_drift, timeout_s=60)
        assert (await newsroom.page(lost["url"])).status_code == 200
        third = await newsroom.write_and_publish(headline="It goes on")
        await newsroom.complete(third["id"])
        assert [each.subject for each in await newsroom.mails(READER)] == [*told, "It goes on"]
        await newsroom.close()
