"""An editor and readers who know nothing but the newspaper's address: what they do, over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from pressroom_shared.ids import new_id
from tests.waiting import until

ARTICLE: dict[str, Any] = {
    "headline": "Harbor cranes stand still for a third day",
    "section": "business/economy",
    "standfirst": "Nobody in Alder Bay agrees on who switched them off.",
    "body": "The cranes stopped at noon on Monday.\n\n## Nobody at the switch\n\nThe port says it was the wind.",
    "authors": [{"name": "Ines Falk", "title": "Coast correspondent"}],
    "tags": ["Harbor"],
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that arrived, parsed by the standard library."""

    to: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return "" if part is None else str(part.get_content())

    def path(self, prefix: str) -> str:
        """The first address in the text whose path begins so, without the origin."""
        found = re.search(rf"https?://[^\s/]+({re.escape(prefix)}[^\s>\"]*)", self.text)
        assert found, f"no link to {prefix} in:\n{self.text}"
        return found[1]


class Newsroom:
    """Talks to a running Pressroom through its one origin."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {key}"}
        self.editor = httpx.AsyncClient(base_url=url, headers=headers, timeout=35)
        self.reader = httpx.AsyncClient(base_url=url, timeout=10)

    async def close(self) -> None:
        await self.editor.aclose()
        await self.reader.aclose()

    # The editor

    async def create(self, **fields: Any) -> dict[str, Any]:
        answer = await self.editor.post("/api/v1/articles", json=ARTICLE | fields)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def publish(self, article_id: str, *, wait: bool = True, **wish: Any) -> dict[str, Any]:
        """Publish, by default until the page is live."""
        query = {"wait": "live", "timeout_s": "30"} if wait else {}
        answer = await self.editor.post(f"/api/v1/articles/{article_id}/publish", params=query, json=wish)
        assert answer.status_code == (200 if wait else 202), answer.text
        published: dict[str, Any] = answer.json()
        return published

    async def write_and_publish(self, **fields: Any) -> dict[str, Any]:
        """A new article, live."""
        return await self.publish((await self.create(**fields))["id"])

    async def publish_through_trouble(self, **fields: Any) -> str:
        """Create and publish as a careful client does: with Idempotency-Keys, again until it is answered. The id."""
        created = await self._insist("/api/v1/articles", ARTICLE | fields)
        await self._insist(f"/api/v1/articles/{created['id']}/publish", {})
        return str(created["id"])

    async def _insist(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": new_id()}

        async def post() -> dict[str, Any] | None:
            try:
                answer = await self.editor.post(path, json=body, headers=headers)
            except httpx.TransportError:
                return None
            assert answer.status_code < 500 or answer.status_code in {502, 503, 504}, answer.text
            answered: dict[str, Any] | None = answer.json() if answer.status_code < 300 else None
            return answered

        answered: dict[str, Any] = await until(post, timeout_s=60, every_s=0.2)
        return answered

    async def upload(self, picture: Path, *, alt: str) -> str:
        """A picture's id."""
        body = await asyncio.to_thread(picture.read_bytes)
        files = {"file": (picture.name, body, "image/jpeg")}
        answer = await self.editor.post("/api/v1/media", data={"alt": alt}, files=files)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["id"])

    async def add_entry(self, article_id: str, **fields: Any) -> None:
        """An entry of a live article."""
        answer = await self.editor.post(f"/api/v1/articles/{article_id}/entries", json=fields)
        assert answer.status_code == 201, answer.text

    async def receipt(self, article_id: str) -> dict[str, Any]:
        answer = await self.editor.get(f"/api/v1/articles/{article_id}/receipt")
        receipt: dict[str, Any] = answer.raise_for_status().json()
        return receipt

    async def complete(self, article_id: str, *, timeout_s: float = 30) -> dict[str, Any]:
        """The receipt of the newest version, once it is complete; fails with the last one that was read."""
        receipt: dict[str, Any] = {}

        async def look() -> bool:
            nonlocal receipt
            try:
                receipt = await self.receipt(article_id)
            except httpx.HTTPError:
                return False
            return bool(receipt["complete"])

        try:
            await until(look, timeout_s=timeout_s, every_s=0.05)
        except AssertionError as error:
            raise AssertionError(f"not complete within {timeout_s} s: {receipt}") from error
        return receipt

    # Readers

    async def page(self, url: str) -> httpx.Response:
        """A page by its address or path."""
        return await self.reader.get(urlsplit(url).path)

    async def text_once(self, path: str, words: str, *, timeout_s: float = 10) -> str:
        """A page's text once it holds some words: fronts and feeds follow an article within a second."""

        async def look() -> str | None:
            text = (await self.reader.get(path)).text
            return text if words in text else None

        text: str = await until(look, timeout_s=timeout_s)
        return text

    async def found(self, query: str, **parameters: str) -> list[dict[str, Any]]:
        answer = await self.reader.get("/api/v1/search", params={"q": query, **parameters})
        hits: list[dict[str, Any]] = answer.raise_for_status().json()["hits"]
        return hits

    async def mails(self, to: str) -> list[Mail]:
        """What has arrived for one address, oldest first."""
        listed = (await self.reader.get("/_mail/api", params={"to": to})).raise_for_status().json()["items"]
        return [Mail(to, self._parsed(await self.reader.get(f"/_mail/{each['id']}/raw"))) for each in reversed(listed)]

    async def mail(self, to: str, *, about: str, timeout_s: float = 20) -> Mail:
        """The one mail to this address whose subject holds some words, once it is there."""

        async def look() -> list[Mail]:
            return [each for each in await self.mails(to) if about in each.subject]

        arrived: list[Mail] = await until(look, timeout_s=timeout_s, every_s=0.1)
        assert len(arrived) == 1, f"{len(arrived)} mails to {to} about {about!r}"
        return arrived[0]

    async def subscribe(self, email: str, *topics: tuple[str, str]) -> Mail:
        """Ask for news and confirm it from the mail. Without a topic: everything."""
        wanted = [{"kind": kind, "value": value} for kind, value in topics] or [{"kind": "all"}]
        answer = await self.reader.post("/api/v1/subscriptions", json={"email": email, "topics": wanted})
        assert answer.status_code == 202, answer.text
        asked: Mail = (await until(lambda: self.mails(email), timeout_s=20, every_s=0.1))[0]
        confirm = asked.path("/confirm/")
        assert (await self.reader.get(confirm)).status_code == 200, "a GET shows, and confirms nothing"
        confirmed = await self.reader.post(confirm)
        assert confirmed.status_code in {200, 303}, confirmed.text
        return asked

    @staticmethod
    def _parsed(answer: httpx.Response) -> EmailMessage:
        message = message_from_bytes(answer.raise_for_status().content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height from a JPEG's frame header (ITU T.81, B.2.2)."""
    for marker, segment in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(segment[3:5]), int.from_bytes(segment[1:3])
    raise AssertionError("the file has no JPEG frame")


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    assert data[:2] == b"\xff\xd8", "the file is no JPEG"
    place = 2
    while place + 4 <= len(data):
        length = int.from_bytes(data[place + 2 : place + 4])
        yield data[place + 1], data[place + 4 : place + 2 + length]
        place += 2 + length
