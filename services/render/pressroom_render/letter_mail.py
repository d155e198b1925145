"""Tells the editors of readers' letters: by mail, several letters in one, so that a flood of them is no flood of mails.

A letter is put into a mail before that is sent, and the mail's id comes of its first letter: whoever tries again sends
the same mail under the same id. One process of all holds the lease. Only where it is killed between the server's answer
and the next commit does the server get a mail twice, and mailboxes that know the id show it once.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formataddr

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_render.settings import Settings
from pressroom_render.tables import article, letter
from pressroom_shared.clock import Clock
from pressroom_shared.database import Database
from pressroom_shared.leases import Lease
from pressroom_shared.messengers import send_mail
from pressroom_shared.site import Site
from pressroom_shared.wakeups import pause

log = logging.getLogger(__name__)

LOOK_S = 2
RETRY_S = (5, 30, 120, 600)
"""Pauses after a mail that was refused; the last one is repeated."""
LEASE_S = 60
"""Longer than sending a mail may take."""
LETTERS_MAX = 50
"""In one mail; the next ones come with the next mail."""

KINDS = {"correction": "Request for a correction", "tip": "News tip"}


@dataclass(frozen=True, slots=True)
class Told:
    """A letter as the mail tells of it."""

    id: int
    kind: str
    name: str
    email: str
    text: str
    received_at: datetime
    path: str | None
    headline: str = ""
    changed: bool = False
    """Whether there is another version than the one that the reader saw."""

    def lines(self, site: Site) -> list[str]:
        when = self.received_at.astimezone(site.zone)
        lines = [f"{KINDS[self.kind]} · {when:%Y-%m-%d %H:%M} · letter {self.id}"]
        if self.path:
            changed = " (changed since the reader saw it)" if self.changed else ""
            lines.append(f"About: {self.headline or 'a withdrawn article'}{changed}\n  {site.absolute(self.path)}")
        writer = " ".join(each for each in (" ".join(self.name.split()), self.email and f"<{self.email}>") if each)
        return [*lines, f"From: {writer or 'a reader who gave no name'}", "", self.text]


class LetterMail:
    """Sends the mails, as a part of a process, until stopped."""

    def __init__(self, database: Database, settings: Settings, site: Site, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._site = site
        self._clock = clock
        self._lease = Lease("letters", str(uuid.uuid4()), ttl_s=LEASE_S, clock=clock)

    async def run(self, stop: asyncio.Event) -> None:
        refused = 0
        while not stop.is_set():
            try:
                await self.send_next()
                refused = 0
            except (OSError, sa.exc.DBAPIError) as error:
                log.warning("The editors could not be told of readers' letters: %s", error)
                refused += 1
            await pause(stop, RETRY_S[min(refused, len(RETRY_S)) - 1] if refused else LOOK_S)
        async with self._database.begin(wake=False) as connection:
            await self._lease.release(connection)

    async def send_next(self) -> int:
        """Send the mail that is due, if one is. Says how many letters it has. Raises `OSError` when it is refused."""
        async with self._database.read() as connection:
            if not await self._is_due(connection):
                return 0
        async with self._database.begin(wake=False) as connection:
            mail = await self._take(connection) if await self._lease.take(connection) else None
            letters = [] if mail is None else await _letters_in(connection, mail)
        if mail is None:
            return 0
        await asyncio.to_thread(send_mail, self._settings.smtp_url, self._mail(mail, letters))
        async with self._database.begin(wake=False) as connection:
            await connection.execute(sa.update(letter).where(letter.c.mail == mail).values(told_at=self._clock.now()))
        return len(letters)

    async def _is_due(self, connection: AsyncConnection) -> bool:
        """Whether there is something to tell, and the last mail is long enough ago."""
        if await connection.scalar(sa.select(letter.c.id).where(letter.c.told_at.is_(None)).limit(1)) is None:
            return False
        last = await connection.scalar(sa.select(sa.func.max(letter.c.told_at)).where(letter.c.mail.is_not(None)))
        return last is None or self._clock.now() - last >= timedelta(seconds=self._settings.letters_mail_s)

    async def _take(self, connection: AsyncConnection) -> str | None:
        """The id of the mail that is due: one that was put together before and not taken yet, else a new one."""
        begun = sa.select(letter.c.mail).where(letter.c.told_at.is_(None), letter.c.mail.is_not(None))
        mail: str | None = await connection.scalar(begun.order_by(letter.c.id).limit(1))
        if mail is not None or not await self._is_due(connection):
            return mail
        new = sa.select(letter.c.id).where(letter.c.told_at.is_(None)).order_by(letter.c.id).limit(LETTERS_MAX)
        ids = list((await connection.execute(new)).scalars())
        mail = f"letters-{ids[0]}"
        await connection.execute(sa.update(letter).where(letter.c.id.in_(ids)).values(mail=mail))
        return mail

    def _mail(self, mail: str, letters: list[Told]) -> EmailMessage:
        sender = self._site.sender
        host = sender.address.rpartition("@")[2]
        message = EmailMessage()
        first = letters[0]
        about = f": {first.headline}" if first.headline else ""
        said = f"{KINDS[first.kind]}{about}" if len(letters) == 1 else f"{len(letters)} letters from readers"
        message["Subject"] = " ".join(f"[{self._site.title}] {said}".split())
        message["From"] = formataddr((self._site.title, sender.address))
        message["To"] = self._settings.letters_to or sender.address
        message["Message-ID"] = f"<{mail}.{int(first.received_at.timestamp())}@{host}>"
        message["Auto-Submitted"] = "auto-generated"
        parts = ["\n".join(each.lines(self._site)) for each in letters]
        message.set_content(f"\n\n{'-' * 40}\n\n".join(parts) + "\n")
        return message


async def _letters_in(connection: AsyncConnection, mail: str) -> list[Told]:
    beside = (article.c.path, article.c.teaser_document, article.c.version.label("newest"))
    statement = sa.select(letter, *beside).outerjoin(article, article.c.id == letter.c.article_id)
    rows = await connection.execute(statement.where(letter.c.mail == mail).order_by(letter.c.id))
    return [
        Told(
            row.id,
            row.kind,
            row.name,
            row.email,
            row.text,
            row.received_at,
            row.path,
            headline=row.teaser_document["headline"] if row.teaser_document else "",
            changed=row.version is not None and row.version != row.newest,
        )
        for row in rows
    ]
