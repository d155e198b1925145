"""What a mail server answers, and what becomes of the mail."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pressroom_notify.errors import MailServerAway
from pressroom_notify.fanouts import Fanouts
from pressroom_notify.tables import delivery, reader
from tests.examples import published, unpublished
from tests.integration.notify.conftest import Mailbox, Office, make_settings, office_in, part

READER = "reader@post.example"
SECOND = "0193a0f0-0000-7000-8000-000000000002"


async def test_mail_waits_while_the_server_is_down_and_goes_out_when_it_is_back(office: Office) -> None:
    await office.subscribe(READER, "all")
    office.mailbox.stop()
    await office.take_in(published())
    with pytest.raises(MailServerAway):
        await office.work()
    await office.turns.report()
    counts = await office.counts()
    assert (counts.deferred, counts.open, counts.sent) == (1, 0, 0)
    office.mailbox.start()
    await office.work()
    assert await office.states() == {"deferred": 1}
    office.clock.advance(timedelta(minutes=1))
    await office.work()
    assert await office.states() == {"sent": 1}
    counts = await office.counts()
    assert (counts.sent, counts.deferred, counts.open) == (1, 0, 0)


async def test_a_temporary_refusal_is_tried_again_for_two_days(office: Office) -> None:
    await office.subscribe(READER, "all")
    office.mailbox.refuse[READER] = "451 4.7.1 Greylisted, try again later"
    await office.take_in(published())
    await office.work()
    assert await office.states() == {"deferred": 1}
    for _ in range(3):
        office.clock.advance(timedelta(hours=4))
        await office.work()
    assert await office.states() == {"deferred": 1}
    office.clock.advance(timedelta(hours=36))
    await office.work()
    assert await office.states() == {"failed": 1}
    assert (await office.counts()).failed == 1


async def test_an_address_that_does_not_exist_is_written_to_no_more(office: Office) -> None:
    await office.subscribe(READER, "all")
    office.mailbox.refuse[READER] = "550 5.1.1 No such user here"
    await office.take_in(published())
    await office.work()
    office.mailbox.refuse.clear()
    await office.take_in(published(id=SECOND))
    await office.work()
    assert await office.states() == {"failed": 1, "suppressed": 1}
    await office.subscribe(READER, "all")  # its owner is back, and says so
    async with office.desk.database.read() as connection:
        assert await connection.scalar(sa.select(reader.c.suppressed)) is None


async def test_a_refusal_for_one_reader_holds_up_no_other(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.subscribe("other@post.example", "all")
    office.mailbox.refuse[READER] = "554 5.7.1 Not wanted"
    await office.take_in(published())
    await office.work()
    assert await office.states() == {"failed": 1, "sent": 1}


async def test_what_a_dead_sender_had_leased_is_sent_by_another_and_what_was_on_its_way_is_not(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.subscribe("other@post.example", "all")
    await office.take_in(published())
    await office.plan()
    async with office.desk.database.begin() as connection:
        rows = await office.sender()._ledger(connection).claim(10)
        await connection.execute(sa.update(delivery).where(delivery.c.id == rows[0].id).values(state="sending"))
    await office.work()
    assert await office.states() == {"leased": 1, "sending": 1}
    office.clock.advance(timedelta(minutes=2))
    await office.work()
    assert await office.states() == {"sent": 1, "uncertain": 1}
    counts = await office.counts()
    assert (counts.sent, counts.uncertain, counts.open) == (1, 1, 0)


async def test_a_sender_that_was_given_up_cannot_write_over_its_successor(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published())
    await office.plan()
    slow, quick = office.sender(), office.sender()
    async with office.desk.database.begin() as connection:
        rows = await slow._ledger(connection).claim(10)
    office.clock.advance(timedelta(minutes=2))
    await office.turns.tend()
    async with office.desk.database.begin() as connection:
        assert len(await quick._ledger(connection).claim(10)) == 1
    async with office.desk.database.begin() as connection:
        assert await slow._ledger(connection).intend(rows, {}) == []


async def test_a_withdrawal_stops_what_is_leased_already(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published())
    await office.plan()
    sender = office.sender()
    async with office.desk.database.begin() as connection:
        rows = await sender._ledger(connection).claim(10)
    drafts, _ = await sender._draft(rows)
    await office.take_in(unpublished())
    envelopes, _ = await sender._mark(drafts, [], [])
    assert envelopes == []
    assert await office.states() == {"cancelled": 1}


async def test_a_change_before_the_bytes_go_out_is_in_the_mail(office: Office) -> None:
    await office.subscribe(READER, "all")
    await office.take_in(published())
    await office.plan()
    sender = office.sender()
    async with office.desk.database.begin() as connection:
        rows = await sender._ledger(connection).claim(10)
    drafts, _ = await sender._draft(rows)
    await office.take_in(published(2, headline="The headline as it should be"))
    envelopes, again = await sender._mark(drafts, [], [])
    assert envelopes == []
    assert again == rows
    await sender._release()
    await office.work()
    assert office.mailbox.to(READER)[-1]["Subject"] == "The headline as it should be"


async def test_a_daily_digest_comes_at_seven_of_the_readers_clock(office: Office) -> None:
    await office.subscribe(READER, "all", frequency="daily")
    await office.take_in(published(headline="First of the day"), published(id=SECOND, headline="Second of the day"))
    await office.work()
    assert await office.states() == {"digest": 2}
    office.clock.advance(timedelta(hours=23))  # 06:00 in New York
    await office.work()
    assert len(office.mailbox.to(READER)) == 1
    office.clock.advance(timedelta(hours=1, seconds=5))
    await office.work()
    assert await office.states() == {"sent": 2}
    digest = office.mailbox.to(READER)[-1]
    assert digest["Subject"] == "The Test Courier: today"
    assert "First of the day" in part(digest, "plain")
    assert "Second of the day" in part(digest, "html")
    office.clock.advance(timedelta(days=1))
    await office.work()
    assert len(office.mailbox.to(READER)) == 2
    assert (await office.counts()).digest == 1


async def test_several_announcements_are_planned_at_once_up_to_so_many_readers(office: Office) -> None:
    await office.subscribe(READER, "all")
    for number in range(1, 5):
        await office.take_in(published(number, id=f"article-{number}"))
    for jobs, expected in ((3, 3), (2, 4), (0, 4)):
        async with office.desk.database.begin() as connection:
            assert await Fanouts(connection, office.clock.now()).plan(3) == jobs
        assert await office.states() == {"queued": expected}
    await office.work()
    assert await office.states() == {"sent": 4}


async def test_fan_out_goes_on_where_it_stopped(office: Office) -> None:
    for number in range(5):
        await office.subscribe(f"reader{number}@post.example", "all")
    await office.take_in(published())
    for expected in (2, 4, 5):
        async with office.desk.database.begin() as connection:
            assert await Fanouts(connection, office.clock.now()).plan(2)
        assert await office.states() == {"queued": expected}
    await office.work()
    assert await office.states() == {"sent": 5}


async def test_whoever_looks_after_leases_waits_for_no_sender(
    tmp_path: Path, postgres_url: str, mailbox: Mailbox
) -> None:
    """Else two would wait for each other's rows. (On SQLite one connection writes, so that none ever can.)"""
    async with office_in(make_settings(tmp_path, postgres_url, mailbox), mailbox) as office:
        await office.subscribe(READER, "all")
        await office.take_in(published())
        await office.plan()
        sender = office.sender()
        async with office.desk.database.begin() as connection:
            await sender._ledger(connection).claim(10)
        async with office.desk.database.begin() as sending, office.desk.database.begin() as beating:
            await sending.execute(sa.update(delivery).values(detail="being changed"))
            async with asyncio.timeout(10):
                await sender._ledger(beating).renew()
                await sender._ledger(beating).reap()
