"""The composition root of the mail catcher: SMTP in, HTTP out, a folder between."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from pressroom_local.mailbox.api import create_api
from pressroom_local.mailbox.box import Box
from pressroom_local.settings import Settings
from pressroom_shared.clock import SystemClock
from pressroom_shared.http import HttpServer
from pressroom_shared.running import run_until_stopped


class Catcher:
    """aiosmtpd's handler: a mail is accepted once it is on disk."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        sender, recipients = str(envelope.mail_from or ""), [str(each) for each in envelope.rcpt_tos]
        await asyncio.to_thread(self._box.put, sender, recipients, content)
        return "250 Caught"


class SmtpServer:
    """Listens until the process stops."""

    def __init__(self, settings: Settings, box: Box) -> None:
        self._settings = settings
        self._catcher = Catcher(box)

    async def run(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        settings = self._settings

        def session() -> SMTP:
            return SMTP(
                self._catcher,
                hostname="mailbox.pressroom",
                ident="Pressroom mail catcher",
                data_size_limit=settings.mailbox_mail_bytes_max,
                enable_SMTPUTF8=True,
                loop=loop,
            )

        server = await loop.create_server(session, settings.mailbox_host, settings.mailbox_smtp_port)
        await stop.wait()
        server.close()


async def main(settings: Settings) -> None:
    """Both servers until the process is stopped."""
    box = Box(settings.data_dir / "mailbox", SystemClock(), mails_max=settings.mailbox_mails_max)
    http = HttpServer(create_api(box), settings.mailbox_host, settings.mailbox_http_port)
    await run_until_stopped(SmtpServer(settings, box), http)
