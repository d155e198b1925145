"""Links in mails cannot be made by others."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from pressroom_notify.readers import next_digest, normal_email
from pressroom_notify.tokens import Signer, hash_of, new_key, new_token
from pressroom_shared.ids import new_id


def test_a_signed_reader_is_read_back_with_the_same_key_only() -> None:
    key, reader = new_key(), new_id()
    token = Signer(key).token(reader)
    assert Signer(key).reader_id(token) == reader
    assert Signer(new_key()).reader_id(token) is None


def test_a_token_that_was_tampered_with_is_nobodys() -> None:
    signer = Signer(new_key())
    raw = bytearray(base64.urlsafe_b64decode(signer.token(new_id())))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert signer.reader_id(base64.urlsafe_b64encode(changed).decode()) is None
    for wrong in ("", "é", "....", "a" * 1000):
        assert signer.reader_id(wrong) is None


def test_a_random_token_has_256_bits_and_is_kept_as_a_hash() -> None:
    token = new_token()
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert token not in hash_of(token)
    assert new_token() != token


@pytest.mark.parametrize(
    "given",
    ["", "reader", "a@b@c", "reader@", "é@post.example", "a@post.example\r\nBcc: x@y.example", "a b@post.example"],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        normal_email(given)


def test_an_address_is_written_as_a_mail_server_takes_it() -> None:
    assert normal_email(" Reader@Bücher.example ") == "Reader@xn--bcher-kva.example"


def test_a_digest_is_due_at_seven_of_the_readers_clock_also_across_a_change_of_it() -> None:
    friday = datetime(2026, 10, 30, 20, tzinfo=UTC)
    assert next_digest(friday, "America/New_York", 7, 1) == datetime(2026, 10, 31, 11, tzinfo=UTC)
    sunday = datetime(2026, 11, 1, 4, tzinfo=UTC)  # the clock goes back at 06:00 UTC
    assert next_digest(sunday, "America/New_York", 7, 1) == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert next_digest(friday, "America/New_York", 7, 7) == datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert next_digest(datetime(2026, 11, 2, 12, tzinfo=UTC), "America/New_York", 7, 7).day == 9
