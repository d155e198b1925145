"""There may be thousands of people and topics: what every publication asks of them is answered by an index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pressroom_ingest.names import LED, NOW
from pressroom_shared.database import migrate, open_database

STATEMENTS: dict[str, Any] = {"authors": NOW["author"], "tags": NOW["tag"], "former names": LED}


@pytest.mark.parametrize("which", STATEMENTS)
async def test_names_are_not_read_whole(tmp_path: Path, which: str) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/ingest.db") as database:
        await migrate(database, "pressroom_ingest")
        async with database.begin() as connection:
            compiled = STATEMENTS[which].compile(connection.engine.sync_engine)
            values = tuple("[]" for _ in compiled.positiontup or ())
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
            steps = [row[-1] for row in plan]
    assert any(each.startswith("SEARCH") for each in steps), steps
    assert not any(each.startswith("SCAN") and "json_each" not in each for each in steps), steps
