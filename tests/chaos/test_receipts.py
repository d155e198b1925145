"""A whole Pressroom whose sinks are killed, or overtaken, at exact points: receipts complete, readers hear once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from tests.chaos.hooks.sitecustomize import SINKS
from tests.newsroom import Newsroom
from tests.system import System
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
HOOKS = Path(__file__).parent / "hooks"


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the test says what shall go wrong, and the processes what did."""
    return tmp_path_factory.mktemp("trouble")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, trouble: Path) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("pressroom"), PYTHONPATH=str(HOOKS), TROUBLE=str(trouble)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newsroom(system: System) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(system.url, system.key)
    yield newsroom
    await newsroom.close()


def made(trouble: Path, name: str) -> set[str]:
    return {each.name.removeprefix(f"{name} ") for each in trouble.glob(f"{name} *")}


async def test_a_crash_between_an_effect_and_its_outcome_leaves_no_receipt_open(
    newsroom: Newsroom, trouble: Path
) -> None:
    await newsroom.subscribe("crash@reader.example")
    (trouble / "crash").touch()
    article_id = await newsroom.publish_through_trouble(headline="The cranes stand still in every process")
    receipt = await newsroom.complete(article_id, timeout_s=120)
    assert made(trouble, "crash") == set(SINKS), "each was killed before it had sent its outcome"
    assert {receipt[each]["status"] for each in ("pages", "cards", "search", "notify")} == {"done"}
    assert (receipt["notify"]["planned"], receipt["notify"]["sent"]) == (1, 1), receipt["notify"]
    assert len(await newsroom.mails("crash@reader.example")) == 2, "the confirmation, and the news once"


async def test_a_crash_when_the_page_is_in_place_and_not_yet_committed(newsroom: Newsroom, trouble: Path) -> None:
    (trouble / "crash-placed").touch()
    article_id = await newsroom.publish_through_trouble(headline="The cranes stand half done")
    receipt = await newsroom.complete(article_id, timeout_s=120)
    assert made(trouble, "crash-placed") == {"pressroom_render pages"}
    assert receipt["pages"]["status"] == "done"


async def test_a_silent_version_overtakes_the_news_and_readers_are_told_once(newsroom: Newsroom, trouble: Path) -> None:
    reader = "overtaken@reader.example"
    await newsroom.subscribe(reader)
    (trouble / "hold").touch()
    first = await newsroom.publish((await newsroom.create(headline="The ferry is late"))["id"], wait=False)
    place = f"/api/v1/articles/{first['id']}"
    head = await newsroom.editor.get(place)
    changed = await newsroom.editor.patch(
        place,
        json={"slug": "ferry-on-time", "headline": "The ferry is on time"},
        headers={"If-Match": head.headers["ETag"]},
    )
    assert changed.status_code == 200
    second = await newsroom.publish(first["id"], change="silent")
    await newsroom.complete(first["id"], timeout_s=120)

    async def overtaken() -> bool:
        return made(trouble, f"overtaken {first['id']}") == set(SINKS)

    await until(overtaken, timeout_s=60)
    receipt = await newsroom.complete(first["id"])
    assert {receipt[each]["status"] for each in ("pages", "cards", "search", "notify")} == {"done"}
    assert [each.subject for each in await newsroom.mails(reader)][1:] == ["The ferry is on time"]
    moved = await newsroom.page(first["url"])
    assert (moved.status_code, moved.headers["location"]) == (301, second["url"])
    assert "The ferry is on time" in (await newsroom.page(second["url"])).text
    assert [hit["url"] for hit in await newsroom.found("ferry")] == [second["url"]]
    assert urlsplit(first["url"]).path != urlsplit(second["url"]).path
