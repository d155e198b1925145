"""Drafts over HTTP: what is stored, what is refused, and that a refusal leaves nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from pressroom_ingest.desk import Desk
from pressroom_ingest.tables import metadata, outbox
from pressroom_shared.database import migration_differences
from tests.integration.ingest.conftest import ARTICLE


async def rows(desk: Desk) -> dict[str, int]:
    async with desk.database.read() as connection:
        return {
            table.name: int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
            for table in metadata.sorted_tables
        }


async def test_the_migrations_make_what_the_code_expects(desk: Desk) -> None:
    assert await migration_differences(desk.database, metadata) == []


async def test_a_draft_is_stored_and_answered_whole(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/articles", json=ARTICLE)
    assert answer.status_code == 201
    created = answer.json()
    assert answer.headers["location"] == f"/api/v1/articles/{created['id']}"
    assert answer.headers["etag"] == '"1"'
    assert created["state"] == "draft"
    assert created["url"] is None
    assert created["authors"] == [
        {"slug": "ines-falk", "name": "Ines Falk", "title": None, "url": "http://localhost:8080/author/ines-falk/"}
    ]
    shown = await api.get(f"/api/v1/articles/{created['id']}")
    assert shown.json() == created


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"section": "weather"}, "section"),
        ({"headline": ""}, "headline"),
        ({"headline": "   "}, "headline"),
        ({"language": "english"}, "language"),
        ({"language": "xx-!!"}, "language"),
        ({"mood": "good"}, "mood"),
        ({"also_in": ["nowhere"]}, "also_in"),
        ({"lead_image": {"media_id": "none"}}, "lead_image.media_id"),
        ({"body": "![x](media:none)"}, "body"),
        ({"kind": "poem"}, "kind"),
        ({"kind": "review"}, "review"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"redirect_from": ["no-slash"]}, "redirect_from.0"),
        ({"canonical_url": "javascript:alert(1)"}, "canonical_url"),
        ({"published_at": "2999-01-01T00:00:00Z"}, "published_at"),
        ({"authors": [{"nom": "x"}]}, "authors.0.nom"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    api: httpx.AsyncClient, desk: Desk, change: dict[str, Any], field: str
) -> None:
    before = await rows(desk)
    answer = await api.post("/api/v1/articles", json=ARTICLE | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in {each["field"] for each in answer.json()["errors"]}
    assert await rows(desk) == before


async def test_every_wrong_field_is_named_at_once(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/articles", json={"headline": "", "language": "english", "mood": 1})
    assert {each["field"] for each in answer.json()["errors"]} == {"headline", "section", "body", "language", "mood"}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_above_a_mebibyte_is_refused(api: httpx.AsyncClient, desk: Desk, declared: bool) -> None:
    before = await rows(desk)
    content = b'{"headline": "' + b"x" * 1024 * 1024 + b'"}'

    async def streamed() -> Any:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    headers = {"content-type": "application/json"}
    body: Any = content if declared else streamed()
    answer = await api.post("/api/v1/articles", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert await rows(desk) == before


async def test_without_a_key_with_a_wrong_one_or_a_weak_role(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer prk_wrong"}, {"Authorization": "Basic x"}):
        answer = await api.get(url, headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    made = (await api.post("/api/v1/keys", json={"name": "Trainee", "role": "contributor"})).json()
    weak = {"Authorization": f"Bearer {made['secret']}"}
    assert (await api.get(url, headers=weak)).status_code == 200
    for refused in ("publish", "unpublish"):
        answer = await api.post(f"{url}/{refused}", headers=weak)
        assert answer.status_code == 403
        assert "contributor" in answer.json()["detail"]
    assert (await api.get("/api/v1/keys", headers=weak)).status_code == 403
    assert (await api.delete(f"/api/v1/keys/{made['id']}")).status_code == 204
    assert (await api.get(url, headers=weak)).status_code == 401


async def test_an_unknown_id_is_404_everywhere(api: httpx.AsyncClient) -> None:
    url = "/api/v1/articles/none"
    assert (await api.get(url)).status_code == 404
    assert (await api.patch(url, json={}, headers={"If-Match": '"1"'})).status_code == 404
    for path in ("publish", "unpublish"):
        assert (await api.post(f"{url}/{path}")).status_code == 404
    for path in ("receipt", "revisions", "revisions/1"):
        assert (await api.get(f"{url}/{path}")).status_code == 404


async def test_a_change_needs_if_match_and_names_who_was_first(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    assert (await api.patch(url, json={"headline": "New"})).status_code == 428
    changed = await api.patch(url, json={"headline": "New"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["headline"]) == (200, '"2"', "New")
    late = await api.patch(url, json={"headline": "Other"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert "PRESSROOM_ADMIN_KEY" in late.json()["detail"]
    assert late.headers["etag"] == '"2"'


async def test_of_editors_at_once_one_wins_each_revision(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    answers = await asyncio.gather(
        *(api.patch(url, json={"headline": f"From {n}"}, headers={"If-Match": '"1"'}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7


async def test_a_patch_is_a_merge_patch(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"seo": {"title": "a", "description": "b"}}, headers={"If-Match": '"1"'})
    answer = await api.patch(url, json={"seo": {"title": None}, "tags": []}, headers={"If-Match": '"2"'})
    assert answer.json()["seo"] == {"title": None, "description": "b"}
    assert answer.json()["tags"] == []
    wrong = await api.patch(url, json={"headline": None}, headers={"If-Match": '"3"'})
    assert wrong.json()["errors"][0]["field"] == "headline"


async def test_every_save_is_kept(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await api.patch(url, json={"headline": "Second"}, headers={"If-Match": "*"})
    listed = (await api.get(f"{url}/revisions")).json()["items"]
    assert [(each["number"], each["changed"]) for each in listed] == [
        (2, ["headline"]),
        (1, ["authors", "body", "headline", "section", "tags"]),
    ]
    first = (await api.get(f"{url}/revisions/1")).json()
    assert first["document"]["headline"] == ARTICLE["headline"]


async def test_an_external_id_is_taken_once(api: httpx.AsyncClient) -> None:
    first = await api.post("/api/v1/articles", json=ARTICLE | {"external_id": "a/1"})
    again = await api.post("/api/v1/articles", json=ARTICLE | {"external_id": "a/1"})
    assert again.status_code == 409
    assert first.json()["id"] in again.json()["detail"]
    found = (await api.get("/api/v1/articles", params={"external_id": "a/1"})).json()["items"]
    assert [each["id"] for each in found] == [first.json()["id"]]


async def test_a_repeated_post_with_its_key_does_nothing_twice(api: httpx.AsyncClient, desk: Desk) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = await api.post("/api/v1/articles", json=ARTICLE, headers=headers)
    again = await api.post("/api/v1/articles", json=ARTICLE, headers=headers)
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), '"1"')
    assert (await rows(desk))["article"] == 1
    other = await api.post("/api/v1/articles", json=ARTICLE | {"headline": "Other"}, headers=headers)
    assert other.status_code == 422


async def test_lists_are_filtered_and_paged(api: httpx.AsyncClient) -> None:
    for number in range(5):
        section = "world" if number % 2 else "business/economy"
        await api.post("/api/v1/articles", json=ARTICLE | {"headline": f"N{number}", "section": section})
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await api.get("/api/v1/articles", params={"limit": 2, "cursor": cursor})).json()
        seen += [each["headline"] for each in page["items"]]
        cursor = page["next"]
    assert seen == ["N4", "N3", "N2", "N1", "N0"]
    for query, expected in [
        ({"section": "business"}, ["N4", "N2", "N0"]),
        ({"q": "n3"}, ["N3"]),
        ({"tag": "harbor", "section": "world"}, ["N3", "N1"]),
        ({"author": "nobody"}, []),
        ({"state": "live"}, []),
    ]:
        found = (await api.get("/api/v1/articles", params=query)).json()["items"]
        assert [each["headline"] for each in found] == expected
    assert (await api.get("/api/v1/articles", params={"cursor": "x"})).status_code == 422
    assert (await api.get("/api/v1/articles", params={"limit": 101})).status_code == 422


async def test_only_what_was_never_published_can_be_deleted(api: httpx.AsyncClient, draft: dict[str, Any]) -> None:
    url = f"/api/v1/articles/{draft['id']}"
    await api.post(f"{url}/publish")
    assert (await api.delete(url)).status_code == 409
    other = (await api.post("/api/v1/articles", json=ARTICLE)).json()
    assert (await api.delete(f"/api/v1/articles/{other['id']}")).status_code == 204
    assert (await api.get(f"/api/v1/articles/{other['id']}")).status_code == 404


async def test_a_failing_publication_leaves_no_version_and_no_outbox_row(
    api: httpx.AsyncClient, desk: Desk, draft: dict[str, Any]
) -> None:
    before = await rows(desk)
    url = f"/api/v1/articles/{draft['id']}/publish"
    for wrong in ({"change": "correction", "note": "x"}, {"at": "2999-01-01T00:00:00Z"}, {"at": "noon"}, {"mood": 1}):
        assert (await api.post(url, json=wrong)).status_code == 422
    assert await rows(desk) == before
    async with desk.database.read() as connection:
        of_it = sa.select(outbox).where(outbox.c.article_id == draft["id"])
        assert (await connection.execute(of_it)).first() is None
