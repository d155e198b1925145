"""Receipts: what each service said of each version. A receipt never leaves `done`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import publication, receipt
from pressroom_shared.clock import rfc3339
from pressroom_shared.database import insert
from pressroom_shared.events import Outcome

SERVICES = ("pages", "cards", "search", "notify")
FINAL = {"done", "failed", "skipped", "stale"}


class Receipts:
    """The receipts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(self, outcome: Outcome) -> None:
        """Take a service's word. Of a version that is not ours nothing is kept (a restored, older database)."""
        ours = sa.select(publication.c.version).where(
            publication.c.article_id == outcome.article_id, publication.c.version == outcome.version
        )
        if await self._connection.scalar(ours) is None:
            return
        said: dict[str, Any] = {
            "status": outcome.status,
            "at": outcome.at,
            "took_ms": outcome.took_ms,
            "detail": outcome.detail,
        }
        if outcome.notify is not None:
            said["counts"] = outcome.notify.model_dump(mode="json")
        stays_done = sa.and_(receipt.c.status == "done", sa.literal(outcome.status) != "done")
        await self._connection.execute(
            insert(self._connection, receipt)
            .values(article_id=outcome.article_id, version=outcome.version, service=outcome.service, **said)
            .on_conflict_do_update(
                index_elements=[receipt.c.article_id, receipt.c.version, receipt.c.service],
                set_=said,
                where=sa.not_(stays_done),
            )
        )

    async def show(self, article_id: str, version: int) -> dict[str, Any]:
        """As api.md has it."""
        rows = await self._connection.execute(
            sa.select(receipt).where(receipt.c.article_id == article_id, receipt.c.version == version)
        )
        said = {row.service: row for row in rows}
        parts = {name: _part(name, said.get(name)) for name in SERVICES}
        notify_open = parts["notify"].pop("open")
        final = all(part["status"] in FINAL for part in parts.values())
        return {"live": parts["pages"]["status"] == "done", "complete": final and not notify_open, **parts}

    async def is_live(self, article_id: str, version: int) -> bool:
        status = await self._connection.scalar(
            sa.select(receipt.c.status).where(
                receipt.c.article_id == article_id, receipt.c.version == version, receipt.c.service == "pages"
            )
        )
        return status == "done"


def _part(service: str, row: Any) -> dict[str, Any]:
    """One service's word; `waiting` while it has said nothing."""
    part: dict[str, Any] = {"status": "waiting", "at": None, "took_ms": None, "detail": ""}
    if row is not None:
        at = rfc3339(row.at) if row.at else None
        part = {"status": row.status, "at": at, "took_ms": row.took_ms, "detail": row.detail}
    if service == "notify":
        names = ("held_until", "planned", "sent", "deferred", "failed", "suppressed", "uncertain", "digest", "open")
        counts = (row.counts if row is not None else None) or {}
        part |= {name: counts.get(name, None if name == "held_until" else 0) for name in names}
    return part
