"""Importing an archive over HTTP: whole, again, broken off, and with lines that are wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from pressroom_ingest.app import create_api
from pressroom_ingest.desk import Desk
from pressroom_ingest.waiting import Waiters
from pressroom_shared.http import HttpServer
from tests.integration.ingest.conftest import ADMIN, ARTICLE
from tests.integration.ingest.test_names_api import fed
from tests.integration.ingest.test_publishing_api import events, publish


def old(number: int, **fields: Any) -> dict[str, Any]:
    base = {"external_id": f"old-{number}", "published_at": f"2019-05-04T09:{number % 60:02}:00Z"}
    return ARTICLE | {"headline": f"Old news {number}"} | base | fields


def ndjson(*documents: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in documents)


async def take(api: httpx.AsyncClient, *documents: Any, raw: bytes = b"") -> list[dict[str, Any]]:
    content = ndjson(*documents) + raw
    answer = await api.post(
        "/api/v1/articles:import", content=content, headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_archive_comes_in_with_its_own_dates_and_tells_no_reader(api: httpx.AsyncClient, desk: Desk) -> None:
    moved = ["/2019/old-news.html"]
    draft = old(3)
    del draft["published_at"]
    outcomes = await take(api, old(1, redirect_from=moved), old(2, slug="old-news-1"), draft)
    assert [(each["line"], each["status"]) for each in outcomes] == [(1, "created"), (2, "created"), (3, "created")]
    assert outcomes[0]["url"] == "http://localhost:8080/business/2019/05/04/old-news-1/"
    assert outcomes[1]["url"] == "http://localhost:8080/business/2019/05/04/old-news-1-2/", "each has its own address"
    assert outcomes[2]["url"] is None
    shown = (await api.get(f"/api/v1/articles/{outcomes[0]['id']}")).json()
    assert (shown["state"], shown["first_published_at"]) == ("live", "2019-05-04T09:01:00Z")
    assert (await api.get(f"/api/v1/articles/{outcomes[2]['id']}")).json()["state"] == "draft"
    assert await events(desk) == []
    first, second = await fed(desk)
    assert (first.data.former_paths, first.data.published_at) == (moved, first.data.first_published_at)
    assert [(each.change, each.notify) for each in first.data.announcements] == [("silent", False)]
    assert [each.name for each in second.data.authors] == ["Ines Falk"]
    found = (await api.get("/api/v1/articles", params={"tag": "harbor", "author": "ines-falk"})).json()["items"]
    assert len(found) == 3


async def test_a_second_run_changes_only_what_differs(api: httpx.AsyncClient, desk: Desk) -> None:
    first = await take(api, old(1), old(2))
    await fed(desk)
    again = await take(api, old(1), old(2, headline="Old news, set right"), old(3))
    assert [each["status"] for each in again] == ["unchanged", "updated", "created"]
    assert [each["id"] for each in again[:2]] == [each["id"] for each in first]
    sent = await fed(desk)
    assert {each.data.headline for each in sent} == {"Old news, set right", "Old news 3"}
    assert all(not each.notify for event in sent for each in event.data.announcements)
    twice = await take(api, old(4), old(4), old(4, tags=["New"]))
    assert [each["status"] for each in twice] == ["created", "unchanged", "updated"]


async def test_a_wrong_line_is_named_and_stops_no_other(api: httpx.AsyncClient) -> None:
    outcomes = await take(
        api,
        old(1, section="weather"),
        old(2, external_id=None),
        old(3, mood=1),
        old(4, published_at="2999-01-01T00:00:00Z"),
        old(5, body="![x](media:none)"),
        [1],
        old(6),
        raw=b'{"headline": \n\n' + b'{"a": "' + b"x" * 2_000_000 + b'"}\n' + ndjson(old(7))[:-1],
    )
    failed = {each["line"]: each["errors"][0]["field"] for each in outcomes if each["status"] == "failed"}
    assert failed == {
        1: "section",
        2: "external_id",
        3: "mood",
        4: "published_at",
        5: "body",
        6: "line",
        8: "line",
        10: "line",
    }
    assert [each["line"] for each in outcomes if each["status"] == "created"] == [7, 11]
    assert len((await api.get("/api/v1/articles")).json()["items"]) == 2


async def test_who_may_not_publish_imports_drafts_only(api: httpx.AsyncClient) -> None:
    key = (await api.post("/api/v1/keys", json={"name": "x", "role": "contributor"})).json()
    weak = {"Authorization": f"Bearer {key['secret']}"}
    draft = old(2)
    del draft["published_at"]
    answer = await api.post("/api/v1/articles:import", content=ndjson(old(1), draft), headers=weak)
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == ["failed", "created"]
    assert (await api.post("/api/v1/articles:import", content=b"", headers={"Authorization": ""})).status_code == 401


async def test_a_live_publication_does_not_wait_for_what_was_imported(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    await take(api, *(old(number) for number in range(120)))
    await publish(api, draft)
    assert [each.data.id for each in await events(desk)] == [draft["id"]]
    assert len(await fed(desk)) == 120


@pytest.fixture
async def served(desk: Desk) -> AsyncIterator[str]:
    """The API as it is served: over a socket."""
    stop = asyncio.Event()
    server = HttpServer(create_api(desk, Waiters()), "127.0.0.1", 0)
    running = asyncio.create_task(server.run(stop))
    await server.started.wait()
    yield f"http://127.0.0.1:{server.bound_port}"
    stop.set()
    await running


async def test_answers_come_while_lines_are_still_sent(served: str) -> None:
    """The first answers are read before the last line is written: the rest waits for them."""
    read_some = asyncio.Event()
    host, _, port = served.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def send(documents: list[dict[str, Any]]) -> None:
        body = ndjson(*documents)
        writer.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        await writer.drain()

    writer.write(
        f"POST /api/v1/articles:import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
    )
    await send([old(number) for number in range(200)])

    async def answers() -> int:
        seen = b""
        while seen.count(b'"created"') < 200:
            seen += await reader.read(65536)
        read_some.set()
        while b"\r\n0\r\n" not in seen:
            seen += await reader.read(65536)
        return seen.count(b'"created"')

    counting = asyncio.create_task(answers())
    await asyncio.wait_for(read_some.wait(), 60)
    await send([old(number) for number in range(200, 230)])
    writer.write(b"0\r\n\r\n")
    assert await asyncio.wait_for(counting, 60) == 230
    writer.close()


async def test_one_that_sends_all_before_it_reads_is_served_too(served: str) -> None:
    async with httpx.AsyncClient(base_url=served, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=60) as api:
        outcomes = await take(api, *(old(number, body="word " * 500) for number in range(1000)))
    assert len(outcomes) == 1000


async def test_a_broken_off_import_goes_on_where_it_was(served: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield ndjson(*(old(number) for number in range(400)))
        raise ConnectionError("the cable")

    async with httpx.AsyncClient(base_url=served, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=60) as api:
        with pytest.raises(ConnectionError):
            await api.post("/api/v1/articles:import", content=broken())
        outcomes = await take(api, *(old(number) for number in range(450)))
    assert {each["status"] for each in outcomes[400:]} == {"created"}
    assert {each["status"] for each in outcomes} <= {"created", "unchanged"}
    assert len({each["id"] for each in outcomes}) == 450
