"""Errors over HTTP are problem+json (RFC 9457), and name the field."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field

from pressroom_shared.http import Problem, create_http


async def ready() -> str | None:
    return None


async def not_ready() -> str | None:
    return "Redis does not answer."


class Article(BaseModel):
    model_config = ConfigDict(extra="forbid")
    headline: str = Field(min_length=1)


def app_with_routes() -> FastAPI:
    app = create_http(title="Test", ready=ready)

    @app.post("/articles")
    async def create(article: Article) -> str:
        return article.headline

    @app.get("/gone")
    async def gone() -> None:
        raise Problem(410, "The article was withdrawn.")

    return app


def test_each_wrong_field_is_named() -> None:
    answer = TestClient(app_with_routes()).post("/articles", json={"headline": "", "mood": 1})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {each["field"] for each in document["errors"]} == {"headline", "mood"}
    assert {"type", "title", "status", "detail"} <= set(document)


def test_a_body_that_is_no_json_is_said_to_be_none() -> None:
    answer = TestClient(app_with_routes()).post("/articles", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


def test_problems_unknown_addresses_and_methods_speak_alike() -> None:
    client = TestClient(app_with_routes())
    for method, path, status in [("GET", "/gone", 410), ("GET", "/nothing", 404), ("PUT", "/articles", 405)]:
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.json()["status"] == status
        assert answer.json()["detail"].endswith(".")


def test_health_says_why_it_is_not_ready() -> None:
    assert TestClient(create_http(title="T", ready=ready)).get("/health/ready").status_code == 200
    answer = TestClient(create_http(title="T", ready=not_ready)).get("/health/ready")
    assert (answer.status_code, answer.json()["detail"]) == (503, "Redis does not answer.")
