"""Pressroom's API as the command calls it. Each error is a sentence for the person at the terminal."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from pressroom_local.errors import ApiError, LocalError
from pressroom_local.frontmatter import Picture

TIMEOUT_S = 40
"""Above the longest that `?wait=live` waits."""


class Api:
    """Calls of one Pressroom with one key. Opened by `open_api`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def call(self, method: str, path: str, **request: Any) -> Any:
        """The answer's JSON; None for an empty one. Raises `ApiError`, or `LocalError` when nobody answers."""
        try:
            answer = await self._client.request(method, f"/api/v1{path}", **request)
        except httpx.HTTPError as error:
            where = str(self._client.base_url).rstrip("/")
            raise LocalError(
                f"There is no Pressroom at {where} ({error or type(error).__name__}): start it with `make run`, "
                "or say where it is with PRESSROOM_LOCAL_URL."
            ) from error
        if answer.is_success:
            return answer.json() if answer.content else None
        raise ApiError(_sentence(method, path, answer), status=answer.status_code)

    async def find(self, external_id: str) -> dict[str, Any] | None:
        """The article of that `external_id`, as a list shows it."""
        found = await self.call("GET", "/articles", params={"external_id": external_id})
        return found["items"][0] if found["items"] else None

    async def article(self, article_id: str) -> dict[str, Any]:
        article: dict[str, Any] = await self.call("GET", f"/articles/{article_id}")
        return article

    async def create(self, document: dict[str, Any]) -> dict[str, Any]:
        article: dict[str, Any] = await self.call("POST", "/articles", json=document)
        return article

    async def change(self, article_id: str, patch: dict[str, Any], *, revision: int) -> dict[str, Any]:
        """A merge patch on the revision that was read."""
        headers = {"If-Match": f'"{revision}"', "Content-Type": "application/merge-patch+json"}
        article: dict[str, Any] = await self.call("PATCH", f"/articles/{article_id}", json=patch, headers=headers)
        return article

    async def publish(self, article_id: str, *, wait_s: float = 0, **wish: Any) -> dict[str, Any]:
        params = {"wait": "live", "timeout_s": wait_s} if wait_s else {}
        answer: dict[str, Any] = await self.call("POST", f"/articles/{article_id}/publish", params=params, json=wish)
        return answer

    async def receipt(self, article_id: str) -> dict[str, Any]:
        receipt: dict[str, Any] = await self.call("GET", f"/articles/{article_id}/receipt")
        return receipt

    async def upload(self, picture: Picture) -> str:
        """A picture's media id; the same bytes again are the same picture."""
        kind = mimetypes.guess_type(picture.path.name)[0] or "application/octet-stream"
        words = {"alt": picture.alt, "caption": picture.caption, "credit": picture.credit}
        files = {"file": (picture.path.name, picture.path.read_bytes(), kind)}
        media = await self.call("POST", "/media", data=words, files=files)
        if picture.focal_point is not None:
            await self.call("PATCH", f"/media/{media['id']}", json={"focal_point": picture.focal_point})
        return str(media["id"])


@asynccontextmanager
async def open_api(base_url: str, key: str) -> AsyncIterator[Api]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT_S) as client:
        yield Api(client)


def _sentence(method: str, path: str, answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        detail = str(problem["detail"])
        fields = [f"{each['field']}: {each['message']}" for each in problem.get("errors", [])]
    except (ValueError, KeyError, TypeError):
        return f"{method} /api/v1{path} was answered with {answer.status_code}."
    return " ".join([f"{detail} ({method} /api/v1{path}: {answer.status_code})", *fields])
