"""`Idempotency-Key`: a repeated POST gets the first one's answer, and does nothing.

Bound to who asks, the route and the body's hash; kept 24 h. An answer that shows a secret is never kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_ingest.keys import Actor
from pressroom_ingest.tables import idempotency
from pressroom_shared.clock import Clock
from pressroom_shared.database import insert
from pressroom_shared.http import FieldError, Problem

KEY_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a POST is answered, as it is kept."""

    status: int
    body: str
    headers: dict[str, str]


class Idempotency:
    """The kept answers, in one transaction."""

    def __init__(self, connection: AsyncConnection, clock: Clock, *, kept_h: int) -> None:
        self._connection = connection
        self._clock = clock
        self._kept = timedelta(hours=kept_h)

    async def find(self, actor: Actor, key: str, route: str, body: bytes) -> Answer | None:
        """The first answer, if there was one. Raises 422 when the key was used for something else."""
        if not 0 < len(key) <= KEY_CHARS_MAX:
            raise _mismatch(f"The Idempotency-Key must have 1 to {KEY_CHARS_MAX} characters.")
        row = (
            await self._connection.execute(
                sa.select(idempotency).where(
                    idempotency.c.actor_id == actor.id,
                    idempotency.c.key == key,
                    idempotency.c.at > self._clock.now() - self._kept,
                )
            )
        ).one_or_none()
        if row is None:
            return None
        if row.route != route or row.body_sha256 != hashlib.sha256(body).hexdigest():
            raise _mismatch("This Idempotency-Key was used for another request. Choose a new one.")
        return Answer(row.status, row.body, row.headers)

    async def keep(self, actor: Actor, key: str, route: str, body: bytes, answer: Answer) -> None:
        await self.forget()
        await self._connection.execute(
            insert(self._connection, idempotency).values(
                actor_id=actor.id,
                key=key,
                route=route,
                body_sha256=hashlib.sha256(body).hexdigest(),
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                at=self._clock.now(),
            )
        )

    async def forget(self) -> None:
        """Delete what was kept long enough."""
        too_old = idempotency.c.at <= self._clock.now() - self._kept
        await self._connection.execute(sa.delete(idempotency).where(too_old))


def _mismatch(sentence: str) -> Problem:
    return Problem(422, sentence, errors=[FieldError("Idempotency-Key", sentence)])
