"""Receipts: what each service said of each version. A receipt never leaves `done`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import receipt
from pressroom_shared.clock import rfc3339
from pressroom_shared.events import Outcome

SERVICES = ("pages", "cards", "search", "notify")
FINAL = {"done", "failed", "skipped", "stale"}


class Receipts:
    """The receipts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def expect(self, article_id: str, version: int) -> None:
        """Every service will say something of a new version."""
        rows = [
            {"article_id": article_id, "version": version, "service": each, "status": "waiting", "detail": ""}
            for each in SERVICES
        ]
        await self._connection.execute(sa.insert(receipt), rows)

    async def record(self, outcome: Outcome) -> None:
        """Take a service's word. Of a version that is not ours nothing is kept (a restored, older database)."""
        counts = outcome.notify.model_dump(mode="json") if outcome.notify else None
        stays_done = sa.and_(receipt.c.status == "done", sa.literal(outcome.status) != "done")
        await self._connection.execute(
            sa.update(receipt)
            .where(
                receipt.c.article_id == outcome.article_id,
                receipt.c.version == outcome.version,
                receipt.c.service == outcome.service,
                sa.not_(stays_done),
            )
            .values(
                status=outcome.status,
                at=outcome.at,
                took_ms=outcome.took_ms,
                detail=outcome.detail,
                counts=counts if counts is not None else receipt.c.counts,
            )
        )

    async def show(self, article_id: str, version: int) -> dict[str, Any]:
        """As api.md has it."""
        rows = await self._connection.execute(
            sa.select(receipt).where(receipt.c.article_id == article_id, receipt.c.version == version)
        )
        parts = {row.service: _part(row) for row in rows}
        notify_open = parts.get("notify", {}).pop("open", 0)
        final = all(part["status"] in FINAL for part in parts.values())
        return {
            "live": parts.get("pages", {}).get("status") == "done",
            "complete": bool(parts) and final and not notify_open,
            **{name: parts[name] for name in SERVICES if name in parts},
        }

    async def is_live(self, article_id: str, version: int) -> bool:
        status = await self._connection.scalar(
            sa.select(receipt.c.status).where(
                receipt.c.article_id == article_id, receipt.c.version == version, receipt.c.service == "pages"
            )
        )
        return status == "done"


def _part(row: Any) -> dict[str, Any]:
    part = {
        "status": row.status,
        "at": rfc3339(row.at) if row.at else None,
        "took_ms": row.took_ms,
        "detail": row.detail,
    }
    if row.service == "notify":
        names = ("held_until", "planned", "sent", "deferred", "failed", "suppressed", "uncertain", "digest", "open")
        counts = row.counts or {}
        part |= {name: counts.get(name, None if name == "held_until" else 0) for name in names}
    return part
