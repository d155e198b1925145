"""When a mail is tried again, and what a server's answer means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pressroom_notify.errors import SmtpUrlError
from pressroom_notify.retries import Away, Failed, Refused, Sent, Suppress, Uncertain, read_refusal, settle
from pressroom_notify.settings import Settings
from pressroom_notify.smtp import read_smtp_url

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = Settings()


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 60), (4, 240), (9, 240)])
def test_a_temporary_refusal_is_tried_again_after_longer_and_longer(tries: int, minutes: int) -> None:
    found = settle(Refused("451"), tries=tries, created_at=NOW, now=NOW, settings=SETTINGS)
    assert (found.state, found.tries) == ("deferred", tries + 1)
    assert found.not_before == NOW + timedelta(minutes=minutes)


def test_a_server_that_is_away_is_no_fault_of_the_mails() -> None:
    found = settle(Away("no answer"), tries=4, created_at=NOW, now=NOW, settings=SETTINGS)
    assert (found.state, found.tries, found.not_before) == ("deferred", 4, NOW + timedelta(minutes=1))


def test_after_two_days_it_has_failed() -> None:
    found = settle(Refused("451"), tries=9, created_at=NOW - timedelta(hours=47), now=NOW, settings=SETTINGS)
    assert found.state == "failed"


def test_what_may_have_arrived_is_not_tried_again() -> None:
    assert settle(Uncertain("?"), tries=0, created_at=NOW, now=NOW, settings=SETTINGS).not_before is None


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (421, "4.3.2 closing", Refused),
        (451, "4.7.1 greylisted", Refused),
        (550, "5.1.1 no such user", Suppress),
        (550, "5.7.1 spam", Failed),
        (552, "full", Failed),
    ],
)
def test_an_answer_has_one_meaning(code: int, text: str, kind: type) -> None:
    assert type(read_refusal(code, text)) is kind


def test_sent_is_sent() -> None:
    assert settle(Sent("250"), tries=0, created_at=NOW, now=NOW, settings=SETTINGS).state == "sent"


def test_a_mail_servers_address_is_read() -> None:
    found = read_smtp_url("smtp://us%40er:p%3Aw@mail.example:2525?starttls=true")
    assert found is not None
    assert (found.host, found.port, found.start_tls, found.use_tls) == ("mail.example", 2525, True, False)
    assert (found.username, found.password) == ("us@er", "p:w")
    assert "p:w" not in repr(found)
    secure = read_smtp_url("smtps://mail.example")
    assert secure is not None
    assert (secure.port, secure.use_tls) == (465, True)
    assert read_smtp_url("") is None


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://h:x", "smtp://h?tls=1", "smtp://h?starttls=maybe"]
)
def test_a_wrong_address_of_a_mail_server_stops_the_start_with_a_sentence(url: str) -> None:
    with pytest.raises(SmtpUrlError, match="PRESSROOM_SMTP_URL"):
        read_smtp_url(url)
