"""Readers: who has asked, who has confirmed, what they follow, and who may not be written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify.errors import UnknownLink
from pressroom_notify.ledger import queue_letter
from pressroom_notify.settings import Settings
from pressroom_notify.tables import delivery, reader, request, topic
from pressroom_notify.tokens import hash_of
from pressroom_notify.topics import Topic
from pressroom_shared.database import UtcTime, insert
from pressroom_shared.ids import new_id

RequestKind = Literal["confirm", "preferences"]


@dataclass(frozen=True, slots=True)
class Following:
    """One topic and how often its reader is told: 0 at once, 1 daily, 7 weekly."""

    topic: Topic
    every_days: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody asked for, until it is confirmed."""

    following: list[Following]
    timezone: str

    def document(self) -> dict[str, Any]:
        rows = [[each.topic.kind, each.topic.value, each.every_days] for each in self.following]
        return {"following": rows, "timezone": self.timezone}

    @classmethod
    def read(cls, document: dict[str, Any]) -> Wishes:
        rows = document["following"]
        return cls([Following(Topic(kind, value), days) for kind, value, days in rows], document["timezone"])


@dataclass(frozen=True, slots=True)
class Link:
    """A link from a mail that was followed."""

    request_id: str
    reader_id: str
    email: str
    wishes: dict[str, Any]
    used: bool


class TooManyRequests(Exception):
    """One network address asks for too much. Read by whoever asks."""


def normal_email(given: str) -> str:
    """An address as it is written to. Raises `ValueError` with a sentence. Nothing is looked up."""
    try:
        checked = validate_email(given.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"This is no e-mail address: {error}") from error
    return checked.ascii_email or checked.normalized


def next_digest(now: datetime, timezone: str, hour: int, every_days: int) -> datetime:
    """The next time that a digest is due: at `hour` of the reader's clock; a weekly one on Monday."""
    local = now.astimezone(ZoneInfo(timezone))
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    while due <= local or (every_days == 7 and due.weekday() != 0):
        due = (due + timedelta(days=1)).replace(hour=hour)
    return due


class Readers:
    """The readers, in one transaction."""

    def __init__(self, connection: AsyncConnection, settings: Settings, now: datetime) -> None:
        self._connection = connection
        self._settings = settings
        self._now = now

    async def ask(self, kind: RequestKind, email: str, client: str, wishes: Wishes | None = None) -> None:
        """Somebody asks for a mail with a link. Whether there will be one is not told.

        An address gets at most `requests_per_address_max` in the window; what is above is dropped in silence, for
        whoever asks need not be whoever reads. Raises `TooManyRequests` for a network address above its bound.
        """
        await self._check_client(client)
        if wishes is not None:
            await self._know(email, wishes.timezone)
        found = (
            await self._connection.execute(
                sa.select(reader.c.id, reader.c.state).where(reader.c.email_key == _key(email))
            )
        ).one_or_none()
        known = found is not None and (kind == "confirm" or found.state == "confirmed")
        reader_id = found.id if found is not None and known else None
        wanted = reader_id is not None and await self._asked(reader_id) < self._settings.requests_per_address_max
        lives_s = self._settings.confirm_expires_s if kind == "confirm" else self._settings.preferences_expires_s
        request_id = new_id()
        await self._connection.execute(
            sa.insert(request).values(
                id=request_id,
                kind=kind,
                reader_id=reader_id,
                client=client,
                wishes=wishes.document() if wishes else {},
                created_at=self._now,
                expires_at=self._now + timedelta(seconds=lives_s),
            )
        )
        if wanted and reader_id is not None:
            await queue_letter(self._connection, reader_id, f"{kind}:{request_id}", self._now)

    async def link(self, kind: RequestKind, token: str) -> Link:
        """What a link from a mail stands for. Raises `UnknownLink` when it was never sent, or is too old."""
        row = (
            await self._connection.execute(
                sa.select(request, reader.c.email)
                .join(reader, reader.c.id == request.c.reader_id)
                .where(request.c.token_hash == hash_of(token), request.c.kind == kind)
            )
        ).one_or_none()
        if row is None or row.expires_at < self._now or (kind == "preferences" and row.used_at is not None):
            raise UnknownLink("This link is not known, was used already, or is too old. Ask for a new one.")
        return Link(row.id, row.reader_id, row.email, row.wishes, row.used_at is not None)

    async def confirm(self, link: Link) -> None:
        """The owner of the address wants it. A second time changes nothing."""
        if not await self._use(link):
            return
        wishes = Wishes.read(link.wishes)
        await self._connection.execute(
            sa.update(reader)
            .where(reader.c.id == link.reader_id)
            .values(
                confirmed_at=sa.case(
                    (reader.c.state == "confirmed", reader.c.confirmed_at), else_=sa.literal(self._now, UtcTime)
                ),
                state="confirmed",
                suppressed=None,
                **self._clock_values(wishes.timezone),
            )
        )
        held = {each.topic: each for each in await self.following(link.reader_id)}
        held |= {each.topic: each for each in wishes.following}
        await self._follow(link.reader_id, list(held.values())[: self._settings.topics_max])

    async def following(self, reader_id: str) -> list[Following]:
        rows = await self._connection.execute(
            sa.select(topic).where(topic.c.reader_id == reader_id).order_by(topic.c.kind, topic.c.value)
        )
        return [Following(Topic(row.kind, row.value), row.every_days) for row in rows]

    async def timezone(self, reader_id: str) -> str:
        zone: str | None = await self._connection.scalar(sa.select(reader.c.timezone).where(reader.c.id == reader_id))
        return zone or "UTC"

    async def prefer(self, link: Link, following: list[Following], timezone: str) -> None:
        """Set what a reader follows. With nothing left, the reader leaves."""
        if not await self._use(link):
            raise UnknownLink("This link was used already. Ask for a new one.")
        if not following:
            await self.leave(link.reader_id)
            return
        await self._connection.execute(
            sa.update(reader).where(reader.c.id == link.reader_id).values(**self._clock_values(timezone))
        )
        await self._follow(link.reader_id, following)

    async def email(self, reader_id: str) -> str | None:
        found: str | None = await self._connection.scalar(sa.select(reader.c.email).where(reader.c.id == reader_id))
        return found

    async def leave(self, reader_id: str) -> None:
        """Nothing is sent any more. What is already queued is stopped when its turn comes."""
        await self._connection.execute(
            sa.update(reader)
            .where(reader.c.id == reader_id, reader.c.state == "confirmed")
            .values(state="unsubscribed", confirmed_at=None)
        )
        await self._connection.execute(sa.delete(topic).where(topic.c.reader_id == reader_id))
        await self._connection.execute(
            sa.update(delivery)
            .where(delivery.c.reader_id == reader_id, delivery.c.state == "digest")
            .values(state="suppressed", changed_at=self._now, detail="The reader has unsubscribed.")
        )

    async def forget(self, limit: int = 500) -> int:
        """Delete old requests, and addresses that never confirmed. Says how many requests went."""
        before = self._now - timedelta(seconds=self._settings.requests_window_s)
        old = sa.select(request.c.id).where(request.c.expires_at < self._now, request.c.created_at < before)
        gone = await self._connection.execute(sa.delete(request).where(request.c.id.in_(old.limit(limit))))
        if gone.rowcount:
            asked = sa.select(request.c.id).where(request.c.reader_id == reader.c.id).exists()
            await self._connection.execute(sa.delete(reader).where(reader.c.state == "pending", ~asked))
        return int(gone.rowcount)

    async def _know(self, email: str, timezone: str) -> None:
        values = {
            "id": new_id(),
            "email": email,
            "email_key": _key(email),
            "state": "pending",
            "timezone": timezone,
            "created_at": self._now,
        }
        await self._connection.execute(
            insert(self._connection, reader)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[reader.c.email_key])
        )

    async def _check_client(self, client: str) -> None:
        since = self._now - timedelta(seconds=self._settings.requests_window_s)
        asked = sa.select(sa.func.count()).where(request.c.client == client, request.c.created_at > since)
        if (await self._connection.scalar(asked) or 0) >= self._settings.requests_per_client_max:
            minutes = -(-self._settings.requests_window_s // 60)
            raise TooManyRequests(f"Too many requests came from your network. Try again in {minutes} minutes.")

    async def _asked(self, reader_id: str) -> int:
        since = self._now - timedelta(seconds=self._settings.requests_window_s)
        asked = sa.select(sa.func.count()).where(request.c.reader_id == reader_id, request.c.created_at > since)
        return await self._connection.scalar(asked) or 0

    async def _use(self, link: Link) -> bool:
        """Use a link up. Of two at once, one wins."""
        used = await self._connection.execute(
            sa.update(request)
            .where(request.c.id == link.request_id, request.c.used_at.is_(None))
            .values(used_at=self._now)
        )
        return bool(used.rowcount)

    async def _follow(self, reader_id: str, following: Sequence[Following]) -> None:
        await self._connection.execute(sa.delete(topic).where(topic.c.reader_id == reader_id))
        rows = [
            {"reader_id": reader_id, "kind": each.topic.kind, "value": each.topic.value, "every_days": each.every_days}
            for each in following
        ]
        await self._connection.execute(sa.insert(topic), rows)

    def _clock_values(self, timezone: str) -> dict[str, Any]:
        hour = self._settings.digest_hour
        return {
            "timezone": timezone,
            "daily_at": next_digest(self._now, timezone, hour, 1),
            "weekly_at": next_digest(self._now, timezone, hour, 7),
        }


def _key(email: str) -> str:
    return email.lower()
