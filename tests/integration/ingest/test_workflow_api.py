"""From a draft to its approval, notes, and roles by section, over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from pressroom_ingest.app import create_api, open_desk
from pressroom_ingest.settings import Settings
from pressroom_ingest.waiting import Waiters
from tests.integration.ingest.conftest import ADMIN, ARTICLE

Headers = dict[str, str]
MakeKey = Callable[..., Awaitable[Headers]]


@pytest.fixture
def make_key(api: httpx.AsyncClient) -> MakeKey:
    async def make(role: str, **more: Any) -> Headers:
        answer = await api.post("/api/v1/keys", json={"name": f"A {role}", "role": role} | more)
        assert answer.status_code == 201, answer.text
        return {"Authorization": f"Bearer {answer.json()['secret']}"}

    return make


async def test_a_draft_goes_its_way_and_each_step_has_its_role(
    api: httpx.AsyncClient, make_key: MakeKey, draft: dict[str, Any]
) -> None:
    contributor, editor, reader = [await make_key(role) for role in ("contributor", "editor", "reader")]
    url = f"/api/v1/articles/{draft['id']}"

    async def move(to: str, who: Headers, **more: Any) -> int:
        return (await api.post(f"{url}/state", json={"state": to} | more, headers=who)).status_code

    assert await move("in_review", reader) == 403
    assert await move("approved", contributor) == 403
    assert await move("in_review", contributor, note="Two sources now.") == 200
    listed = (await api.get("/api/v1/articles", params={"state": "in_review"}, headers=reader)).json()["items"]
    assert [each["id"] for each in listed] == [draft["id"]]
    assert await move("approved", editor) == 200
    assert await move("draft", contributor) == 403, "an approval is an editor's to take back"
    changed = await api.patch(url, json={"headline": "Other"}, headers=contributor | {"If-Match": "*"})
    assert (changed.json()["state"], changed.json()["review_state"]) == ("draft", "draft"), (
        "nobody has approved that text"
    )
    await move("approved", editor)
    kept = await api.patch(url, json={"headline": "Third"}, headers=editor | {"If-Match": "*"})
    assert kept.json()["state"] == "approved"
    assert (await api.post(f"{url}/publish", headers=editor)).status_code == 202
    assert (await api.get(url)).json()["state"] == "live"
    assert await move("in_review", contributor) == 200
    assert ((await api.get(url)).json()["state"], (await api.get(url)).json()["review_state"]) == ("live", "in_review")
    assert await move("published", editor) == 422
    assert [each["text"] for each in (await api.get(f"{url}/notes")).json()["items"]] == ["Two sources now."]


async def test_where_approval_is_needed_nothing_goes_out_without(ingest_settings: Settings) -> None:
    settings = ingest_settings.model_copy(update={"approval_needed": True})
    async with open_desk(settings) as desk:
        transport = httpx.ASGITransport(app=create_api(desk, Waiters()))
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as api:
            made = (await api.post("/api/v1/articles", json=ARTICLE)).json()
            url = f"/api/v1/articles/{made['id']}"
            refused = await api.post(f"{url}/publish")
            assert (refused.status_code, "approve" in refused.json()["detail"]) == (409, True)
            await api.post(f"{url}/state", json={"state": "approved"})
            assert (await api.post(f"{url}/publish")).status_code == 202
            assert (await api.post(f"{url}/publish")).status_code == 409, "the next text needs its own approval"


async def test_notes_are_the_newsrooms_own(api: httpx.AsyncClient, make_key: MakeKey, draft: dict[str, Any]) -> None:
    one, other = await make_key("contributor"), await make_key("editor")
    url = f"/api/v1/articles/{draft['id']}/notes"
    first = (await api.post(url, json={"text": "Ask the port."}, headers=one)).json()
    second = (await api.post(url, json={"text": "Asked."}, headers=other)).json()
    assert [each["text"] for each in (await api.get(url)).json()["items"]] == ["Asked.", "Ask the port."]
    assert first["by"] == "A contributor"
    assert (await api.post(url, json={"text": "  "})).json()["errors"][0]["field"] == "text"
    assert (await api.delete(f"{url}/{first['id']}", headers=other)).status_code == 403
    assert (await api.delete(f"{url}/{first['id']}", headers=one)).status_code == 204
    assert (await api.delete(f"{url}/{second['id']}")).status_code == 204, "an admin may"
    assert (await api.delete(f"{url}/{second['id']}")).status_code == 404
    assert (await api.post("/api/v1/articles/none/notes", json={"text": "x"})).status_code == 404


async def test_a_role_may_hold_in_some_sections_only(api: httpx.AsyncClient, make_key: MakeKey) -> None:
    who = await make_key("reader", sections={"business": "editor", "world": "contributor"})
    business = (await api.post("/api/v1/articles", json=ARTICLE, headers=who)).json()
    url = f"/api/v1/articles/{business['id']}"
    assert (await api.post(f"{url}/publish", headers=who)).status_code == 202
    moved = await api.patch(url, json={"section": "world"}, headers=who | {"If-Match": "*"})
    assert moved.status_code == 200
    refused = await api.post(f"{url}/publish", headers=who)
    assert (refused.status_code, "world" in refused.json()["detail"]) == (403, True)
    only = await make_key("contributor", sections={"world": "reader"})
    assert (await api.post("/api/v1/articles", json=ARTICLE | {"section": "world"}, headers=only)).status_code == 403
    assert (await api.patch(url, json={"headline": "x"}, headers=only | {"If-Match": "*"})).status_code == 403
    assert (await api.get(url, headers=only)).status_code == 200
    for wrong, field in (
        ({"sections": {"weather": "editor"}}, "sections.weather"),
        ({"sections": {"world": "admin"}}, "sections"),
    ):
        answer = await api.post("/api/v1/keys", json={"name": "x", "role": "reader"} | wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
