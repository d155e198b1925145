"""`python -m pressroom_render cards` as it is run: real Redis, real files, killed and started again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from pressroom_shared.admins import KeyRings
from pressroom_shared.database import open_database
from pressroom_shared.events import ApiKey, KeyRing, KeysChanged
from pressroom_shared.keys import ARTICLES, FIELD, OUTCOMES, dead_letters
from tests.examples import START, published
from tests.integration.render.conftest import SITE
from tests.waiting import until


class Process:
    """The cards process on its own folder."""

    def __init__(self, folder: Path, redis_url: str, **settings: str) -> None:
        (folder / "site.toml").write_text(SITE)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")} | {
            "PRESSROOM_SITE": str(folder / "site.toml"),
            "PRESSROOM_DATA_DIR": str(folder),
            "PRESSROOM_REDIS_URL": redis_url,
            "PRESSROOM_RENDER_CARDS_HTTP_PORT": "0",
            "PRESSROOM_RENDER_CARDS_WORKERS": "1",
            **settings,
        }
        self.cards = folder / "site" / "cards"
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "pressroom_render", "cards"]
        self.running = subprocess.Popen(command, env=self.environment, stderr=self.log.open("ab"))

    def drawn(self) -> set[str]:
        return {path.name for path in self.cards.glob("[!.]*")} if self.cards.exists() else set()


@contextmanager
def cards_process(folder: Path, redis_url: str, **settings: str) -> Iterator[Process]:
    process = Process(folder, redis_url, **settings)
    try:
        yield process
    finally:
        process.running.terminate()
        process.running.wait(timeout=20)


async def publish(redis: Redis, number: int, **fields: Any) -> str:
    event = published(1, id=f"0193a0f0-0000-7000-8000-{number:012}", **fields)
    await redis.xadd(ARTICLES, {FIELD: event.model_dump_json().encode()})
    return event.data.id


async def said(redis: Redis) -> dict[str, str]:
    """Each article's status in what the cards group has said."""
    entries: list[Any] = await redis.xrange(OUTCOMES) or []
    found = [json.loads(fields[FIELD.encode()])["data"] for _, fields in entries]
    return {each["article_id"]: each["status"] for each in found if each["service"] == "cards"}


async def test_every_publication_gets_its_card_and_a_killed_process_loses_none(
    tmp_path: Path, redis_url: str, redis: Redis
) -> None:
    with cards_process(tmp_path, redis_url) as process:
        await every_card_comes(process, redis)


async def every_card_comes(process: Process, redis: Redis) -> None:
    ids = [await publish(redis, number, headline=f"Headline {number}") for number in range(6)]

    async def some() -> bool:
        return bool(process.drawn())

    await until(some, timeout_s=40)
    process.running.kill()
    process.running.wait()
    process.start()

    async def all_said() -> bool:
        return await said(redis) == dict.fromkeys(ids, "done")

    await until(all_said, timeout_s=60)
    assert {name.partition(".")[0] for name in process.drawn()} == set(ids)
    assert len(process.drawn()) == 2 * len(ids)


async def test_a_card_that_cannot_be_stored_is_tried_again_then_dead_lettered_and_the_next_is_drawn(
    tmp_path: Path, redis_url: str, redis: Redis
) -> None:
    place = tmp_path / "site" / "cards"
    place.parent.mkdir()
    place.write_text("no folder")
    tries = {"PRESSROOM_STREAMS_DELIVERIES_MAX": "2", "PRESSROOM_STREAMS_BACKOFF_BASE_S": "0.05"}
    with cards_process(tmp_path, redis_url, **tries, PRESSROOM_STREAMS_SWEEP_S="0.1") as process:
        lost = await publish(redis, 1)

        async def buried() -> bool:
            return await redis.xlen(dead_letters("cards")) == 1 and await said(redis) == {lost: "failed"}

        await until(buried, timeout_s=60)
        place.unlink()
        drawn = await publish(redis, 2)

        async def next_one() -> bool:
            return await said(redis) == {lost: "failed", drawn: "done"}

        await until(next_one, timeout_s=60)
        assert {name.partition(".")[0] for name in process.drawn()} == {drawn}


async def test_a_process_that_is_told_to_stop_finishes_what_it_draws(
    tmp_path: Path, redis_url: str, redis: Redis
) -> None:
    with cards_process(tmp_path, redis_url) as process:
        ids = [await publish(redis, number, headline=f"Headline {number}") for number in range(6)]
        await until(process.drawn, timeout_s=40)
        process.running.terminate()
        assert process.running.wait(timeout=20) == 0
        assert "drawers.py" not in process.log.read_text()  # no drawing was broken off
        process.start()

        async def all_said() -> bool:
            return await said(redis) == dict.fromkeys(ids, "done")

        await until(all_said, timeout_s=60)


async def test_the_ring_of_keys_is_known_to_the_previews(tmp_path: Path, redis_url: str, redis: Redis) -> None:
    key = ApiKey(
        id="1", name="desk", role="editor", secret_sha256=hashlib.sha256(b"secret").hexdigest(), created_at=START
    )
    ring = KeysChanged(id="k", source="/ingest", subject="keys", time=START, data=KeyRing(version=1, keys=[key]))
    with cards_process(tmp_path, redis_url) as process:
        await redis.xadd(ARTICLES, {FIELD: ring.model_dump_json().encode()})
        await publish(redis, 1)
        await until(process.drawn, timeout_s=40)
        async with (
            open_database(f"sqlite+aiosqlite:///{tmp_path / 'render.db'}") as database,
            database.read() as connection,
        ):

            async def known() -> bool:
                return await KeyRings(connection).find("secret", START) is not None

            await until(known, timeout_s=20)
