"""Receipts: what each service said of each version. A receipt never leaves `done`."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.tables import publication, receipt
from pressroom_shared.clock import rfc3339
from pressroom_shared.database import Insert, on_both
from pressroom_shared.events import Outcome

SERVICES = ("pages", "cards", "search", "notify")
FINAL = {"done", "failed", "skipped", "stale"}


def _put(put: Insert, *, counted: bool) -> Insert:
    """The newest word wins, but for what would take a `done` back."""
    said = ("status", "at", "took_ms", "detail", *(["counts"] if counted else []))
    stays_done = sa.and_(receipt.c.status == "done", put.excluded.status != "done")
    return put.on_conflict_do_update(
        index_elements=[receipt.c.article_id, receipt.c.version, receipt.c.service],
        set_={name: put.excluded[name] for name in said},
        where=sa.not_(stays_done),
    )


# The statements of every outcome are built once.
ARTICLE_ID: sa.BindParameter[str] = sa.bindparam("of_article")
VERSION: sa.BindParameter[int] = sa.bindparam("of_version", type_=sa.BigInteger)
OURS = sa.select(publication.c.version).where(publication.c.article_id == ARTICLE_ID, publication.c.version == VERSION)
PUT = {counted: on_both(receipt, partial(_put, counted=counted)) for counted in (False, True)}
SAID_OF = sa.select(receipt).where(receipt.c.article_id == ARTICLE_ID, receipt.c.version == VERSION)
PAGES_STATUS = sa.select(receipt.c.status).where(
    receipt.c.article_id == ARTICLE_ID, receipt.c.version == VERSION, receipt.c.service == "pages"
)


class Receipts:
    """The receipts, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def record(self, outcome: Outcome) -> None:
        """Take a service's word. Of a version that is not ours nothing is kept (a restored, older database)."""
        of = {"of_article": outcome.article_id, "of_version": outcome.version}
        if await self._connection.scalar(OURS, of) is None:
            return
        said: dict[str, Any] = {
            "article_id": outcome.article_id,
            "version": outcome.version,
            "service": outcome.service,
            "status": outcome.status,
            "at": outcome.at,
            "took_ms": outcome.took_ms,
            "detail": outcome.detail,
        }
        counted = outcome.notify is not None
        if outcome.notify is not None:
            said["counts"] = outcome.notify.model_dump(mode="json")
        await self._connection.execute(PUT[counted][self._connection.dialect.name], said)

    async def show(self, article_id: str, version: int) -> dict[str, Any]:
        """As api.md has it."""
        rows = await self._connection.execute(SAID_OF, {"of_article": article_id, "of_version": version})
        said = {row.service: row for row in rows.all()}
        parts = {name: _part(name, said.get(name)) for name in SERVICES}
        notify_open = parts["notify"].pop("open")
        final = all(part["status"] in FINAL for part in parts.values())
        return {"live": parts["pages"]["status"] == "done", "complete": final and not notify_open, **parts}

    async def is_live(self, article_id: str, version: int) -> bool:
        status = await self._connection.scalar(PAGES_STATUS, {"of_article": article_id, "of_version": version})
        return bool(status == "done")


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
