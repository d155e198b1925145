"""From nothing to scaled: the main job, replicas that share the work, containers killed, everything kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest

from tests.compose.stack import Stack, docker, inspect
from tests.newsroom import Newsroom, jpeg_size
from tests.waiting import until

ARTICLES = 100
READERS = [f"reader-{number}@reader.example" for number in range(3)]
KILLED = ("ingest", "render-pages", "render-cards", "render-http", "search", "notify")
SCALE = {"render_pages": 3, "render_cards": 2, "search": 3, "notify": 3}
pytestmark = [pytest.mark.timeout(900)]


async def test_the_main_job_through_the_gateway(newsroom: Newsroom) -> None:
    await newsroom.subscribe("first@reader.example", ("section", "business"))
    published = await newsroom.write_and_publish(headline="The first boat of the morning")
    receipt = await newsroom.complete(published["id"])
    assert {receipt[each]["status"] for each in ("pages", "cards", "search", "notify")} == {"done"}
    page = await newsroom.page(published["url"])
    assert page.status_code == 200
    assert (await newsroom.found("first boat"))[0]["url"] == published["url"]
    await newsroom.mail("first@reader.example", about="The first boat of the morning")
    compressed = await newsroom.reader.get("/", headers={"Accept-Encoding": "br"})
    assert compressed.headers["content-encoding"] == "br", "the gateway serves the copies that render wrote"


@dataclass
class Watch:
    """A reader who never stops reading, and what went wrong."""

    looked: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    async def read(self, url: str, paths: list[str], stop: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            while not stop.is_set():
                for path in paths:
                    try:
                        answer = await client.get(path)
                    except httpx.HTTPError as error:
                        self.failed.append(f"{path}: {error!r}")
                        continue
                    self.looked[path] += 1
                    if answer.status_code != 200:
                        self.failed.append(f"{path}: {answer.status_code}")
                await asyncio.sleep(0.05)


async def test_a_hundred_articles_while_containers_are_killed(stack: Stack, newsroom: Newsroom) -> None:
    await asyncio.to_thread(stack.up, **SCALE)
    for reader in READERS:
        await newsroom.subscribe(reader, ("tag", "flood"))
    standing = urlsplit((await newsroom.write_and_publish(headline="What was there before"))["url"]).path

    watch, stop = Watch(), asyncio.Event()
    paths = [standing, "/", "/business/", "/feed.xml", "/search?q=before", "/api/v1/search?q=before"]
    watching = asyncio.create_task(watch.read(stack.url, paths, stop))
    killing = asyncio.create_task(_kill_one_of_each(stack))
    headlines = [f"High water, bulletin {number:03}" for number in range(ARTICLES)]
    ids = []
    for headline in headlines:
        ids.append(await newsroom.publish_through_trouble(headline=headline, tags=["Flood"], section="world"))
        await asyncio.sleep(0.1)
    await killing
    receipts = [await newsroom.complete(each, timeout_s=120) for each in ids]
    stop.set()
    await watching

    assert watch.failed == []
    assert min(watch.looked.values()) > ARTICLES / 10, "the reader has read all the time"
    for receipt in receipts:
        assert {receipt[each]["status"] for each in ("pages", "cards", "search", "notify")} == {"done"}
    await _everything_is_there(newsroom, ids, headlines)
    await _each_reader_was_told_once(
        newsroom, headlines, uncertain=sum(each["notify"]["uncertain"] for each in receipts)
    )


async def _kill_one_of_each(stack: Stack) -> None:
    for service in KILLED:
        victim = (await asyncio.to_thread(stack.containers, service))[0]
        await asyncio.to_thread(docker, "kill", victim)
        await asyncio.to_thread(docker, "start", victim)

        async def healthy(container: str = victim) -> bool:
            state = await asyncio.to_thread(inspect, container)
            return bool(state["State"]["Health"]["Status"] == "healthy")

        await until(healthy, timeout_s=90, every_s=0.5)


async def _everything_is_there(newsroom: Newsroom, ids: list[str], headlines: list[str]) -> None:
    for article_id, headline in zip(ids, headlines, strict=True):
        article = (await newsroom.editor.get(f"/api/v1/articles/{article_id}")).json()
        page = await newsroom.page(article["url"])
        assert page.status_code == 200
        assert headline in page.text
        card = page.text.partition('property="og:image" content="')[2].partition('"')[0]
        assert jpeg_size((await newsroom.page(card)).content) == (1200, 630)
        hits = await newsroom.found(f'"{headline}"')
        assert [hit["id"] for hit in hits] == [article_id]


async def _each_reader_was_told_once(newsroom: Newsroom, headlines: list[str], *, uncertain: int) -> None:
    missing = 0
    for reader in READERS:
        subjects = Counter(each.subject for each in await newsroom.mails(reader))
        told = Counter({headline: subjects[headline] for headline in headlines})
        assert max(told.values()) == 1, "nobody was told twice"
        missing += sum(count == 0 for count in told.values())
    assert missing <= uncertain, "who was not told is counted as uncertain, for a person to decide"


@pytest.mark.parametrize("service", ["render-pages", "render-cards", "notify"])
async def test_replicas_share_the_work(stack: Stack, newsroom: Newsroom, service: str) -> None:
    group = service.removeprefix("render-")
    name = f'pressroom_stream_handled_total{{fate="done",group="{group}"}}'

    async def counts() -> list[float]:
        each = await asyncio.gather(
            *(asyncio.to_thread(stack.metrics, container) for container in stack.containers(service))
        )
        return [samples.get(name, 0.0) for samples in each]

    before = await counts()
    ids = [await newsroom.publish_through_trouble(headline=f"Shared {service} {number}") for number in range(20)]
    for article_id in ids:
        await newsroom.complete(article_id, timeout_s=60)
    grown = [after - early for early, after in zip(before, await counts(), strict=True)]
    assert sum(grown) >= 20
    assert sum(count > 0 for count in grown) >= 2, f"each of {grown} should have its share"


async def test_replicas_of_search_share_the_readers(stack: Stack, newsroom: Newsroom) -> None:
    """One of them writes the index; every one answers."""

    async def answered() -> list[float]:
        found = []
        for container in stack.containers("search"):
            samples = await asyncio.to_thread(stack.metrics, container)
            found.append(
                sum(each for name, each in samples.items() if name.startswith("pressroom_search_seconds_count"))
            )
        return found

    before = await answered()
    for batch in range(5):
        await asyncio.gather(*(newsroom.found(f"bulletin {batch} {number}") for number in range(12)))
    grown = [after - early for early, after in zip(before, await answered(), strict=True)]
    assert sum(grown) >= 60
    assert sum(count > 0 for count in grown) >= 2, f"each of {grown} should have its share"


async def test_down_and_up_keeps_everything(stack: Stack, newsroom: Newsroom) -> None:
    published = await newsroom.write_and_publish(headline="What is kept overnight")
    await newsroom.complete(published["id"])
    await asyncio.to_thread(stack.down)
    await asyncio.to_thread(stack.up)
    assert (await newsroom.page(published["url"])).status_code == 200
    assert (await newsroom.receipt(published["id"]))["complete"]
    assert [hit["id"] for hit in await newsroom.found("kept overnight")] == [published["id"]]
    again = await newsroom.write_and_publish(headline="The morning after")
    assert (await newsroom.complete(again["id"]))["complete"]


async def test_the_sample_newspaper_is_loaded_when_it_is_asked_for(stack: Stack, newsroom: Newsroom, key: str) -> None:
    loaded = await asyncio.to_thread(
        stack.compose,
        "--profile",
        "tools",
        "run",
        "--rm",
        "-e",
        f"PRESSROOM_ADMIN_KEY={key}",
        "pressroom",
        "sample",
        "load",
    )
    assert loaded
    articles = (await newsroom.editor.get("/api/v1/articles", params={"external_id": "sample/crane-drivers"})).json()
    assert (await newsroom.page(articles["items"][0]["url"])).status_code == 200
