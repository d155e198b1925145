"""A mail as bytes: built once, with what differs from reader to reader spliced in.

multipart/alternative (RFC 2046), quoted-printable (RFC 2045), headers by the standard library. Each part is cut where a
reader's own address or link stands; between the cuts it is encoded once.
"""

from __future__ import annotations

import binascii
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from pressroom_shared.site import Site

SUBJECT_CHARACTERS_MAX = 200
LINE_CHARS_MAX = 76
"""RFC 2045 6.7, rule 5: with the sign of a soft break."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Stand in a mail's text for what is each reader's own. Random, so that no article can contain them."""

    email: str
    link: str
    unsubscribe: str

    @classmethod
    def new(cls) -> Slots:
        return cls(*(f"slot{secrets.token_hex(16)}" for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom one mail goes to. `link` is the one that the mail asks to follow; empty where there is none."""

    email: str
    message_id: str
    unsubscribe_url: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that waits for its readers."""

    sender: str
    head: bytes
    boundary: bytes
    text: list[bytes]
    html: list[bytes]
    names: tuple[list[str], list[str]]
    bulk: bool

    def to(self, reader: Recipient) -> bytes:
        """The whole mail for one reader."""
        own = [f"To: {reader.email}", f"Message-ID: {reader.message_id}"]
        if self.bulk:
            own += [
                f"List-Unsubscribe: <{reader.unsubscribe_url}>",
                "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            ]
        values = {"email": reader.email, "link": reader.link, "unsubscribe": reader.unsubscribe_url}
        plain = {name: _quoted(value) for name, value in values.items()}
        escaped = {name: _quoted(html.escape(value, quote=True)) for name, value in values.items()}
        mark = b"--" + self.boundary
        return b"\r\n".join(
            (
                self.head + "\r\n".join(own).encode("ascii"),
                b"",
                mark,
                *_part_head("plain"),
                _splice(self.text, self.names[0], plain),
                mark,
                *_part_head("html"),
                _splice(self.html, self.names[1], escaped),
                mark + b"--",
                b"",
            )
        )


def build(
    site: Site, slots: Slots, *, subject: str, text: str, page: str, language: str, at: datetime, bulk: bool
) -> Letter:
    """A letter from its two parts. `bulk` adds what a mail to many carries (RFC 2369, RFC 2919, RFC 8058)."""
    boundary = secrets.token_hex(16)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(site.sender.name), addr_spec=site.sender.address)
    message["Subject"] = _one_line(subject)[:SUBJECT_CHARACTERS_MAX]
    message["Date"] = format_datetime(at)
    message["Content-Language"] = language
    message["Auto-Submitted"] = "auto-generated"
    if bulk:
        message["List-Id"] = f"<{site.sender.address.replace('@', '.')}>"
        message["List-Archive"] = f"<{site.base_url}/>"
        message["Precedence"] = "bulk"
    message["MIME-Version"] = "1.0"
    head = message.as_bytes().rstrip(b"\r\n") + b"\r\n"
    head += f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n'.encode("ascii")
    text_pieces, text_names = _cut(text, slots)
    html_pieces, html_names = _cut(page, slots)
    return Letter(
        sender=site.sender.address,
        head=head,
        boundary=boundary.encode("ascii"),
        text=text_pieces,
        html=html_pieces,
        names=(text_names, html_names),
        bulk=bulk,
    )


def message_id(site: Site, reader_id: str, article_id: str, occasion: str) -> str:
    """The same for the same mail, however often it is tried, so that a mailbox can tell a second one."""
    digest = hashlib.sha256(f"{reader_id}\n{article_id}\n{occasion}".encode()).hexdigest()[:40]
    return f"<{digest}@{site.sender.address.rpartition('@')[2]}>"


def _one_line(text: str) -> str:
    """Nothing in a header may end its line, nor be a control character (RFC 5322 2.2)."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _cut(text: str, slots: Slots) -> tuple[list[bytes], list[str]]:
    """The encoded pieces, and the slots' names between them."""
    named = {slots.email: "email", slots.link: "link", slots.unsubscribe: "unsubscribe"}
    parts = re.split(f"({'|'.join(named)})", text)
    *pieces, last = (_quoted(each) for each in parts[::2])
    return [*map(_with_room, pieces), last], [named[each] for each in parts[1::2]]


def _splice(pieces: list[bytes], names: list[str], values: dict[str, bytes]) -> bytes:
    """Soft line breaks keep a value from making a line too long."""
    joined = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=True):
        joined += [b"=\r\n", values[name], b"=\r\n", piece]
    return b"".join(joined)


def _part_head(kind: str) -> tuple[bytes, ...]:
    return (
        f"Content-Type: text/{kind}; charset=utf-8".encode("ascii"),
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
    )


def _quoted(text: str) -> bytes:
    """Quoted-printable (RFC 2045 6.7)."""
    return b"\r\n".join(_quoted_line(line) for line in re.split(r"\r\n|\r|\n", text))


def _with_room(quoted: bytes) -> bytes:
    """With a last line that the sign of a soft break still fits on."""
    last = quoted.rpartition(b"\r\n")[2]
    if len(last) < LINE_CHARS_MAX:
        return quoted
    end = -3 if last[-3:-2] == b"=" else -1  # an octet that is written as three characters stays whole
    return quoted[:end] + b"=\r\n" + quoted[end:]


def _quoted_line(line: str) -> bytes:
    return binascii.b2a_qp(line.encode(), istext=False).replace(b"\n", b"\r\n")
