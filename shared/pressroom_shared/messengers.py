"""How the operator hears of something: by mail (`PRESSROOM_ALERT_TO`) and by webhook (`PRESSROOM_ALERT_WEBHOOK`)."""

from __future__ import annotations

import asyncio
import json
import logging
import smtplib
import ssl
import urllib.request
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from pressroom_shared.errors import SettingsError
from pressroom_shared.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_S = 10


def send_mail(smtp_url: str, message: EmailMessage) -> None:
    """Hand one mail to the server; for a thread. Raises `OSError`, as all of `smtplib`'s are, when it is refused."""
    parts = urlsplit(smtp_url)
    host = parts.hostname or "localhost"
    secure = parts.scheme == "smtps"
    options = parse_qs(parts.query)
    client = (
        smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S, context=ssl.create_default_context())
        if secure
        else smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_S)
    )
    with client:
        if not secure and options.get("starttls", ["false"])[0] == "true":
            client.starttls(context=ssl.create_default_context())
        if parts.username:
            client.login(unquote(parts.username), unquote(parts.password or ""))
        client.send_message(message)


class Messengers:
    """Tells the operator, on every way that the settings name."""

    def __init__(self, settings: Settings, *, newspaper: str, sender: str) -> None:
        self._settings = settings
        self._newspaper = newspaper
        self._sender = sender
        if settings.alert_webhook and urlsplit(settings.alert_webhook).scheme not in {"http", "https"}:
            raise SettingsError("PRESSROOM_ALERT_WEBHOOK: it is no address that begins with https:// or http://.")
        if settings.alert_to and not settings.smtp_url:
            raise SettingsError("PRESSROOM_ALERT_TO: there is no mail server to send by; set PRESSROOM_SMTP_URL too.")

    async def tell(self, subject: str, text: str) -> bool:
        """Send one message. Says whether one way at least took it, or there is none."""
        ways = []
        if self._settings.alert_to:
            ways.append(asyncio.to_thread(self._mail, subject, text))
        if self._settings.alert_webhook:
            ways.append(asyncio.to_thread(self._post, subject, text))
        results = await asyncio.gather(*ways, return_exceptions=True)
        failed = [each for each in results if isinstance(each, BaseException)]
        for error in failed:
            log.warning("the operator could not be told %r: %s", subject, error)
        return len(failed) < len(results) or not results

    def _mail(self, subject: str, text: str) -> None:
        message = EmailMessage()
        message["Subject"] = f"[{self._newspaper}] {subject}"
        message["From"] = self._sender
        message["To"] = self._settings.alert_to
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{text}\n")
        send_mail(self._settings.smtp_url, message)

    def _post(self, subject: str, text: str) -> None:
        body = json.dumps({"newspaper": self._newspaper, "subject": subject, "text": text}, ensure_ascii=False)
        request = urllib.request.Request(  # noqa: S310  # the operator's own address, its scheme checked above
            self._settings.alert_webhook, body.encode(), {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            pass
