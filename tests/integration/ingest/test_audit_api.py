"""The audit log: every action is in it, nobody can take it out, and it forgets addresses in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from pressroom_ingest.caretaker import tidy
from pressroom_ingest.desk import Desk
from tests.integration.ingest.conftest import ARTICLE


async def log(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/api/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_every_action_on_an_article_is_in_the_log(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"headline": "New"}, headers={"If-Match": "*"})
    await api.post(f"{url}/revisions/1/restore", headers={"If-Match": "*"})
    published = (await api.post(f"{url}/publish")).json()
    await api.post(f"{url}/unpublish")
    found = await log(api, article_id=draft["id"])
    assert [each["action"] for each in reversed(found)] == [
        *("article.created", "article.changed", "article.restored", "article.published", "article.withdrawn"),
    ]
    line = found[1]
    assert line["actor"]["name"] == "PRESSROOM_ADMIN_KEY"
    assert line["address"] == "127.0.0.1"
    assert line["detail"] == {"version": published["version"], "change": "new"}


async def test_what_was_refused_or_repeated_is_not_in_the_log_twice(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "one"}
    for _ in range(2):
        await api.post("/api/v1/articles", json=ARTICLE, headers=headers)
    await api.post("/api/v1/articles", json=ARTICLE | {"section": "weather"})
    assert [each["action"] for each in await log(api)] == ["article.created"]


async def test_the_log_is_filtered_paged_and_for_admins(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    made = (await api.post("/api/v1/keys", json={"name": "Desk", "role": "editor"})).json()
    editor = {"Authorization": f"Bearer {made['secret']}"}
    assert (await api.get("/api/v1/audit", headers=editor)).status_code == 403
    await api.post("/api/v1/articles", json=ARTICLE, headers=editor)
    await api.delete(f"/api/v1/keys/{made['id']}")
    assert [each["action"] for each in await log(api, action="key")] == ["key.revoked", "key.created"]
    assert [each["action"] for each in await log(api, actor_id=made["id"])] == ["article.created"]
    newest = (await log(api))[0]
    assert await log(api, since="2999-01-01T00:00:00Z") == []
    assert newest not in await log(api, until=newest["at"])
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (await api.get("/api/v1/audit", params={"limit": 1, "cursor": cursor})).json()
        seen += [each["id"] for each in answer["items"]]
        cursor = answer["next"]
    assert len(seen) == len(set(seen)) == 4
    for query in ({"since": "yesterday"}, {"cursor": "x"}):
        assert (await api.get("/api/v1/audit", params=query)).status_code == 422
    for method in ("POST", "DELETE", "PATCH"):
        assert (await api.request(method, "/api/v1/audit")).status_code == 405


async def test_addresses_are_erased_after_their_time(
    api: httpx.AsyncClient, desk: Desk, manual_clock: Any, draft: dict[str, Any]
) -> None:
    manual_clock.advance(timedelta(days=29))
    await api.post(f"/api/v1/articles/{draft['id']}/publish")
    manual_clock.advance(timedelta(days=2))
    async with desk.begin() as work:
        await tidy(work, desk)
    found = await log(api)
    assert [(each["action"], each["address"]) for each in found] == [
        ("article.published", "127.0.0.1"),
        ("article.created", None),
    ]
