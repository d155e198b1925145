"""The sender: leases mails, marks a few as being sent, hands them to the mail server, and writes what it said.

One commit writes the last answers and the next intents; only then do bytes go out. So a kill at any moment leaves at
most one such small batch uncertain, and nobody gets a mail twice.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_notify import metrics
from pressroom_notify.drafts import Draft, Drafts
from pressroom_notify.errors import MailServerAway
from pressroom_notify.ledger import Ledger, Row, Settled
from pressroom_notify.letters import Recipient, message_id
from pressroom_notify.retries import Away, Cancelled, Refused, Result, Unwanted
from pressroom_notify.settings import Settings
from pressroom_notify.smtp import Connections, MailServer
from pressroom_notify.tables import article, delivery, reader, request
from pressroom_notify.tokens import Signer, hash_of, new_token
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.ids import new_id
from pressroom_shared.site import Site
from pressroom_shared.wakeups import Wakeup, pause

log = logging.getLogger(__name__)
BACKOFF_BASE_S = 1.0
WRITE_TRIES = 5


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail that is marked as being sent."""

    draft: Draft
    email: str
    link: str


class Sender:
    """Sends what is due until it is stopped. Any number of replicas may run on one database."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        site: Site,
        server: MailServer,
        signer: Signer,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._site = site
        self._signer = signer
        self._clock = clock
        self._owner = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._connections = Connections(server, settings)
        self._drafts = Drafts(site, settings)
        self._wakeup = Wakeup()
        self.trouble: str | None = None
        """Why no mail can be sent just now, in one sentence."""
        database.on_commit(self._wakeup)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; then finish what is on its way and give back the rest."""
        beating = asyncio.create_task(self._beat())
        backoff_s = BACKOFF_BASE_S
        try:
            while not stop.is_set():
                try:
                    more = await self.send_round(stop)
                except (MailServerAway, SQLAlchemyError, OSError) as error:
                    if self.trouble is None:
                        log.warning("mail waits: %s", error)
                    self.trouble = str(error)
                    await pause(stop, backoff_s)
                    backoff_s = min(backoff_s * 2, self._settings.smtp_backoff_max_s)
                    continue
                self.trouble, backoff_s = None, BACKOFF_BASE_S
                if not more:
                    await self._wakeup.wait(self._settings.idle_s)
        finally:
            beating.cancel()
            await self.close()

    async def close(self) -> None:
        """Leave the mail server."""
        await self._connections.close()

    async def send_round(self, stop: asyncio.Event) -> bool:
        """Lease once and send all of it, or until `stop`. Says whether there was anything.

        Raises `MailServerAway` when the server does not answer; what was leased is deferred then.
        """
        async with self._database.read() as connection:
            if not await self._ledger(connection).any_due():
                return False
        async with self._database.begin(wake=False) as connection:
            pending = deque(await self._ledger(connection).claim(self._settings.lease_rows))
        if not pending:
            return False
        settled: list[Settled] = []
        whole = False
        try:
            while pending and not stop.is_set():
                await self._connections.ready()
                batch = [pending.popleft() for _ in range(min(len(pending), 2 * self._settings.smtp_connections))]
                drafts, refused = await self._draft(batch)
                envelopes, again = await self._mark(drafts, settled, refused)
                pending.extend(again)
                settled = []
                settled = list(await asyncio.gather(*(self._send(each) for each in envelopes)))
            whole = not pending
        except MailServerAway as error:
            await self._write([Settled(row, Away(str(error))) for row in pending], before="leased")
            raise
        finally:
            await self._write(settled)
            if not whole:
                await self._release()
        return True

    async def _draft(self, batch: Sequence[Row]) -> tuple[list[Draft], list[Settled]]:
        drafts: list[Draft] = []
        refused: list[Settled] = []
        async with self._database.read() as connection:
            for row in batch:
                made = await self._drafts.make(connection, row, self._clock.now())
                if isinstance(made, Draft):
                    drafts.append(made)
                else:
                    refused.append(Settled(row, made))
        return drafts, refused

    async def _mark(
        self, drafts: Sequence[Draft], settled: Sequence[Settled], refused: Sequence[Settled]
    ) -> tuple[list[Envelope], list[Row]]:
        """One commit: the last answers, and the next intents. Also says which drafts have to be made again.

        An article's row is locked for reading, so that a correction that comes now sees who is being told.
        """
        async with self._database.begin() as connection:
            ledger = self._ledger(connection)
            await ledger.settle(settled)
            live = await _live_versions(connection, {each for draft in drafts for each in draft.versions})
            people = await _people(connection, {draft.row.reader_id for draft in drafts})
            unwanted = list(refused)
            again: list[Row] = []
            good: dict[int, Draft] = {}
            for draft in drafts:
                reason = _unwanted(draft, people.get(draft.row.reader_id))
                if reason is not None:
                    unwanted.append(Settled(draft.row, reason))
                elif any(live.get(each) != version for each, version in draft.versions.items()):
                    again.append(draft.row)
                else:
                    good[draft.row.id] = draft
            await ledger.settle(unwanted, before="leased")
            ours = await ledger.intend([draft.row for draft in good.values()], live)
            await ledger.tell()
            envelopes = [
                Envelope(good[row.id], people[row.reader_id].email, await self._link(connection, good[row.id]))
                for row in ours
            ]
        self._count([*settled, *unwanted])
        return envelopes, again

    async def _link(self, connection: AsyncConnection, draft: Draft) -> str:
        """Make the token of a mail with a link; keep its hash alone. A digest's articles get their versions."""
        if draft.row.occasion.startswith("digest:"):
            for article_id, version in draft.versions.items():
                await connection.execute(
                    sa.update(delivery)
                    .where(delivery.c.digest_id == draft.row.id, delivery.c.article_id == article_id)
                    .values(version=version)
                )
        if not draft.request_id:
            return ""
        token = new_token()
        await connection.execute(
            sa.update(request).where(request.c.id == draft.request_id).values(token_hash=hash_of(token))
        )
        page = draft.row.occasion.partition(":")[0]
        return f"{self._site.base_url}/{page}/{token}"

    async def _send(self, envelope: Envelope) -> Settled:
        row = envelope.draft.row
        recipient = Recipient(
            email=envelope.email,
            message_id=message_id(self._site, row.reader_id, row.article_id, row.occasion),
            unsubscribe_url=f"{self._site.base_url}/unsubscribe/{self._signer.token(row.reader_id)}",
            link=envelope.link,
        )
        letter = envelope.draft.letter
        return Settled(row, await self._connections.send(letter.sender, envelope.email, letter.to(recipient)))

    async def _write(self, settled: Sequence[Settled], *, before: str = "sending") -> None:
        """Write answers. They are true whatever else happens, so a database that is busy is asked again."""
        if not settled:
            return
        for left in reversed(range(WRITE_TRIES)):
            try:
                async with self._database.begin() as connection:
                    ledger = self._ledger(connection)
                    await ledger.settle(settled, before=before)
                    await ledger.tell()
            except SQLAlchemyError:
                if left == 0:
                    raise
                await asyncio.sleep(BACKOFF_BASE_S)
            else:
                break
        self._count(settled)

    async def _beat(self) -> None:
        """Renew the leases while this process lives."""
        while True:
            await asyncio.sleep(self._settings.lease_s / 3)
            try:
                async with self._database.begin(wake=False) as connection:
                    await self._ledger(connection).renew()
            except (SQLAlchemyError, OSError) as error:
                log.warning("leases cannot be renewed: %s", error)

    async def _release(self) -> None:
        """Give back what is still leased when a round ends early, so that nobody has to wait for it."""
        async with self._database.begin() as connection:
            ledger = self._ledger(connection)
            await ledger.release()
            await ledger.tell()

    def _ledger(self, connection: AsyncConnection) -> Ledger:
        return Ledger(connection, self._settings, self._owner, self._clock.now())

    @staticmethod
    def _count(settled: Sequence[Settled]) -> None:
        for each in settled:
            metrics.MAILS.labels(type(each.result).__name__.lower()).inc()
            if isinstance(each.result, Refused):
                log.info("mail %d is refused for now: %s", each.row.id, each.result.detail)


async def _live_versions(connection: AsyncConnection, ids: set[str]) -> dict[str, int]:
    rows = await connection.execute(
        sa.select(article.c.id, article.c.version)
        .where(article.c.id.in_(ids), article.c.live)
        .order_by(article.c.id)
        .with_for_update(read=True)
    )
    return {row.id: row.version for row in rows}


async def _people(connection: AsyncConnection, ids: set[str]) -> dict[str, Any]:
    rows = await connection.execute(
        sa.select(reader.c.id, reader.c.email, reader.c.state, reader.c.suppressed).where(reader.c.id.in_(ids))
    )
    return {row.id: row for row in rows}


def _unwanted(draft: Draft, person: Any | None) -> Result | None:
    """Why a mail is not to go out after all. A link is for whoever asked, confirmed or not."""
    if person is None:
        return Cancelled("This address was forgotten.")
    if draft.request_id:
        return None
    if person.state != "confirmed":
        return Unwanted("The reader has unsubscribed.")
    if person.suppressed is not None:
        return Unwanted(f"Nothing is sent to this address: {person.suppressed}")
    return None
