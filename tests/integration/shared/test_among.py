"""One parameter for many values, and still by the index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pressroom_shared.among import among
from pressroom_shared.database import open_database

word = sa.table("word", sa.column("text", sa.Text), sa.column("live", sa.Boolean))
STATEMENTS = {
    "alone": sa.select(word.c.text).where(among(word.c.text, "texts")),
    "with another condition": sa.select(word.c.text).where(among(word.c.text, "texts"), word.c.live),
    "or another": sa.select(word.c.text).where(sa.or_(among(word.c.text, "texts"), word.c.text == "quay")),
    "update": sa.update(word).where(among(word.c.text, "texts")).values(live=True),
    "delete": sa.delete(word).where(among(word.c.text, "texts")),
}


@pytest.mark.parametrize("which", STATEMENTS)
async def test_rows_are_found_by_the_index_not_by_reading_the_table(tmp_path: Path, which: str) -> None:
    statement: Any = STATEMENTS[which]
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/among.db") as database, database.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE word (text TEXT PRIMARY KEY, live BOOLEAN)"))
        rows = [{"text": each, "live": True} for each in ("crane", "ferry", "it's", "quay")]
        await connection.execute(sa.insert(word), rows)
        plan = sa.text(f"EXPLAIN QUERY PLAN {statement.compile(connection.engine.sync_engine)}".replace("?", ":texts"))
        steps = [row[-1] for row in await connection.execute(plan, {"texts": "[]"}) if "word" in row[-1]]
        assert steps
        assert all(each.startswith("SEARCH word") for each in steps), steps
        assert (await connection.execute(statement, {"texts": ["ferry", "it's", "none"]})).rowcount in {2, -1}


async def test_the_values_are_those_given_and_may_be_none(tmp_path: Path) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/among.db") as database, database.begin() as connection:
        await connection.execute(sa.text("CREATE TABLE word (text TEXT PRIMARY KEY, live BOOLEAN)"))
        rows = [{"text": each, "live": True} for each in ("crane", "ferry", "it's", "quay")]
        await connection.execute(sa.insert(word), rows)
        found = await connection.scalars(STATEMENTS["alone"], {"texts": ["ferry", "it's", "none"]})
        assert sorted(found) == ["ferry", "it's"]
        assert (await connection.scalars(STATEMENTS["alone"], {"texts": []})).all() == []
