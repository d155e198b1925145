"""Comparing and bringing back earlier saves, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from tests.integration.ingest.conftest import ARTICLE


async def test_two_revisions_are_compared_field_by_field(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    change = {"headline": "Cranes move", "body": "The cranes stopped at noon.\n\nAt two they moved."}
    await api.patch(url, json=change, headers={"If-Match": '"1"'})
    found = (await api.get(f"{url}/revisions/1/diff/2")).json()
    assert (found["before"]["number"], found["after"]["number"]) == (1, 2)
    by_field = {each["field"]: each for each in found["changes"]}
    assert set(by_field) == {"headline", "body"}
    assert (by_field["headline"]["before"], by_field["headline"]["after"]) == (ARTICLE["headline"], "Cranes move")
    assert "+At two they moved." in by_field["body"]["lines"]
    assert (await api.get(f"{url}/revisions/2/diff/2")).json()["changes"] == []
    assert (await api.get(f"{url}/revisions/1/diff/9")).status_code == 404
    assert (await api.get(f"{url}/revisions/0/diff/1")).status_code == 422


async def test_an_earlier_revision_is_restored_as_the_newest(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"headline": "Worse", "tags": []}, headers={"If-Match": '"1"'})
    assert (await api.post(f"{url}/revisions/1/restore")).status_code == 428
    assert (await api.post(f"{url}/revisions/1/restore", headers={"If-Match": '"1"'})).status_code == 412
    assert (await api.post(f"{url}/revisions/7/restore", headers={"If-Match": '"2"'})).status_code == 404
    back = await api.post(f"{url}/revisions/1/restore", headers={"If-Match": '"2"'})
    assert (back.status_code, back.headers["etag"], back.json()["headline"]) == (200, '"3"', ARTICLE["headline"])
    assert back.json()["tags"] == ["Harbor"]
    listed = (await api.get(f"{url}/revisions")).json()["items"]
    assert [each["number"] for each in listed] == [3, 2, 1], "nothing that was saved is gone"
    assert [each["id"] for each in (await api.get("/api/v1/articles", params={"tag": "harbor"})).json()["items"]] == [
        draft["id"]
    ]
