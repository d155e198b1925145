"""The pages and the API for readers: what they say, what they refuse, and what they never tell."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from pressroom_notify.tables import reader, request, topic
from tests.examples import published
from tests.integration.notify.conftest import Office, link

READER = "reader@post.example"
GIVEN = {"email": READER, "topics": [{"kind": "section", "value": "business"}], "frequency": "daily"}


async def rows(office: Office, table: sa.Table) -> int:
    async with office.desk.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def test_the_api_takes_a_subscription_and_answers_the_same_for_a_known_address(office: Office) -> None:
    first = await office.http.post("/api/v1/subscriptions", json=GIVEN)
    assert first.status_code == 202
    await office.send()
    assert (await office.http.post(link(office.mailbox.to(READER)[0], "confirm"))).status_code == 200
    second = await office.http.post("/api/v1/subscriptions", json=GIVEN)
    assert (second.status_code, second.json()) == (first.status_code, first.json())


async def test_wrong_fields_are_named_and_nothing_is_stored(office: Office) -> None:
    wrong = {
        "email": "nobody",
        "topics": [{"kind": "section", "value": "sports"}, {"kind": "tag", "value": ""}],
        "timezone": "Mars/Olympus",
    }
    answer = await office.http.post("/api/v1/subscriptions", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"email", "timezone", "topics.0.value", "topics.1.value"}
    for bad in (
        {**GIVEN, "frequency": "hourly"},
        {**GIVEN, "topics": []},
        {**GIVEN, "colour": "red"},
        {"email": READER},
    ):
        assert (await office.http.post("/api/v1/subscriptions", json=bad)).status_code == 422
    too_large = await office.http.post("/api/v1/subscriptions", content=b"x" * 70_000)
    assert too_large.status_code == 413
    assert await rows(office, reader) == await rows(office, request) == 0


async def test_an_address_gets_a_few_mails_an_hour_at_most_and_nobody_is_told(office: Office) -> None:
    for _ in range(6):
        assert (await office.http.post("/api/v1/subscriptions", json=GIVEN)).status_code == 202
    await office.send()
    assert len(office.mailbox.to(READER)) == 3
    office.clock.advance(timedelta(hours=2))
    await office.http.post("/api/v1/subscriptions", json=GIVEN)
    await office.send()
    assert len(office.mailbox.to(READER)) == 4


async def test_one_network_address_asks_for_thirty_an_hour_at_most(office: Office) -> None:
    for number in range(30):
        given = {**GIVEN, "email": f"reader{number}@post.example"}
        assert (await office.http.post("/api/v1/subscriptions", json=given)).status_code == 202
    answer = await office.http.post("/api/v1/subscriptions", json=GIVEN)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    page = await office.http.post("/preferences", data={"email": READER})
    assert page.status_code == 429


async def test_what_is_wrong_stands_beside_its_field_and_what_was_entered_is_kept(office: Office) -> None:
    answer = await office.http.post(
        "/subscribe", data={"email": '<script>"@x', "topic": "author:ines-falk", "frequency": "weekly"}
    )
    assert answer.status_code == 422
    assert 'aria-describedby="email-error"' in answer.text
    assert "<script>" not in answer.text
    assert 'value="author:ines-falk" checked' in answer.text
    assert 'value="weekly" checked' in answer.text
    assert (await office.http.post("/subscribe", data={"email": READER})).status_code == 422
    shown = await office.http.get("/subscribe?topic=tag:harbour&topic=nonsense")
    assert 'value="tag:harbour" checked' in shown.text


async def test_a_link_is_good_for_its_time_and_a_made_up_one_never(office: Office) -> None:
    await office.http.post("/subscribe", data={"email": READER, "topic": "all"})
    await office.send()
    path = link(office.mailbox.to(READER)[0], "confirm")
    for wrong in (f"/confirm/{'x' * 43}", f"/preferences/{path.rpartition('/')[2]}", f"/unsubscribe/{'x' * 64}"):
        assert (await office.http.get(wrong)).status_code == 404
        assert (await office.http.post(wrong)).status_code == 404
    office.clock.advance(timedelta(days=8))
    assert (await office.http.post(path)).status_code == 404
    await office.turns.tend()
    assert await rows(office, reader) == await rows(office, request) == 0  # forgotten


async def test_no_token_of_a_mail_is_kept(office: Office) -> None:
    await office.http.post("/subscribe", data={"email": READER, "topic": "all"})
    await office.send()
    token = link(office.mailbox.to(READER)[0], "confirm").rpartition("/")[2]
    async with office.desk.database.read() as connection:
        kept = (await connection.execute(sa.select(request))).one()
    assert token not in str(tuple(kept))


async def test_preferences_are_changed_by_a_link_that_works_once(office: Office) -> None:
    await office.subscribe(READER, "section:business", "tag:harbour")
    unknown = await office.http.post("/preferences", data={"email": "nobody@post.example"})
    known = await office.http.post("/preferences", data={"email": READER})
    assert known.text.replace(READER, "nobody@post.example") == unknown.text
    await office.send()
    assert office.mailbox.to("nobody@post.example") == []
    path = link(office.mailbox.to(READER)[-1], "preferences")
    shown = await office.http.get(path)
    assert 'name="follow:tag:harbour"' in shown.text
    bad = await office.http.post(path, data={"follow:section:sports": "daily"})
    assert bad.status_code == 422
    saved = await office.http.post(
        path, data={"follow:section:world": "daily", "follow:tag:harbour": "never", "timezone": "Europe/Paris"}
    )
    assert saved.status_code == 200
    async with office.desk.database.read() as connection:
        found = (await connection.execute(sa.select(topic.c.kind, topic.c.value, topic.c.every_days))).all()
        zone = await connection.scalar(sa.select(reader.c.timezone))
    assert [tuple(each) for each in found] == [("section", "world", 1)]
    assert zone == "Europe/Paris"
    assert (await office.http.post(path, data={"leave": "1"})).status_code == 404


async def test_who_leaves_everything_gets_nothing_more(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.http.post("/preferences", data={"email": READER})
    await office.send()
    assert (await office.http.post(link(office.mailbox.to(READER)[-1], "preferences"), data={"leave": "1"})).is_success
    await office.take_in(published())
    await office.work()
    assert await office.states() == {}


async def test_a_confirmation_that_was_used_brings_nobody_back(office: Office) -> None:
    await office.subscribe(READER, "all")
    path = link(office.mailbox.to(READER)[0], "confirm")
    await office.take_in(published())
    await office.work()
    await office.http.post(link(office.mailbox.to(READER)[-1], "unsubscribe"))
    assert (await office.http.post(path)).status_code == 200
    async with office.desk.database.read() as connection:
        assert await connection.scalar(sa.select(reader.c.state)) == "unsubscribed"


async def test_a_hostile_article_reaches_no_header_and_no_html(office: Office) -> None:
    await office.subscribe(READER, "all")
    headline = "Cranes\r\nBcc: victim@post.example\r\n\r\n<script>alert(1)</script>"
    await office.take_in(published(headline=headline, body="<img src=x onerror=alert(1)> Text."))
    await office.work()
    raw = office.mailbox.mails[-1][1]
    mail = office.mailbox.to(READER)[-1]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Cranes Bcc: victim@post.example <script>alert(1)</script>"
    html = mail.get_body(("html",))
    assert html is not None
    assert b"<script" not in raw.partition(b"\r\n\r\n")[2].replace(b"=\r\n", b"").partition(b"text/html")[2]
    assert "onerror" not in html.get_content()
    assert office.mailbox.recipients == [READER, READER]
