"""Notify on a real database, with a real mail server that keeps what it is given."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from pressroom_notify.app import Turns, create_api, open_desk, unit_of_work
from pressroom_notify.desk import Desk
from pressroom_notify.handlers import on_article_published, on_article_unpublished
from pressroom_notify.sender import Sender
from pressroom_notify.settings import Settings
from pressroom_notify.smtp import read_smtp_url
from pressroom_notify.tables import delivery, outbox
from pressroom_shared.clock import ManualClock
from pressroom_shared.events import (
    ArticlePublished,
    ArticleUnpublished,
    NotifyCounts,
    Outcome,
    OutcomeReported,
    decode,
)
from tests.servers import free_port

SITE = """
title = "The Test Courier"
base_url = "http://localhost:8080"
timezone = "America/New_York"
language = "en-US"
hold_s = {hold_s}
[sender]
name = "The Test Courier"
address = "news@courier.example"
[[sections]]
slug = "business"
name = "Business"
color = ["#785000", "#dab35f"]
sections = [{{ slug = "economy", name = "Economy" }}]
[[sections]]
slug = "world"
name = "World"
"""

Event = ArticlePublished | ArticleUnpublished


class Mailbox:
    """Takes mail over SMTP. `refuse` answers for an address; while `answering` is not set, no final dot is answered."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self.refuse: dict[str, str] = {}
        self.port = free_port()
        self.in_flight = 0
        self.answering = threading.Event()
        self.answering.set()
        self._controller: Controller | None = None

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.original_content, bytes)
        self.mails.append((envelope.rcpt_tos[0], envelope.original_content))
        if not self.answering.is_set():
            self.in_flight += 1
            await asyncio.to_thread(self.answering.wait)
            self.in_flight -= 1
        return "250 taken"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=false"

    def to(self, address: str) -> list[EmailMessage]:
        return [parse(raw) for recipient, raw in self.mails if recipient == address]

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _ in self.mails)


def parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content


def link(message: EmailMessage, page: str) -> str:
    """The path of a link in a mail's text part."""
    found = re.search(rf"http://localhost:8080(/{page}/\S+)", part(message, "plain"))
    assert found is not None
    return found[1]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.answering.set()
    mailbox.stop()


def make_settings(folder: Path, database_url: str, mailbox: Mailbox, *, hold_s: int = 0, **more: Any) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.toml").write_text(SITE.format(hold_s=hold_s))
    return Settings(site=folder / "site.toml", data_dir=folder, database_url=database_url, smtp_url=mailbox.url, **more)


class Office:
    """All of notify without its event stream: events come in by hand, work is done when it is asked for."""

    def __init__(self, desk: Desk, clock: ManualClock, mailbox: Mailbox) -> None:
        self.desk = desk
        self.clock = clock
        self.mailbox = mailbox
        self.turns = Turns(desk)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(create_api(desk)), base_url="http://localhost:8080")

    def sender(self) -> Sender:
        server = read_smtp_url(self.desk.settings.smtp_url)
        assert server is not None
        desk = self.desk
        return Sender(desk.database, desk.settings, desk.site, server, desk.signer, desk.clock)

    async def take_in(self, *events: Event) -> None:
        """Handle events one after another, as the consumer would; none before it happened."""
        for event in events:
            self.clock.advance(max(event.time - self.clock.now(), timedelta(0)))
            async with unit_of_work(self.desk) as work:
                if isinstance(event, ArticlePublished):
                    outcome = await on_article_published(event, work)
                else:
                    outcome = await on_article_unpublished(event, work)
                if outcome is not None:
                    await work.outcomes.add(outcome)

    async def plan(self) -> None:
        while await self.turns.plan():
            pass

    async def send(self) -> None:
        sender = self.sender()
        while await sender.send_round(asyncio.Event()):
            pass
        await sender.close()

    async def work(self) -> None:
        """Everything that is due."""
        await self.plan()
        await self.turns.tend()
        await self.send()
        while await self.turns.report():
            pass

    async def subscribe(self, email: str, *topics: str, frequency: str = "immediate") -> None:
        """Through the front door: form, mail, confirmation."""
        answer = await self.http.post(
            "/subscribe", data={"email": email, "topic": list(topics), "frequency": frequency}
        )
        assert answer.status_code == 200, answer.text
        await self.send()
        path = link(self.mailbox.to(email)[-1], "confirm")
        assert (await self.http.post(path)).status_code == 200

    async def states(self) -> dict[str, int]:
        """How many mails about articles are in each state."""
        async with self.desk.database.read() as connection:
            rows = await connection.execute(
                sa.select(delivery.c.state, sa.func.count())
                .where(delivery.c.article_id != "")
                .group_by(delivery.c.state)
            )
            return dict(rows.all())

    async def outcomes(self) -> list[Outcome]:
        async with self.desk.database.read() as connection:
            payloads = await connection.scalars(sa.select(outbox.c.payload).order_by(outbox.c.id))
        events = [decode(each) for each in payloads]
        return [event.data for event in events if isinstance(event, OutcomeReported)]

    async def counts(self) -> NotifyCounts:
        """What the newest outcome says."""
        counts = (await self.outcomes())[-1].notify
        assert counts is not None
        return counts


@asynccontextmanager
async def office_in(settings: Settings, mailbox: Mailbox) -> AsyncIterator[Office]:
    clock = ManualClock()
    async with open_desk(settings, clock) as desk:
        office = Office(desk, clock, mailbox)
        yield office
        await office.http.aclose()


@pytest.fixture
async def office(tmp_path: Path, database_url: str, mailbox: Mailbox) -> AsyncIterator[Office]:
    async with office_in(make_settings(tmp_path, database_url, mailbox), mailbox) as office:
        yield office


@pytest.fixture
async def holding(tmp_path: Path, database_url: str, mailbox: Mailbox) -> AsyncIterator[Office]:
    """An office of a newspaper that holds its news for a minute."""
    async with office_in(make_settings(tmp_path, database_url, mailbox, hold_s=60), mailbox) as office:
        yield office
