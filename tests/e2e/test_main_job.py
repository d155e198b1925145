"""The main job: an editor publishes one article; it is read, found, seen as a card and mailed once."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from tests.newsroom import Newsroom, jpeg_size
from tests.system import System
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROCESSES = ("ingest", "pages", "cards", "http", "search", "notify", "redis", "gateway")


async def test_one_article_through_every_service(newsroom: Newsroom) -> None:
    reader = "ada@reader.example"
    await newsroom.subscribe(reader, ("section", "business"))
    created = await newsroom.create(headline="The lamp at Gull Rock burns again")
    published = await newsroom.publish(created["id"])
    assert published["live"]

    page = await newsroom.page(published["url"])
    assert page.status_code == 200
    for words in ("The lamp at Gull Rock burns again", "Ines Falk", "The cranes stopped at noon on Monday.", "<time"):
        assert words in page.text
    for place in ("/", "/business/", "/business/economy/", "/feed.xml", "/business/feed.xml", "/author/ines-falk/"):
        await newsroom.text_once(place, "The lamp at Gull Rock burns again")
    await newsroom.text_once(
        f"/sitemap-{published['url'].split('/')[4]}-{published['url'].split('/')[5]}.xml", published["url"]
    )

    receipt = await newsroom.complete(created["id"])
    assert {receipt[each]["status"] for each in ("pages", "cards", "search", "notify")} == {"done"}
    assert (receipt["notify"]["planned"], receipt["notify"]["sent"]) == (1, 1)

    hits = await newsroom.found("lamp gull rock", section="business")
    assert [hit["url"] for hit in hits] == [published["url"]]
    shown = await newsroom.reader.get("/search", params={"q": "lamp gull rock"})
    assert shown.status_code == 200
    assert "<mark>" in shown.text

    with_card = await newsroom.text_once(urlsplit(published["url"]).path, 'property="og:image"')
    image = re.search(r'<meta property="og:image" content="([^"]+)"', with_card)
    assert image
    card = await newsroom.reader.get(urlsplit(image[1]).path)
    assert card.headers["content-type"] == "image/jpeg"
    assert jpeg_size(card.content) == (1200, 630)

    mail = await newsroom.mail(reader, about="The lamp at Gull Rock burns again")
    assert published["url"] in mail.text
    assert published["url"] in mail.html
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.message["List-Id"]
    assert mail.message["Message-ID"]

    leave = re.search(r"<(https?://[^>]+)>", mail.message["List-Unsubscribe"])
    assert leave
    where = urlsplit(leave[1]).path
    assert (await newsroom.reader.get(where)).status_code == 200
    left = await newsroom.reader.post(where, data={"List-Unsubscribe": "One-Click"})
    assert left.status_code == 200
    second = await newsroom.write_and_publish(headline="The lamp at Gull Rock goes out")
    told = (await newsroom.complete(second["id"]))["notify"]
    assert told["planned"] == 0, "who has left is not told"


async def test_a_changed_slug_redirects_and_a_withdrawn_article_is_gone(newsroom: Newsroom) -> None:
    first = await newsroom.write_and_publish(headline="A pier is moved")
    head = await newsroom.editor.get(f"/api/v1/articles/{first['id']}")
    await newsroom.editor.patch(
        f"/api/v1/articles/{first['id']}", json={"slug": "pier-moved"}, headers={"If-Match": head.headers["ETag"]}
    )
    second = await newsroom.publish(first["id"])
    moved = await newsroom.page(first["url"])
    assert (moved.status_code, moved.headers["location"]) == (301, second["url"])

    gone = await newsroom.editor.post(f"/api/v1/articles/{first['id']}/unpublish", json={})
    assert gone.status_code == 202
    await newsroom.complete(first["id"])
    assert (await newsroom.page(second["url"])).status_code == 410
    assert (await newsroom.page(first["url"])).status_code in {301, 410}

    async def out_of_the_feed() -> bool:
        return "pier-moved" not in (await newsroom.reader.get("/feed.xml")).text

    await until(out_of_the_feed)
    assert await newsroom.found('"pier is moved"') == []
    unknown = await newsroom.page("/business/2020/01/01/nothing/")
    assert unknown.status_code == 404
    assert "<title>" in unknown.text


async def test_no_hostile_text_reaches_a_reader(newsroom: Newsroom) -> None:
    await newsroom.subscribe("eve@reader.example")
    bad = "<script>alert('zwxq')</script>"
    published = await newsroom.write_and_publish(
        headline=f"Zwxq {bad} <b onclick=x>bold</b>",
        standfirst=f"{bad} & more",
        body=f"Zwxq {bad}\n\n[press](javascript:alert(1)) <a href=\"javascript:x\" onclick='x'>here</a> <iframe src=x>",
        authors=[f"Mallory {bad}"],
        tags=[f"Tag {bad}"],
    )
    await newsroom.complete(published["id"])
    mail = await newsroom.mail("eve@reader.example", about="Zwxq")
    texts = {
        "page": (await newsroom.page(published["url"])).text,
        "front": await newsroom.text_once("/", "Zwxq"),
        "feed": await newsroom.text_once("/feed.xml", "Zwxq"),
        "mail": mail.html,
        "results": (await newsroom.reader.get("/search", params={"q": "zwxq"})).text,
        "hits": " ".join(hit["snippet"] for hit in await newsroom.found("zwxq")),
    }
    for name, text in texts.items():
        assert "zwxq" in text.lower(), f"the {name} shows the article"
        dangers = Dangers()
        dangers.feed(text)
        assert dangers.found == [], name


class Dangers(HTMLParser):
    """Reads HTML as a browser does, and collects what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        data = given.get("type") == "application/ld+json" or given.get("src", "").startswith("/static/")
        if tag in {"iframe", "object", "embed", "base"} or (tag == "script" and not data):
            self.found.append(tag)
        for name, value in given.items():
            if name.startswith("on") or value.strip().lower().startswith("javascript:"):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("victim", PROCESSES)
async def test_a_killed_process_changes_nothing_in_the_end(newsroom: Newsroom, system: System, victim: str) -> None:
    """kill -9 in the middle; the supervisor starts it again."""
    reader = f"{victim}@reader.example"
    await newsroom.subscribe(reader, ("tag", "rota"))
    headlines = [f"Rota bun {number} after {victim}" for number in range(4)]
    ids = [
        await newsroom.publish_through_trouble(headline=each, tags=["Rota"], section="world") for each in headlines[:2]
    ]
    system.kill(victim)
    ids += [
        await newsroom.publish_through_trouble(headline=each, tags=["Rota"], section="world") for each in headlines[2:]
    ]
    receipts = [await newsroom.complete(each, timeout_s=90) for each in ids]
    for headline, receipt in zip(headlines, receipts, strict=True):
        assert receipt["pages"]["status"] == receipt["search"]["status"] == receipt["cards"]["status"] == "done"
        mailed = [each for each in await newsroom.mails(reader) if each.subject == headline]
        uncertain = receipt["notify"]["uncertain"]
        assert len(mailed) <= 1, "nobody is told twice"
        assert len(mailed) + uncertain >= 1, "nobody is forgotten"
        if victim != "notify":
            assert (len(mailed), uncertain) == (1, 0)
    listed = await newsroom.editor.get("/api/v1/articles", params={"q": f"after {victim}"})
    for each in listed.json()["items"]:
        assert (await newsroom.page(each["url"])).status_code == 200
    await until(lambda: newsroom.found(f"rota bun {victim}"), timeout_s=20)
