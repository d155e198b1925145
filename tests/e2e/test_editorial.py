"""What editors do beside publishing: curate fronts, show drafts, describe authors, cancel notifications."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pressroom_search.folder import Folder
from tests import hostile
from tests.newsroom import Newsroom, jpeg_size
from tests.sample import SAMPLE
from tests.system import System
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOLD_S = 600
LEAD = re.compile(r'<h2 class="hed (?:xl|l)"><a href="([^"]+)">')


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A Pressroom whose newspaper holds its news back for longer than the tests take."""
    folder: Path = tmp_path_factory.mktemp("editorial")
    text = (SAMPLE / "site.toml").read_text()
    assert "hold_s = 0" in text
    (folder / "site.toml").write_text(text.replace("hold_s = 0", f"hold_s = {HOLD_S}"))
    with System(folder, PRESSROOM_SITE=str(folder / "site.toml")) as running:
        yield running


async def curate(newsroom: Newsroom, front: str, **slots: list[str]) -> None:
    answer = await newsroom.editor.put(f"/api/v1/fronts/{front}", json=slots)
    assert answer.status_code == 200, answer.text


async def lead_is(newsroom: Newsroom, path: str, url: str) -> str:
    """A front's text, once an article leads it."""

    async def look() -> str | None:
        text = (await newsroom.reader.get(path)).text
        found = LEAD.search(text)
        return text if found and found[1] == urlsplit(url).path else None

    text: str = await until(look, timeout_s=20, every_s=0.1)
    return text


async def test_the_home_front_as_an_editor_curates_it(newsroom: Newsroom) -> None:
    first, second, third = [
        await newsroom.write_and_publish(headline=f"The {each} of three stories")
        for each in ("first", "second", "third")
    ]
    await lead_is(newsroom, "/", third["url"])
    await curate(newsroom, "home", lead=[first["id"]], editors_pick=[second["id"]])
    home = await lead_is(newsroom, "/", first["url"])
    picks = home[home.index("<h2>Editor’s pick</h2>") :]
    assert "The second of three stories" in picks[: picks.index("</section>")]
    assert home.count(f'<a href="{urlsplit(first["url"]).path}">') == 1
    await lead_is(newsroom, "/business/", third["url"])
    gone = await newsroom.editor.post(f"/api/v1/articles/{first['id']}/unpublish", json={"reason": "A test."})
    assert gone.status_code == 202
    await lead_is(newsroom, "/", third["url"])


async def test_a_draft_is_seen_at_its_address_and_nowhere_else(newsroom: Newsroom) -> None:
    headline = "A quayside nobody knows of"
    created = await newsroom.create(headline=headline, tags=["Quaysides"])
    answer = await newsroom.editor.post(f"/api/v1/articles/{created['id']}/preview")
    assert answer.status_code == 201, answer.text
    path = urlsplit(answer.json()["url"]).path

    async def there() -> Any:
        found = await newsroom.reader.get(path)
        return found if found.status_code == 200 else None

    page = await until(there, timeout_s=20, every_s=0.1)
    assert headline in page.text
    assert "This is a draft." in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    image = re.search(r'<meta property="og:image" content="([^"]+)"', page.text)
    assert image

    async def drawn() -> Any:
        found = await newsroom.reader.get(urlsplit(image[1]).path)
        return found if found.status_code == 200 else None

    card = await until(drawn, timeout_s=30, every_s=0.1)
    assert jpeg_size(card.content) == (1200, 630)
    await newsroom.write_and_publish(headline="Published after the draft was shown")
    await newsroom.text_once("/", "Published after the draft was shown", timeout_s=20)
    await until(lambda: newsroom.found("published draft shown"), timeout_s=20, every_s=0.1)
    for public in ("/", "/business/", "/business/economy/", "/feed.xml", "/sitemap.xml", "/news-sitemap.xml"):
        text = (await newsroom.reader.get(public)).text
        assert headline not in text, public
        assert path not in text, public
    assert (await newsroom.reader.get("/tag/quaysides/")).status_code == 404
    assert await newsroom.found("quayside") == []


async def test_an_author_as_the_newsroom_describes_them(newsroom: Newsroom) -> None:
    await newsroom.write_and_publish(headline="By somebody", authors=[{"name": "Otto Brandt"}])
    changed = await newsroom.editor.patch(
        "/api/v1/authors/otto-brandt", json={"slug": "otto-m-brandt", "name": "Otto M. Brandt", "bio": "Knows *tides*."}
    )
    assert changed.status_code == 200, changed.text
    text = await newsroom.text_once("/author/otto-m-brandt/", "<em>tides</em>", timeout_s=30)
    assert "<h1>Otto M. Brandt</h1>" in text

    async def moved() -> bool:
        answer = await newsroom.reader.get("/author/otto-brandt/")
        return answer.status_code == 301 and urlsplit(answer.headers["location"]).path == "/author/otto-m-brandt/"

    assert await until(moved, timeout_s=30, every_s=0.2)


async def test_notifications_that_are_held_back_are_cancelled(newsroom: Newsroom) -> None:
    reader = "eve@reader.example"
    await newsroom.subscribe(reader, ("tag", "lighthouses"))
    published = await newsroom.write_and_publish(headline="The lamp is out", tags=["Lighthouses"])
    url = f"/api/v1/articles/{published['id']}/notifications"

    async def planned() -> bool:
        notify = (await newsroom.receipt(published["id"]))["notify"]
        return bool(notify.get("planned") == 1 and notify.get("held_until"))

    await until(planned, timeout_s=30, every_s=0.1)
    assert (await newsroom.reader.delete(url)).status_code == 401
    cancelled = await newsroom.editor.delete(url)
    assert cancelled.status_code == 200, cancelled.text
    assert (cancelled.json()["cancelled"], cancelled.json()["sent"]) == (1, 0)
    receipt = await newsroom.complete(published["id"])
    assert (receipt["notify"]["planned"], receipt["notify"]["sent"]) == (0, 0)
    sends = (await newsroom.editor.get("/api/v1/sends", params={"article": published["id"]})).json()
    assert sends["counts"] == {"cancelled": 1}
    assert [each.subject for each in await newsroom.mails(reader) if "lamp" in each.subject] == []


async def test_any_key_of_the_newsroom_sees_the_card_of_another_headline(newsroom: Newsroom) -> None:
    published = await newsroom.write_and_publish(headline="A card to look at")
    made = await newsroom.editor.post("/api/v1/keys", json={"name": "A visitor", "role": "reader"})
    headers = {"Authorization": f"Bearer {made.json()['secret']}"}
    url = f"/api/v1/articles/{published['id']}/card"

    async def seen() -> Any:
        answer = await newsroom.reader.get(url, params={"headline": "Another"}, headers=headers)
        return answer if answer.status_code == 200 else None

    card = await until(seen, timeout_s=20, every_s=0.1)
    assert jpeg_size(card.content) == (1200, 630)
    assert (await newsroom.editor.delete(f"/api/v1/keys/{made.json()['id']}")).status_code == 204

    async def refused() -> bool:
        return (await newsroom.reader.get(url, headers=headers)).status_code == 401

    assert await until(refused, timeout_s=20, every_s=0.1)


async def test_a_purged_article_is_nowhere_and_nothing_brings_it_back(newsroom: Newsroom, system: System) -> None:
    word = "zanzibarian7d41c09e"
    picture = hostile.jpeg(hostile.scene(1600, 1000))
    uploaded = await newsroom.editor.post("/api/v1/media", files={"file": ("a.jpg", picture)}, data={"alt": "A crane"})
    media = uploaded.json()
    body = f"The {word} crane.\n\n![](media:{media['id']})"
    created = await newsroom.create(
        headline=f"The {word} crane", slug="a-crane", body=body, lead_image={"media_id": media["id"]}
    )
    url = f"/api/v1/articles/{created['id']}"
    await newsroom.editor.post(f"{url}/preview")
    published = await newsroom.publish(created["id"])
    await newsroom.complete(created["id"])
    await until(lambda: newsroom.found(word), timeout_s=20, every_s=0.1)
    sha256 = urlsplit(media["url"]).path.rpartition("/")[2].partition(".")[0]

    def traces() -> list[str]:
        """Files that are named after it, or hold its words: pages, cards, pictures, previews."""
        files = [each for each in (system.data / "site").rglob("*") if each.is_file()]
        return [str(each) for each in files if _tells(each, [created["id"], sha256], word.encode())]

    for kind in ("www/business", "cards/", "media/", "preview/"):
        assert await until(lambda kind=kind: any(kind in each for each in traces()), timeout_s=20), kind  # type: ignore[misc]

    assert (await newsroom.editor.delete(url, params={"purge": True})).status_code == 204
    await until(lambda: not traces(), timeout_s=40, every_s=0.2)
    page = await newsroom.page(published["url"])
    assert page.status_code == 410
    assert word not in page.text

    async def is_not_found() -> bool:
        return await newsroom.found(word) == []

    await until(is_not_found, timeout_s=20, every_s=0.1)
    index = Folder(system.data / "search")  # that its files are rid of it, too, the search's own tests show
    await until(lambda: index.purge_noted() is None, timeout_s=20, every_s=0.1)

    asked = (await newsroom.editor.post("/api/v1/operations/inventories")).json()
    shown = f"/api/v1/operations/inventories/{asked['id']}"

    async def answered() -> Any:
        found = (await newsroom.editor.get(shown)).json()
        return found if not found["waiting_for"] else None

    drift = (await until(answered, timeout_s=30, every_s=0.2))["drift"]
    assert [each for each in drift if each["article_id"] == created["id"]] == []
    replay = (await newsroom.editor.post("/api/v1/operations/replays", json={"all": True})).json()

    async def replayed() -> bool:
        answer = await newsroom.editor.get(f"/api/v1/operations/replays/{replay['id']}")
        return bool(answer.json()["state"] == "done")

    await until(replayed, timeout_s=60, every_s=0.2)
    assert traces() == []
    assert (await newsroom.page(published["url"])).status_code == 410


def _tells(file: Path, names: list[str], words: bytes) -> bool:
    try:
        return any(each in file.name for each in names) or words in file.read_bytes()
    except OSError:  # it went away meanwhile
        return False
