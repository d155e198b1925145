"""A mail as a mailbox reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressroom_notify.composing import article_letter, confirm_letter, digest_letter
from pressroom_notify.letters import Letter, Recipient, Slots, build, message_id
from pressroom_notify.topics import Topic
from pressroom_shared.site import Site
from tests.examples import article

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SITE = Site.model_validate(
    {
        "title": "Alder & Bay Courier",
        "sender": {"name": "Zeitung für Ährenfeld", "address": "news@courier.example"},
        "sections": [{"slug": "business", "name": "Business", "sections": [{"slug": "economy", "name": "Economy"}]}],
    }
)
READER = Recipient(
    email="reader+a&b@post.example",
    message_id="<1@courier.example>",
    unsubscribe_url=f"http://localhost:8080/unsubscribe/{'x' * 64}",
    link=f"http://localhost:8080/confirm/{'y' * 43}",
)


def read(letter: Letter, recipient: Recipient = READER) -> EmailMessage:
    raw = letter.to(recipient)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in head.split(b"\r\n")) <= 998  # RFC 5322 2.1.1
    assert max(len(line) for line in body.split(b"\r\n")) <= 76  # RFC 2045 6.7
    assert b"\n" not in raw.replace(b"\r\n", b"")
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


def test_a_link_card_is_styled_like_the_text_around_it_and_loads_nothing() -> None:
    body = "The cranes stopped.\n\n[<b>The</b> film](https://youtu.be/1)\n\nhttps://youtu.be/<script>x</script>2"
    page = part(read(article_letter(SITE, article(body=body), "news", AT)), "html")
    assert "<b>YouTube</b>: <b>The</b> film<br>" in page
    assert 'class="embed"' not in page
    assert "<script" not in page
    assert "<iframe" not in page


def test_a_mail_has_a_text_and_an_html_part_and_every_header() -> None:
    message = read(article_letter(SITE, article(), "news", AT))
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["From"] == "Zeitung für Ährenfeld <news@courier.example>"
    assert message["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert message["Precedence"] == "bulk"
    assert message["List-Archive"] == "<http://localhost:8080/>"
    assert message["List-Unsubscribe"] == f"<{READER.unsubscribe_url}>"
    assert READER.unsubscribe_url in part(message, "plain")
    assert f'href="{READER.unsubscribe_url}"' in part(message, "html")
    assert "reader+a&b@post.example" in part(message, "plain")
    assert "reader+a&amp;b@post.example" in part(message, "html")
    assert "Alder &amp; Bay Courier" in part(message, "html")


def test_each_reader_gets_their_own_and_nobody_elses() -> None:
    letter = article_letter(SITE, article(), "news", AT)
    other = Recipient("other@post.example", "<2@courier.example>", "http://localhost:8080/unsubscribe/other")
    raw = letter.to(other)
    assert b"reader+a" not in raw
    assert read(letter, other)["Message-ID"] == "<2@courier.example>"


@pytest.mark.parametrize(
    "headline",
    [
        "One\r\nBcc: everyone@post.example",
        "One\nX-Injected: yes\n\n<html>",
        '<script>alert(1)</script> & "quotes"',
        "حركة الرافعات في الميناء",
        "港のクレーンが三日間止まっている" * 8,
        "\x00\x1b[31mred\u2028line",
    ],
)
def test_a_hostile_or_foreign_headline_stays_text(headline: str) -> None:
    message = read(article_letter(SITE, article(headline=headline), "news", AT))
    assert set(message.keys()) == {
        *("From", "Subject", "Date", "Content-Language", "Auto-Submitted", "List-Id", "List-Archive", "Precedence"),
        *("MIME-Version", "Content-Type", "To", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post"),
    }
    expected = " ".join("".join(each if each.isprintable() else " " for each in headline).split())
    assert message["Subject"] == expected[:200]
    assert "<script" not in part(message, "html")


def test_markdown_in_an_article_is_sanitised_and_its_links_are_absolute() -> None:
    body = (
        "Text <script>alert(1)</script> with [a link](/business/) and [a trap](javascript:alert(1)).\n\n"
        '<p onclick="alert(1)">More</p>\n\n![](https://elsewhere.example/pixel.gif)\n\nLast words.'
    )
    html = part(read(article_letter(SITE, article(body=body), "news", AT)), "html")
    assert not re.search(r"<script|onclick|javascript:|elsewhere\.example", html)
    assert 'href="http://localhost:8080/business/"' in html


def test_a_right_to_left_article_is_set_right_to_left() -> None:
    message = read(article_letter(SITE, article(language="ar", headline="رافعات"), "news", AT))
    assert '<html lang="ar" dir="rtl">' in part(message, "html")
    assert message["Content-Language"] == "ar"


def test_a_confirmation_names_its_link_and_is_no_mail_to_many() -> None:
    message = read(confirm_letter(SITE, [Topic("section", "business/economy")], 168, AT))
    assert READER.link in part(message, "plain")
    assert f'href="{READER.link}"' in part(message, "html")
    assert "Economy" in part(message, "plain")
    assert message["List-Unsubscribe"] is None
    assert "7 days" in part(message, "plain")


def test_a_digest_names_every_article() -> None:
    articles = [
        article(id=f"0193a0f0-0000-7000-8000-00000000000{number}", headline=f"No {number}") for number in (1, 2)
    ]
    message = read(digest_letter(SITE, articles, 7, AT))
    assert message["Subject"] == "Alder & Bay Courier: this week"
    assert "No 1" in part(message, "html")
    assert "No 2" in part(message, "plain")


def test_a_message_id_is_the_same_for_the_same_mail_only() -> None:
    one = message_id(SITE, "r1", "a1", "news")
    assert one == message_id(SITE, "r1", "a1", "news")
    assert len({one, message_id(SITE, "r2", "a1", "news"), message_id(SITE, "r1", "a1", "correction:2")}) == 2 + 1
    assert re.fullmatch(r"<[0-9a-f]{40}@courier\.example>", one)


@given(
    text=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=400),
    own=st.text("ab=.ü ", max_size=90),
)
@example(text="\U00010000" * 25, own="")
@example(text="a" * 76, own="b")
@example(text="ü" * 12 + "a" * 4, own="b")
def test_any_text_survives_with_a_readers_own_in_the_middle(text: str, own: str) -> None:
    slots = Slots.new()
    letter = build(
        SITE,
        slots,
        subject="s",
        text=f"{text}{slots.link}{text}\n.{text}",
        page=f"<p>{slots.link}</p>",
        language="en",
        at=AT,
        bulk=False,
    )
    message = read(letter, Recipient("r@post.example", "<1@c.example>", "u", own))
    assert part(message, "plain").replace("\r\n", "\n") == f"{text}{own}{text}\n.{text}"
