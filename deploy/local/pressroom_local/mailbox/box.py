"""The caught mails: a folder with a file each, oldest first by name. Blocking: call it from a thread."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.ids import new_id

NAME = re.compile(r"^[0-9a-f-]{36}$")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with its envelope: who it was really from and to."""

    id: str
    at: str
    sender: str
    recipients: list[str]
    source: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.source, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    def part(self, kind: str) -> str | None:
        """The body's `plain` or `html` part as text; None when there is none."""
        body = self.message.get_body((kind,))
        if body is None:
            return None
        try:
            return str(body.get_content())
        except (LookupError, ValueError):  # an unknown or wrong charset
            payload = body.get_payload(decode=True)
            return payload.decode(errors="replace") if isinstance(payload, bytes) else ""

    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    def document(self) -> dict[str, Any]:
        """As `/_mail/api` answers it."""
        return {
            "id": self.id,
            "at": self.at,
            "from": self.sender,
            "to": self.recipients,
            "subject": self.subject,
            "headers": [list(each) for each in self.headers()],
            "text": self.part("plain"),
            "html": self.part("html"),
        }


class Box:
    """At most `mails_max` mails; the oldest go first. A file is the envelope as one line of JSON, then the mail."""

    def __init__(self, folder: Path, clock: Clock, *, mails_max: int) -> None:
        self._folder = folder
        self._clock = clock
        self._mails_max = mails_max
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, sender: str, recipients: list[str], source: bytes) -> str:
        """Keep a mail; its id. It is there whole or not at all."""
        mail_id = str(new_id())
        envelope = {"at": rfc3339(self._clock.now()), "from": sender, "to": recipients}
        draft = self._folder / f"{mail_id}.part"
        draft.write_bytes(json.dumps(envelope).encode() + b"\n" + source)
        draft.rename(self._folder / f"{mail_id}.mail")
        for old in self._files()[: -self._mails_max]:
            old.unlink(missing_ok=True)
        return mail_id

    def get(self, mail_id: str) -> Mail | None:
        if not NAME.match(mail_id):
            return None
        try:
            head, _, source = (self._folder / f"{mail_id}.mail").read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        envelope = json.loads(head)
        return Mail(mail_id, envelope["at"], envelope["from"], envelope["to"], source)

    def newest(self, *, to: str = "", limit: int) -> list[Mail]:
        """Newest first; only those to one address when `to` is given."""
        found: list[Mail] = []
        for file in reversed(self._files()):
            mail = self.get(file.stem)
            if mail is not None and (not to or to.lower() in map(str.lower, mail.recipients)):
                found.append(mail)
            if len(found) == limit:
                break
        return found

    def clear(self) -> None:
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Oldest first: ids are UUIDv7 and sort by time."""
        return sorted(self._folder.glob("*.mail"))
