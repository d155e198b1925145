"""Subscribe, confirm, get a mail on publication, once; leave."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from pressroom_notify.tables import metadata
from pressroom_shared.database import migration_differences
from pressroom_shared.events import Announcement
from tests.examples import START, published, unpublished, version
from tests.integration.notify.conftest import Event, Office, link, part

READER = "reader@post.example"


def announced(*changes: str) -> list[Announcement]:
    """The list that an event carries: the n-th version had this change."""
    return [
        Announcement.model_validate(
            {
                "version": version(number),
                "change": change,
                "at": START + timedelta(seconds=number),
                "notify": change in {"new", "correction"},
            }
        )
        for number, change in enumerate(changes, 1)
    ]


async def test_the_migrations_make_what_the_code_expects(office: Office) -> None:
    assert await migration_differences(office.desk.database, metadata) == []


async def test_a_confirmed_reader_gets_one_mail_and_the_receipt_says_so(office: Office) -> None:
    await office.subscribe(READER, "section:business")
    await office.take_in(published())
    await office.work()
    _, mail = office.mailbox.to(READER)
    assert mail["Subject"] == "Harbour cranes stand still for a third day"
    assert mail["From"] == "The Test Courier <news@courier.example>"
    assert mail["To"] == READER
    assert mail["List-Id"] == "<news.courier.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"] == f"<http://localhost:8080{link(mail, 'unsubscribe')}>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "The cranes stopped at noon." in part(mail, "plain")
    assert "http://localhost:8080/business/2026/11/23/harbour-cranes-stand-still/" in part(mail, "html")
    counts = await office.counts()
    assert (counts.planned, counts.sent, counts.open) == (1, 1, 0)
    await office.take_in(published())
    await office.work()
    assert len(office.mailbox.to(READER)) == 2
    assert await office.counts() == counts


async def test_nothing_is_sent_before_it_is_confirmed_and_a_get_changes_nothing(office: Office) -> None:
    await office.http.post("/subscribe", data={"email": READER, "topic": "all"})
    await office.send()
    path = link(office.mailbox.to(READER)[0], "confirm")
    shown = await office.http.get(path)
    assert shown.status_code == 200
    assert "All articles" in shown.text
    await office.take_in(published())
    await office.work()
    assert len(office.mailbox.mails) == 1
    assert (await office.outcomes())[-1].status == "done"
    assert (await office.counts()).planned == 0


async def test_who_follows_several_of_its_topics_is_told_once(office: Office) -> None:
    await office.subscribe(READER, "all", "section:business", "section:business/economy", "tag:harbour")
    await office.subscribe(READER, "author:ines-falk", frequency="daily")
    await office.subscribe("weekly@post.example", "tag:harbour", frequency="weekly")
    await office.subscribe("other@post.example", "section:world")
    await office.take_in(published())
    await office.work()
    counts = await office.counts()
    assert (counts.planned, counts.sent, counts.digest, counts.open) == (1, 1, 1, 0)


async def test_breaking_news_and_further_sections_are_followed(office: Office) -> None:
    await office.subscribe("breaking@post.example", "breaking")
    await office.subscribe("world@post.example", "section:world")
    await office.take_in(published())
    await office.work()
    assert (await office.counts()).planned == 0
    await office.take_in(published(id="0193a0f0-0000-7000-8000-000000000002", breaking=True, also_in=["world"]))
    await office.work()
    assert (await office.counts()).sent == 2


async def test_one_click_unsubscribes_at_once_and_a_get_does_not(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published())
    await office.work()
    path = link(office.mailbox.to(READER)[-1], "unsubscribe")
    assert READER in (await office.http.get(path)).text
    second = "0193a0f0-0000-7000-8000-000000000002"
    await office.take_in(published(id=second))
    await office.plan()
    left = await office.http.post(path, data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200
    office.clock.advance(timedelta(days=4000))
    assert (await office.http.post(path)).status_code == 200  # the link never expires
    await office.work()
    assert await office.states() == {"sent": 1, "suppressed": 1}
    assert (await office.counts()).suppressed == 1


async def test_a_silent_version_that_overtakes_the_news_still_tells_readers_once(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published(2, announcements=announced("new", "silent"), headline="The second headline"))
    await office.take_in(published(1, announcements=announced("new")))
    await office.work()
    assert office.mailbox.to(READER)[-1]["Subject"] == "The second headline"
    assert len(office.mailbox.to(READER)) == 2
    outcomes = await office.outcomes()
    assert {each.version: each.status for each in outcomes} == {version(1): "stale", version(2): "done"}
    assert (await office.counts()).sent == 1


async def test_an_update_tells_nobody_again(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published(1))
    await office.work()
    await office.take_in(published(2))
    await office.work()
    assert len(office.mailbox.to(READER)) == 2
    assert (await office.outcomes())[-1].version == version(2)
    assert (await office.counts()).planned == 0


async def test_a_correction_goes_to_exactly_those_who_got_the_news(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published(1))
    await office.work()
    office.clock.advance(timedelta(seconds=1))
    await office.subscribe("late@post.example", "all")
    corrections = [{"version": version(3), "note": "It was the second day.", "at": START}]
    await office.take_in(published(3, announcements=announced("new", "silent", "correction"), corrections=corrections))
    await office.work()
    mail = office.mailbox.to(READER)[-1]
    assert mail["Subject"] == "Correction: Harbour cranes stand still for a third day"
    assert "It was the second day." in part(mail, "plain")
    assert len(office.mailbox.to(READER)) == 3
    assert len(office.mailbox.to("late@post.example")) == 1
    assert (await office.counts()).sent == 1


async def test_a_replay_tells_nobody(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published(1, replay=True))
    await office.work()
    assert await office.states() == {}
    await office.take_in(published(2, announcements=announced("new", "silent")))
    await office.work()
    assert await office.states() == {}
    await office.take_in(published(3, announcements=announced("new", "silent", "correction")))
    await office.work()
    assert await office.states() == {}


async def test_a_replay_that_comes_first_does_not_silence_the_news_itself(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published(1, replay=True), published(1), published(1))
    await office.work()
    assert await office.states() == {"sent": 1}


async def test_held_news_waits_and_a_withdrawal_cancels_it(holding: Office) -> None:
    await holding.subscribe(READER, "all")
    await holding.take_in(published(1))
    await holding.work()
    counts = await holding.counts()
    assert (counts.planned, counts.open, counts.sent) == (1, 1, 0)
    assert counts.held_until == START + timedelta(seconds=61)
    await holding.take_in(unpublished(2))
    holding.clock.advance(timedelta(minutes=5))
    await holding.work()
    assert await holding.states() == {"cancelled": 1}
    assert (await holding.outcomes())[-1].detail.startswith("1 mails that were not sent yet are cancelled")


async def test_held_news_goes_out_when_the_hold_ends(holding: Office) -> None:
    await holding.subscribe(READER, "all")
    await holding.take_in(published(1))
    await holding.work()
    holding.clock.advance(timedelta(seconds=61))
    await holding.work()
    counts = await holding.counts()
    assert (counts.sent, counts.open, counts.held_until) == (1, 0, None)


async def test_news_that_comes_back_after_a_withdrawal_is_told_to_who_was_not(holding: Office) -> None:
    await holding.subscribe(READER, "all")
    await holding.take_in(published(1))
    await holding.work()
    await holding.take_in(unpublished(2))
    again = [*announced("new"), announced("silent", "silent", "new")[2]]
    await holding.take_in(published(3, announcements=again))
    holding.clock.advance(timedelta(seconds=70))
    await holding.work()
    assert await holding.states() == {"sent": 1}
    assert (await holding.counts()).sent == 1


async def test_nothing_is_left_of_a_purged_article_but_that_readers_were_told(office: Office) -> None:
    """Not its words, in no table; and who was told is not told again, whatever comes twice or late."""
    word = "zanzibarian"
    await office.subscribe("mira@example.com", "section:business")
    await office.subscribe("noor@example.com", "section:business", frequency="daily")
    first = published(
        1,
        headline=f"A {word} crane",
        body=f"The {word}.",
        body_text=f"The {word}.",
        path=f"/business/2026/11/23/{word}/",
    )
    await office.take_in(first)
    await office.work()
    assert await tables_with(office, word) == {"article"}
    gone = unpublished(2, path=first.data.path, purged=True)
    await office.take_in(gone)
    assert await tables_with(office, word) == set()
    assert await office.states() == {"sent": 1, "cancelled": 1}
    again: list[Event] = [first, first.model_copy(update={"replay": True}), gone.model_copy(update={"replay": True})]
    await office.take_in(*again)
    office.clock.advance(timedelta(days=2))
    await office.work()
    assert await tables_with(office, word) == set()
    assert [mail["Subject"] for mail in office.mailbox.to("mira@example.com")[1:]] == [f"A {word} crane"]
    assert len(office.mailbox.to("noor@example.com")) == 1, "the confirmation alone"


async def tables_with(office: Office, word: str) -> set[str]:
    async with office.desk.database.read() as connection:
        return {
            table.name
            for table in metadata.sorted_tables
            for row in await connection.execute(sa.select(table))
            if word in repr(tuple(row))
        }
