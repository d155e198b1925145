"""Purging: nothing is left but a tombstone, in the database, in Redis and in the site store."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
import sqlalchemy as sa
from redis.asyncio import Redis

from pressroom_ingest.desk import Desk
from pressroom_ingest.events import SOURCE, EventBuilder
from pressroom_ingest.purging import Eraser
from pressroom_ingest.tables import audit, media, metadata, tombstone
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, KeysChanged, decode
from pressroom_shared.keys import ARTICLES, FIELD, dead_letters
from pressroom_shared.streams import Relay
from tests.integration.ingest.conftest import ARTICLE
from tests.integration.ingest.test_media_api import png, upload
from tests.integration.ingest.test_publishing_api import publish
from tests.waiting import until

WORD = "zanzibarian"
"""A word of the purged text: it may be nowhere afterwards."""


async def with_pictures(api: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    own = (await upload(api, png(5, 5), alt="Own")).json()
    common = (await upload(api, png(6, 6), alt="Common")).json()
    body = f"The {WORD} crane.\n\n![](media:{own['id']})\n\n![](media:{common['id']})"
    made = (await api.post("/api/v1/articles", json=ARTICLE | {"body": body}, headers={"Idempotency-Key": "k"})).json()
    await api.post("/api/v1/articles", json=ARTICLE | {"body": f"![](media:{common['id']})"})
    return made, own, common


async def test_only_an_admin_purges(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    key = (await api.post("/api/v1/keys", json={"name": "x", "role": "editor"})).json()
    url = f"/api/v1/articles/{draft['id']}"
    editor = {"Authorization": f"Bearer {key['secret']}"}
    assert (await api.delete(url, params={"purge": True}, headers=editor)).status_code == 403
    assert (await api.get(url)).status_code == 200
    assert (await api.delete("/api/v1/articles/none", params={"purge": True})).status_code == 404


async def test_nothing_is_left_but_a_tombstone(
    api: httpx.AsyncClient, desk: Desk, redis: Redis, redis_url: str
) -> None:
    made, own, common = await with_pictures(api)
    url = f"/api/v1/articles/{made['id']}"
    await publish(api, made)
    settings = desk.settings.model_copy(update={"redis_url": redis_url})
    stop = asyncio.Event()
    relay = Relay(desk.database, settings, source=SOURCE, encode=EventBuilder(desk))
    running = [asyncio.create_task(relay.run(stop))]

    async def relayed() -> list[Any]:
        events = [decode(fields[FIELD.encode()]) for fields in await entries(redis, ARTICLES)]
        return [each for each in events if not isinstance(each, KeysChanged)]

    await until(relayed)
    await redis.xadd(dead_letters("cards"), {FIELD: WORD, "subject": made["id"]})
    await redis.xadd(dead_letters("cards"), {FIELD: "other", "subject": "another"})
    await publish(api, made)
    assert (await api.delete(url, params={"purge": True})).status_code == 204

    gone = await api.get(url)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
    assert (await api.get(f"{url}/revisions")).status_code == 404
    running.append(asyncio.create_task(Eraser(desk.database, desk.store, redis).run(stop)))

    async def only_the_tombstone() -> bool:
        return [type(each) for each in await relayed()] == [ArticleUnpublished]

    await until(only_the_tombstone, timeout_s=20)
    (event,) = await relayed()
    assert (event.data.id, event.data.purged) == (made["id"], True)

    async def nothing_is_open() -> bool:
        return await left_in_database(desk, made["id"]) == {"audit", "tombstone", "outbox"}

    await until(nothing_is_open, timeout_s=20)
    stop.set()
    await asyncio.gather(*running)
    assert not any(isinstance(each, ArticlePublished) for each in await relayed())
    assert [fields[b"subject"] for fields in await entries(redis, dead_letters("cards"))] == [b"another"]
    assert await left_in_database(desk, WORD) == set()
    async with desk.database.read() as connection:
        kept = list((await connection.execute(sa.select(media.c.id))).scalars())
        assert await connection.scalar(sa.select(tombstone.c.version)) == event.data.version
        assert await connection.scalar(sa.select(audit.c.action).order_by(audit.c.id.desc())) == "article.purged"
    assert kept == [common["id"]]
    assert await desk.store.get(own["url"].removeprefix("http://localhost:8080/")) is None
    assert await desk.store.get(common["url"].removeprefix("http://localhost:8080/")) is not None


async def entries(redis: Redis, stream: str) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in cast("Any", await redis.xrange(stream))]


async def left_in_database(desk: Desk, word: str) -> set[str]:
    """The tables in which a word stands."""
    async with desk.database.read() as connection:
        return {
            table.name
            for table in metadata.sorted_tables
            for row in await connection.execute(sa.select(table))
            if word in repr(tuple(row))
        }
