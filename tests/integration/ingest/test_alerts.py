"""The operator is told once when something is wrong, and once when it is over; by mail and by webhook, both real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from pressroom_ingest.alerts import LATE_TOLD, MISSED, Watch, went_out_late
from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.desk import Desk
from pressroom_ingest.scheduler import Scheduler
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from pressroom_shared.alarms import end_alarm, raise_alarm
from pressroom_shared.clock import Clock, rfc3339
from pressroom_shared.errors import SettingsError
from pressroom_shared.keys import ARTICLES, FIELD, dead_letters
from tests.integration.ingest.conftest import ADMIN, ARTICLE, SITE, NewsClock
from tests.servers import free_port


class Inbox:
    """What came, by either way."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.posts: list[dict[str, Any]] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.mails.append(envelope.content.decode())
        return "250 OK"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One POST over HTTP/1.1."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        body = await reader.readexactly(length)
        if not self.refuses:
            self.posts.append(json.loads(body))
        status = "503 Busy" if self.refuses else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def inbox() -> Inbox:
    return Inbox()


@asynccontextmanager
async def watching(
    tmp_path: Path, database_url: str, redis_url: str, clock: Clock | None = None, **more: Any
) -> AsyncIterator[tuple[Watch, Desk]]:
    (tmp_path / "site.toml").write_text(SITE)
    settings = Settings(
        site=tmp_path / "site.toml",
        data_dir=tmp_path / "data",
        database_url=database_url,
        redis_url=redis_url,
        admin_key=SecretStr(ADMIN),
        **more,
    )
    async with open_desk(settings, clock) as desk:
        yield Watch(desk), desk


async def test_one_mail_and_one_post_when_it_begins_and_when_it_is_over(
    redis: Any, redis_url: str, tmp_path: Path, database_url: str, inbox: Inbox
) -> None:
    mail = Controller(inbox, hostname="127.0.0.1", port=free_port())
    mail.start()
    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    ways: dict[str, Any] = {
        "alert_to": "desk@courier.example",
        "alert_webhook": hook,
        "smtp_url": f"smtp://127.0.0.1:{mail.port}",
    }
    async with watching(tmp_path, database_url, redis_url, **ways) as (watch, _):
        await watch.turn(redis)
        assert not inbox.mails
        assert not inbox.posts
        letter = await redis.xadd(dead_letters("search"), {FIELD: b"{}"})
        for _ in range(3):
            await watch.turn(redis)
        await redis.xdel(dead_letters("search"), letter)
        for _ in range(3):
            await watch.turn(redis)
    mail.stop()
    server.close()
    assert [each["subject"] for each in inbox.posts] == [
        "There are dead letters of search; look with `pressroom dead list --group search`.",
        "Over: There are dead letters of search; look with `pressroom dead list --group search`.",
    ]
    assert len(inbox.mails) == 2
    assert "To: desk@courier.example" in inbox.mails[0]


async def test_what_could_not_be_told_is_told_at_the_next_turn(
    redis: Any, redis_url: str, tmp_path: Path, database_url: str, inbox: Inbox
) -> None:
    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    async with watching(tmp_path, database_url, redis_url, alert_webhook=hook) as (watch, desk):
        await raise_alarm(redis, "mail", "The mail server refuses our mails.", now=desk.clock.now())
        inbox.refuses = True
        await watch.turn(redis)
        assert inbox.posts == []
        inbox.refuses = False
        await watch.turn(redis)
        await end_alarm(redis, "mail")
        await watch.turn(redis)
    server.close()
    assert [each["subject"] for each in inbox.posts] == [
        "The mail server refuses our mails.",
        "Over: The mail server refuses our mails.",
    ]


async def test_a_group_that_holds_memory_is_named(
    redis: Any, redis_url: str, tmp_path: Path, database_url: str, inbox: Inbox
) -> None:
    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    await redis.xadd(ARTICLES, {FIELD: b"x" * 1_000_000})
    await redis.xgroup_create(ARTICLES, "cards", id="0")
    small: dict[str, Any] = {"alert_webhook": hook, "stream_bytes_max": 1024 * 1024}
    async with watching(tmp_path, database_url, redis_url, **small) as (watch, _):
        await watch.turn(redis)
        await watch.turn(redis)
    server.close()
    assert [each["subject"] for each in inbox.posts] == [
        "The stream of articles is nearly full; cards is what has not read it."
    ]


async def test_a_redis_that_is_away_is_told_too(tmp_path: Path, database_url: str, inbox: Inbox) -> None:
    from pressroom_shared.streams.client import connect

    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    nowhere = "redis://127.0.0.1:1/0"
    async with watching(tmp_path, database_url, nowhere, alert_webhook=hook) as (watch, _):
        client = connect(nowhere, tries=1)
        await watch.turn(client)
        await client.aclose()
    server.close()
    assert [each["subject"].partition(":")[0] for each in inbox.posts] == ["Redis does not answer"]


@pytest.mark.parametrize(
    ("ways", "name"),
    [
        ({"alert_webhook": "ftp://alerts"}, "PRESSROOM_ALERT_WEBHOOK"),
        ({"alert_to": "desk@courier.example"}, "PRESSROOM_ALERT_TO"),
    ],
)
async def test_a_way_that_cannot_work_stops_the_start(
    redis_url: str, tmp_path: Path, ways: dict[str, Any], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        async with watching(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'i.db'}", redis_url, **ways):
            pass


async def test_a_schedule_that_was_missed_is_told_until_an_editor_has_seen_to_it(
    redis: Any, redis_url: str, tmp_path: Path, database_url: str, inbox: Inbox
) -> None:
    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    clock = NewsClock()
    async with watching(tmp_path, database_url, redis_url, clock, alert_webhook=hook) as (watch, desk):
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
            draft = (await api.post("/api/v1/articles", json=ARTICLE | {"late_policy": "hold"})).json()
            place = f"/api/v1/articles/{draft['id']}"
            at = rfc3339(clock.now() + timedelta(hours=1))
            assert (await api.post(f"{place}/publish", json={"at": at})).status_code == 202
            clock.advance(timedelta(hours=3))  # nobody was there to publish it
            await Scheduler(desk).turn()
            await watch.turn(redis)
            await watch.turn(redis)
            assert (await api.post(f"{place}/publish", json={})).status_code == 202
            await watch.turn(redis)
    server.close()
    assert [each["subject"] for each in inbox.posts] == [MISSED, f"Over: {MISSED}"]


@pytest.mark.parametrize("policy", ["publish", "publish_silently"])
async def test_what_went_out_late_is_told_once_and_is_over_in_an_hour_whoever_watches(
    redis: Any, redis_url: str, tmp_path: Path, database_url: str, inbox: Inbox, policy: str
) -> None:
    server = await asyncio.start_server(inbox.answer, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts"
    clock = NewsClock()
    async with watching(tmp_path, database_url, redis_url, clock, alert_webhook=hook) as (watch, desk):
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
            for hours in (1, 2, 4):
                draft = (await api.post("/api/v1/articles", json=ARTICLE | {"late_policy": policy})).json()
                at = rfc3339(clock.now() + timedelta(hours=hours))
                assert (await api.post(f"/api/v1/articles/{draft['id']}/publish", json={"at": at})).status_code == 202
        clock.advance(timedelta(hours=4))  # of two the time is long over, the third is on time
        await Scheduler(desk).turn()
        await watch.turn(redis)
    assert [each["subject"] for each in inbox.posts] == [went_out_late(2)]
    async with watching(tmp_path, database_url, redis_url, clock, alert_webhook=hook) as (watch, _):  # started again
        await watch.turn(redis)
        clock.advance(LATE_TOLD + timedelta(seconds=1))
        await watch.turn(redis)
        await watch.turn(redis)
    server.close()
    assert [each["subject"] for each in inbox.posts] == [went_out_late(2), f"Over: {went_out_late(2)}"]
