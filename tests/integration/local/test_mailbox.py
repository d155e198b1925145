"""The mail catcher, over real SMTP and HTTP, as the process that it is."""

from __future__ import annotations

import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from pressroom_local.mailbox.box import Box
from pressroom_shared.clock import SystemClock
from tests.servers import free_port, wait_for_port


class Catcher:
    """The process, which the test may start again."""

    def __init__(self, folder: Path) -> None:
        self.smtp_port, self.http_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http_port}/_mail"
        self._environment = os.environ | {
            "PRESSROOM_DATA_DIR": str(folder),
            "PRESSROOM_LOCAL_MAILBOX_HOST": "127.0.0.1",
            "PRESSROOM_LOCAL_MAILBOX_SMTP_PORT": str(self.smtp_port),
            "PRESSROOM_LOCAL_MAILBOX_HTTP_PORT": str(self.http_port),
            "PRESSROOM_LOCAL_MAILBOX_MAIL_BYTES_MAX": "20000",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "pressroom_local.mailbox"], env=self._environment)
        for port in (self.smtp_port, self.http_port):
            wait_for_port(port)

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(10)

    def send(self, message: EmailMessage, *, to: str = "reader@example.org") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as client:
            client.send_message(message, "bounce+7@paper.example", [to])


@pytest.fixture
def catcher(data_dir: Path) -> Iterator[Catcher]:
    running = Catcher(data_dir)
    running.start()
    yield running
    running.stop()


def mail(subject: str = "مرفأ: ferry late", text: str = "Read https://paper.example/a?x=1&y=2.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Paper <news@paper.example>", "reader@example.org", subject
    message["List-Unsubscribe"] = "<https://paper.example/unsubscribe/t1>"
    message.set_content(text)
    message.add_alternative('<p>Ferry</p><script>alert("x")</script>', subtype="html")
    return message


def test_a_mail_is_listed_for_programs_with_its_parts_and_envelope(catcher: Catcher) -> None:
    catcher.send(mail())
    [found] = httpx.get(f"{catcher.url}/api").json()["items"]
    assert found["subject"] == "مرفأ: ferry late"
    assert (found["from"], found["to"]) == ("bounce+7@paper.example", ["reader@example.org"])
    assert found["text"].strip() == "Read https://paper.example/a?x=1&y=2."
    assert "<p>Ferry</p>" in found["html"]
    assert ["List-Unsubscribe", "<https://paper.example/unsubscribe/t1>"] in found["headers"]


def test_mails_to_one_address_are_found_newest_first(catcher: Catcher) -> None:
    for number in range(3):
        catcher.send(mail(f"To one {number}"), to="one@example.org")
    catcher.send(mail("To two"), to="two@example.org")
    found = httpx.get(f"{catcher.url}/api", params={"to": "ONE@example.org"}).json()["items"]
    assert [each["subject"] for each in found] == ["To one 2", "To one 1", "To one 0"]


def test_the_pages_show_a_mail_and_let_it_run_nothing(catcher: Catcher) -> None:
    catcher.send(mail("<b>Bold</b>"))
    [found] = httpx.get(f"{catcher.url}/api").json()["items"]
    listed = httpx.get(f"{catcher.url}/")
    assert f'<a href="/_mail/{found["id"]}">&lt;b&gt;Bold&lt;/b&gt;</a>' in listed.text
    shown = httpx.get(f"{catcher.url}/{found['id']}")
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "<script" not in shown.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert "&lt;script&gt;alert(&quot;x&quot;)" in shown.text
    assert '<a href="https://paper.example/a?x=1&amp;y=2">' in shown.text
    assert "List-Unsubscribe" in shown.text
    raw = httpx.get(f"{catcher.url}/{found['id']}/raw")
    assert raw.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "List-Unsubscribe: <https://paper.example/unsubscribe/t1>" in raw.text


def test_mails_are_there_after_a_restart_until_they_are_cleared(catcher: Catcher) -> None:
    catcher.send(mail("Kept"))
    assert catcher.stop() == 0
    catcher.start()
    assert [each["subject"] for each in httpx.get(f"{catcher.url}/api").json()["items"]] == ["Kept"]
    assert httpx.delete(f"{catcher.url}/api").status_code == 204
    assert httpx.get(f"{catcher.url}/api").json()["items"] == []


def test_a_mail_that_is_too_large_is_refused(catcher: Catcher) -> None:
    with pytest.raises(smtplib.SMTPResponseException) as caught:
        catcher.send(mail(text="x" * 70 + "\n" + ("y" * 70 + "\n") * 400))
    assert caught.value.smtp_code == 552
    assert httpx.get(f"{catcher.url}/api").json()["items"] == []


@pytest.mark.parametrize("mail_id", ["none", "..%2f..%2fingest.db", "0" * 36])
def test_an_unknown_mail_is_not_found(catcher: Catcher, mail_id: str) -> None:
    assert httpx.get(f"{catcher.url}/{mail_id}").status_code == 404


def test_the_oldest_mails_go_first(tmp_path: Path) -> None:
    box = Box(tmp_path, SystemClock(), mails_max=2)
    ids = [box.put("a@example.org", ["b@example.org"], b"Subject: x\n\nText\n") for _ in range(4)]
    assert [each.id for each in box.newest(limit=10)] == [ids[3], ids[2]]


def test_a_mail_in_no_known_charset_is_shown_nonetheless(tmp_path: Path) -> None:
    box = Box(tmp_path, SystemClock(), mails_max=2)
    source = b"Subject: x\nContent-Type: text/plain; charset=martian\n\nText\n"
    found = box.get(box.put("a@example.org", ["b@example.org"], source))
    assert found is not None
    assert "Text" in (found.part("plain") or "")
