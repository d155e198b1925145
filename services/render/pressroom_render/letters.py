"""What readers write to the newsroom: requests for a correction, and tips. Kept for so long as the settings say."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.tables import letter as table
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

Kind = Literal["correction", "tip"]
TEXT_CHARS_MAX = 5_000
NAME_CHARS_MAX = 120
EMAIL_CHARS_MAX = 254
HOUR = timedelta(hours=1)
FORGET_EVERY_S = 3600

RECEIVED = Counter("pressroom_letters_total", "Letters from readers by kind and what was done.", ["kind", "what"])


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `article_id` and `version` say what the reader saw, where it is about an article."""

    kind: Kind
    text: str
    name: str = ""
    email: str = ""
    article_id: str | None = None
    version: int | None = None

    def wrong(self) -> tuple[str, str] | None:
        """The field that is wrong and the label that says how; None when all is well."""
        if not self.text.strip():
            return "text", "letter_empty"
        if len(self.text) > TEXT_CHARS_MAX or len(self.name) > NAME_CHARS_MAX:
            return "text", "letter_long"
        if self.email and (len(self.email) > EMAIL_CHARS_MAX or not _is_address(self.email)):
            return "email", "letter_email"
        return None


class Letters:
    """The letters, in one transaction."""

    def __init__(self, connection: AsyncConnection, *, hour_max: int, hour_all_max: int) -> None:
        self._connection = connection
        self._hour_max = hour_max
        self._hour_all_max = hour_all_max

    async def receive(self, letter: Letter, *, address: str, now: datetime) -> bool:
        """Keep it; False when its sender, or everybody together, has written too much in the last hour.

        Of the sender's address only a hash is kept, that changes with the day.
        """
        sender = hashlib.sha256(f"{now:%Y-%m-%d} {address}".encode()).hexdigest()[:24]
        recent = table.c.received_at > now - HOUR
        mine, everybody = (
            await self._connection.execute(
                sa.select(
                    sa.func.count().filter(table.c.sender == sender),
                    sa.func.count(),
                ).where(recent)
            )
        ).one()
        if mine >= self._hour_max or everybody >= self._hour_all_max:
            RECEIVED.labels(letter.kind, "refused").inc()
            return False
        values: dict[str, Any] = {
            "kind": letter.kind,
            "article_id": letter.article_id,
            "version": letter.version,
            "name": letter.name.strip(),
            "email": letter.email.strip(),
            "text": letter.text.strip(),
            "received_at": now,
            "sender": sender,
        }
        await self._connection.execute(sa.insert(table).values(**values))
        RECEIVED.labels(letter.kind, "kept").inc()
        return True


class LetterKeeper:
    """Forgets letters that were kept for long enough: tips sooner than the others. Several may run."""

    def __init__(self, database: Database, clock: Clock, *, letters_days: int, tips_days: int) -> None:
        self._database = database
        self._clock = clock
        self._kept: dict[Kind, timedelta] = {
            "correction": timedelta(days=letters_days),
            "tip": timedelta(days=tips_days),
        }

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.forget()
            except (sa.exc.DBAPIError, OSError) as error:
                log.warning("old letters are forgotten later: %s", error)
            await pause(stop, FORGET_EVERY_S)

    async def forget(self) -> None:
        now = self._clock.now()
        async with self._database.begin(wake=False) as connection:
            for kind, kept in self._kept.items():
                too_old = sa.and_(table.c.kind == kind, table.c.received_at < now - kept)
                await connection.execute(sa.delete(table).where(too_old))


async def all_letters(connection: AsyncConnection) -> AsyncIterator[dict[str, Any]]:
    """Every letter, oldest first, as an editor reads it."""
    columns = [each for each in table.c if each.name != "sender"]
    async for row in await connection.stream(sa.select(*columns).order_by(table.c.id)):
        yield dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's names


def _is_address(text: str) -> bool:
    local, at, domain = text.strip().rpartition("@")
    return bool(at and local and "." in domain and not any(char.isspace() for char in text.strip()))
