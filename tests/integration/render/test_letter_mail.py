"""The editors hear of readers' letters by mail: each letter once, a flood of them in few mails. A real SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from pressroom_render.app import Studio
from pressroom_render.letter_mail import LETTERS_MAX, LetterMail
from pressroom_render.letters import Letter, Letters
from pressroom_shared.clock import ManualClock
from tests.examples import published, unpublished, version
from tests.integration.render.conftest import studio_in, take_in
from tests.servers import free_port
from tests.waiting import until

ID = "0193a0f0-0000-7000-8000-000000000001"
PAUSE = timedelta(minutes=5)


class Inbox:
    """Takes mail, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.refuses:
            return "452 Too busy"
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to.append(envelope.rcpt_tos)
        return "250 OK"

    def text(self) -> str:
        return "\n".join(str(each.get_content()) for each in self.mails).replace("\r\n", "\n")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def smtp_url(inbox: Inbox) -> Iterator[str]:
    server = Controller(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    yield f"smtp://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
async def clock(studio: Studio) -> ManualClock:
    assert isinstance(studio.clock, ManualClock)
    return studio.clock


@pytest.fixture
async def mail(studio: Studio, smtp_url: str) -> LetterMail:
    return mailer(studio, smtp_url)


def mailer(studio: Studio, smtp_url: str, **more: Any) -> LetterMail:
    settings = studio.settings.model_copy(update={"smtp_url": smtp_url, "letters_mail_s": PAUSE.total_seconds()} | more)
    return LetterMail(studio.database, settings, studio.site, studio.clock)


async def write(studio: Studio, *texts: str, **fields: Any) -> None:
    async with studio.database.begin() as connection:
        letters = Letters(connection, hour_max=1_000, hour_all_max=1_000)
        for text in texts:
            letter = Letter(**{"kind": "tip", "text": text} | fields)
            assert await letters.receive(letter, address="192.0.2.1", now=studio.clock.now())


async def test_one_letter_is_one_mail_and_says_what_it_is_about(studio: Studio, mail: LetterMail, inbox: Inbox) -> None:
    await take_in(studio, published(2))
    await write(
        studio,
        "It was the wind, not the storm.\n.\nLook again.",
        kind="correction",
        article_id=ID,
        version=version(1),
        name="Pru\r\nBcc: all@example.org",
        email="pru@example.org",
    )
    assert await mail.send_next() == 1
    (sent,) = inbox.mails
    assert inbox.to == [["news@courier.example"]]
    assert sent["Subject"] == "[The Test Courier] Request for a correction: Harbour cranes stand still for a third day"
    assert sent["From"] == "The Test Courier <news@courier.example>"
    assert sent["Bcc"] is None
    for part in (
        "changed since the reader saw it",
        "http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/",
        "From: Pru Bcc: all@example.org <pru@example.org>",
        "It was the wind, not the storm.\n.\nLook again.",
    ):
        assert part in inbox.text()
    assert await mail.send_next() == 0


async def test_a_flood_of_letters_is_no_flood_of_mails_and_each_is_told_once(
    studio: Studio, mail: LetterMail, inbox: Inbox, clock: ManualClock
) -> None:
    await write(studio, "The first.")
    assert await mail.send_next() == 1
    texts = [f"Tip {number:03}." for number in range(LETTERS_MAX + 10)]
    await write(studio, *texts)
    assert await mail.send_next() == 0
    for told in (LETTERS_MAX, 10, 0):
        clock.advance(PAUSE)
        assert await mail.send_next() == told
        assert await mail.send_next() == 0
    assert [each["Subject"] for each in inbox.mails][1] == f"[The Test Courier] {LETTERS_MAX} letters from readers"
    assert [text for text in ["The first.", *texts] if inbox.text().count(text) != 1] == []


async def test_what_the_server_refuses_is_sent_again_as_the_same_mail(
    studio: Studio, mail: LetterMail, inbox: Inbox, clock: ManualClock
) -> None:
    await write(studio, "The first.")
    inbox.refuses = True
    with pytest.raises(OSError, match="busy"):
        await mail.send_next()
    await write(studio, "The second.")
    inbox.refuses = False
    assert await mail.send_next() == 1
    assert "The second." not in inbox.text()
    clock.advance(PAUSE)
    assert await mail.send_next() == 1
    assert len({each["Message-ID"] for each in inbox.mails}) == 2


async def test_of_several_processes_one_sends_and_another_goes_on_with_the_same_mail(
    studio: Studio, smtp_url: str, inbox: Inbox, clock: ManualClock
) -> None:
    first, second = mailer(studio, smtp_url), mailer(studio, smtp_url, letters_to="desk@courier.example")
    await write(studio, "Only once.")
    inbox.refuses = True
    with pytest.raises(OSError, match="busy"):
        await first.send_next()
    inbox.refuses = False
    assert await second.send_next() == 0, "the first has the lease"
    clock.advance(PAUSE)
    assert (await second.send_next(), await first.send_next()) == (1, 0)
    assert inbox.to[0] == ["desk@courier.example"]
    assert len({each["Message-ID"] for each in inbox.mails}) == 1


async def test_it_runs_until_it_is_stopped_and_outlives_a_server_that_is_away(tmp_path: Path, inbox: Inbox) -> None:
    async with studio_in(tmp_path) as studio:
        await take_in(studio, published())
        await take_in(studio, unpublished())
        await write(studio, "About what is gone.", article_id=ID)
        away, stop = mailer(studio, f"smtp://127.0.0.1:{free_port()}"), asyncio.Event()
        with pytest.raises(ConnectionRefusedError):
            await away.send_next()
        running = asyncio.create_task(away.run(stop))
        await asyncio.sleep(0)
        stop.set()
        await running
        server = Controller(inbox, hostname="127.0.0.1", port=free_port())
        server.start()
        stop = asyncio.Event()
        running = asyncio.create_task(mailer(studio, f"smtp://127.0.0.1:{server.port}").run(stop))
        await until(lambda: inbox.mails)
        stop.set()
        await running
        server.stop()
    assert "a withdrawn article" in inbox.text()
