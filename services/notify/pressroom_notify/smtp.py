"""Connections to the mail server: made when needed, used again, bounded, and given up after a number of mails."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from pressroom_notify.errors import MailServerAway, SmtpUrlError
from pressroom_notify.retries import Away, Result, Sent, Uncertain, read_refusal
from pressroom_notify.settings import Settings

SERVICE_CLOSING = 421
ANSWER_AFTER_DATA = "The connection broke before the server's last answer; it may have arrived, and is not sent again."


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over."""

    host: str
    port: int
    use_tls: bool
    start_tls: bool | None
    username: str | None
    password: str | None = field(repr=False)


def read_smtp_url(url: str) -> MailServer | None:
    """Read `smtp://user:password@host:587?starttls=true` or `smtps://…`; None when it is empty.

    `starttls=true` insists on TLS, `false` does without; not given, it is used where the server offers it. Raises
    `SmtpUrlError` for anything else.
    """
    if not url:
        return None
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == 0 or parts.path.strip("/"):
        raise SmtpUrlError("PRESSROOM_SMTP_URL: write it as smtp://user:password@host:587?starttls=true.")
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"starttls"} or options.get("starttls", ["true"])[-1] not in {"true", "false"}:
        raise SmtpUrlError("PRESSROOM_SMTP_URL: the only option is starttls=true or starttls=false.")
    secure = parts.scheme == "smtps"
    wished = options["starttls"][-1] == "true" if "starttls" in options else None
    return MailServer(
        host=parts.hostname,
        port=port or (465 if secure else 587 if wished else 25),
        use_tls=secure,
        start_tls=False if secure else wished,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Connections:
    """Up to `smtp_connections` at once. `ready` makes one before mails are marked as being sent."""

    def __init__(self, server: MailServer, settings: Settings) -> None:
        self._server = server
        self._settings = settings
        self._idle: list[tuple[aiosmtplib.SMTP, int]] = []
        self._slots = asyncio.Semaphore(settings.smtp_connections)

    async def ready(self) -> None:
        """See that the server answers. Raises `MailServerAway`."""
        client, used = await self._take()
        try:
            await client.noop()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
            client, used = await self._connect(), 0
        self._idle.append((client, used))

    async def send(self, sender: str, recipient: str, message: bytes) -> Result:
        """Hand one mail over, and say what the server answered. Never raises for what a server does."""
        async with self._slots:
            try:
                client, used = await self._take()
            except MailServerAway as error:
                return Away(str(error))
            result = await self._talk(client, sender, recipient, message)
            if client.is_connected and used + 1 < self._settings.smtp_mails_max:
                self._idle.append((client, used + 1))
            else:
                await _quit(client)
            return result

    async def close(self) -> None:
        while self._idle:
            await _quit(self._idle.pop()[0])

    async def _take(self) -> tuple[aiosmtplib.SMTP, int]:
        while self._idle:
            client, used = self._idle.pop()
            if client.is_connected:
                return client, used
        return await self._connect(), 0

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            username=server.username,
            password=server.password,
            timeout=self._settings.smtp_timeout_s,
            tls_context=ssl.create_default_context() if server.use_tls or server.start_tls else None,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise MailServerAway(f"The mail server {server.host}:{server.port} does not answer: {error}") from error
        return client

    async def _talk(self, client: aiosmtplib.SMTP, sender: str, recipient: str, message: bytes) -> Result:
        """MAIL, RCPT, DATA. Up to DATA a broken connection has sent nothing; from there on, nobody knows."""
        try:
            await client.mail(sender)
            await client.rcpt(recipient)
        except aiosmtplib.SMTPResponseException as error:
            await _reset(client)
            return self._refused(client, error)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Away(f"The mail server broke off: {error}")
        try:
            answer = await client.data(message, timeout=self._settings.smtp_data_timeout_s)
        except aiosmtplib.SMTPResponseException as error:
            await _reset(client)
            return self._refused(client, error)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return Uncertain(f"{ANSWER_AFTER_DATA} ({error})")
        return Sent(f"{answer.code} {answer.message}"[:500])

    @staticmethod
    def _refused(client: aiosmtplib.SMTP, error: aiosmtplib.SMTPResponseException) -> Result:
        if error.code == SERVICE_CLOSING:
            client.close()
        return read_refusal(error.code, error.message)


async def _reset(client: aiosmtplib.SMTP) -> None:
    try:
        await client.rset()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


async def _quit(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()
    client.close()
