"""The ledger holds every mail ever sent: what is asked after each commit is answered by the index of what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from pressroom_notify import ledger
from pressroom_notify.tables import delivery, in_state
from pressroom_shared.database import migrate, open_database

STATEMENTS: dict[str, tuple[Any, str]] = {
    "whether a mail is due": (ledger.ANY_DUE, "ix_delivery_due"),
    "which mails are leased": (ledger.CLAIM, "ix_delivery_due"),
    "what a digest holds": (
        sa.select(delivery.c.id).where(in_state("digest"), delivery.c.every_days == 1, delivery.c.reader_id == "r"),
        "ix_delivery_digest",
    ),
}


@pytest.mark.parametrize("which", STATEMENTS)
async def test_the_ledger_is_not_read_whole(tmp_path: Path, which: str) -> None:
    statement, index = STATEMENTS[which]
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/notify.db") as database:
        await migrate(database, "pressroom_notify")
        async with database.begin() as connection:
            compiled = statement.compile(connection.engine.sync_engine)
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", (0,) * len(compiled.positiontup))
            steps = [row[-1] for row in plan if "delivery" in row[-1]]
    assert any(index in each for each in steps), steps
    assert not any(each == "SCAN delivery" for each in steps), steps
