"""Real processes: one is killed in the middle of sending, two share the work, one stops in good order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest
import sqlalchemy as sa
from redis.asyncio import Redis

from pressroom_notify.settings import Settings
from pressroom_notify.tables import reader, topic
from pressroom_shared.events import Announcement, ArticlePublished
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES, FIELD
from tests.examples import published, version
from tests.integration.notify.conftest import Mailbox, Office, make_settings, office_in
from tests.servers import free_port
from tests.waiting import until

READERS = 200


class Process:
    """`python -m pressroom_notify`."""

    def __init__(self, settings: Settings, redis_url: str, log: Path, lease_s: int) -> None:
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PRESSROOM_SITE": str(settings.site),
            "PRESSROOM_DATA_DIR": str(settings.data_dir),
            "PRESSROOM_REDIS_URL": redis_url,
            "PRESSROOM_SMTP_URL": settings.smtp_url,
            "PRESSROOM_NOTIFY_DATABASE_URL": settings.database_url,
            "PRESSROOM_NOTIFY_HTTP_PORT": str(self.port),
            "PRESSROOM_NOTIFY_LEASE_S": str(lease_s),
            "PRESSROOM_NOTIFY_LEASE_ROWS": "20",
            "PRESSROOM_NOTIFY_SMTP_CONNECTIONS": "4",
        }
        with log.open("ab") as file:
            self.popen = subprocess.Popen([sys.executable, "-m", "pressroom_notify"], env=environment, stderr=file)

    async def sent(self) -> int:
        """How many mails this process has handed over."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://127.0.0.1:{self.port}/metrics")).text
        found = re.search(r'pressroom_notify_mails_total\{result="sent"\} (\d+)', text)
        return int(found[1]) if found else 0

    async def ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/health/ready")
            except httpx.TransportError:
                return False
        return answer.status_code == 200


class Start(Protocol):
    def __call__(self, *, lease_s: int = 60) -> Process: ...


@pytest.fixture
async def crowd(tmp_path: Path, database_url: str, mailbox: Mailbox) -> AsyncIterator[Office]:
    """A newspaper with readers, on a clock that stands still; the processes have the machine's."""
    async with office_in(make_settings(tmp_path, database_url, mailbox), mailbox) as office:
        people = [
            {
                "id": new_id(),
                "email": f"reader{number}@post.example",
                "email_key": f"reader{number}@post.example",
                "state": "confirmed",
                "timezone": "UTC",
                "created_at": datetime.now(UTC) - timedelta(days=1),
                "confirmed_at": datetime.now(UTC) - timedelta(days=1),
            }
            for number in range(READERS)
        ]
        async with office.desk.database.begin() as connection:
            await connection.execute(sa.insert(reader), people)
            topics = [{"reader_id": each["id"], "kind": "all", "value": "", "every_days": 0} for each in people]
            await connection.execute(sa.insert(topic), topics)
        yield office


@pytest.fixture
def start(crowd: Office, redis_url: str, tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def one(*, lease_s: int = 60) -> Process:
        started.append(Process(crowd.desk.settings, redis_url, tmp_path / "notify.log", lease_s))
        return started[-1]

    yield one
    for process in started:
        process.popen.kill()
        process.popen.wait()


def news() -> ArticlePublished:
    now = datetime.now(UTC)
    return published(announcements=[Announcement(version=version(1), change="new", at=now, notify=True)])


async def publish(redis: Redis) -> None:
    await redis.xadd(ARTICLES, {FIELD: news().encode()})


async def settled(office: Office) -> bool:
    """Whether every mail has come to an end."""
    states = await office.states()
    return sum(states.get(each, 0) for each in ("sent", "uncertain")) == READERS


async def test_a_sender_that_is_killed_leaves_no_reader_with_two_mails(
    crowd: Office, start: Start, redis: Redis, mailbox: Mailbox
) -> None:
    victim = start(lease_s=5)
    mailbox.answering.clear()
    await publish(redis)
    await until(lambda: mailbox.in_flight == 4, timeout_s=30)
    victim.popen.send_signal(signal.SIGKILL)
    victim.popen.wait()
    mailbox.answering.set()
    start()
    await until(lambda: settled(crowd), timeout_s=60)
    states = await crowd.states()
    assert 4 <= states["uncertain"] <= 8  # at most twice the connections
    assert max(Counter(mailbox.recipients).values()) == 1
    assert len(mailbox.recipients) == states["sent"] + 4

    async def told() -> bool:
        last = [each.notify for each in await crowd.outcomes() if each.notify is not None][-1]
        return last.open == 0 and last.uncertain == states["uncertain"] and last.sent == states["sent"]

    await until(told, timeout_s=20)


async def test_two_senders_share_the_work(crowd: Office, start: Start, redis: Redis, mailbox: Mailbox) -> None:
    first, second = start(), start()
    mailbox.answering.clear()
    await publish(redis)
    await until(lambda: mailbox.in_flight == 8, timeout_s=30)  # one of them has four connections
    mailbox.answering.set()
    await until(lambda: settled(crowd), timeout_s=60)
    assert await crowd.states() == {"sent": READERS}
    assert sorted(mailbox.recipients) == sorted(f"reader{number}@post.example" for number in range(READERS))

    async def counted() -> bool:
        each = [await first.sent(), await second.sent()]
        return min(each) > 0 and sum(each) == READERS

    await until(counted)


async def test_a_sender_that_is_stopped_finishes_and_gives_back_the_rest(
    crowd: Office, start: Start, redis: Redis, mailbox: Mailbox
) -> None:
    stopped = start()
    await until(stopped.ready, timeout_s=30)
    mailbox.answering.clear()
    await publish(redis)
    await until(lambda: mailbox.in_flight == 4, timeout_s=30)
    stopped.popen.send_signal(signal.SIGTERM)
    mailbox.answering.set()
    assert stopped.popen.wait(timeout=30) == 0
    states = await crowd.states()
    assert set(states) == {"queued", "sent"}
    assert states["sent"] == len(mailbox.mails)
