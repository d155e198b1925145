"""The editors' API is described whole: each field in words and by an example, each error, each answer's shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pressroom_ingest.api import add_routes
from pressroom_shared.http import create_http
from pressroom_shared.problems import MEDIA_TYPE
from tests.documents import OPENAPI

MERGED: dict[str, Any] = json.loads(OPENAPI.read_text())
METHODS = {"get", "post", "put", "patch", "delete"}


async def always() -> None:
    return None


def operations() -> dict[str, dict[str, Any]]:
    """Ingest's operations, as the merged document has them."""
    app = create_http(title="Pressroom", ready=always)
    add_routes(app)
    return {
        f"{method.upper()} {path}": MERGED["paths"][path][method]
        for path, methods in app.openapi()["paths"].items()
        for method in methods.keys() & METHODS
    }


OPERATIONS = operations()
each_operation = pytest.mark.parametrize("name", sorted(OPERATIONS))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = MERGED["components"]["schemas"][name] if name else schema
    return found


def branches(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What a value may be, but for null."""
    several = schema.get("anyOf", schema.get("oneOf", [schema]))
    return [each for each in map(resolved, several) if each.get("type") != "null"]


def is_told(schema: dict[str, Any]) -> bool:
    """Whether a reader sees what a value looks like: by an example, its few values, its format, or its own fields."""
    told = {"example", "examples", "enum", "const", "format", "contentMediaType", "properties"}
    if told & schema.keys() or schema.get("type") == "boolean":
        return True
    if schema.get("type") == "array" and "items" in schema:
        return all(is_told(each) for each in branches(schema["items"]))
    several = [each for each in branches(schema) if each is not schema]
    return bool(several) and all(is_told(each) for each in several)


def fields(schema: dict[str, Any], place: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field that a schema leads to, with its place. Fields of a named schema bear its name."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in seen:
        return
    if name:
        seen.add(name)
        place = name
    whole = resolved(schema)
    for field, inner in whole.get("properties", {}).items():
        yield f"{place}.{field}", inner
        yield from fields(inner, f"{place}.{field}", seen)
    inside = [whole["items"]] if isinstance(whole.get("items"), dict) else []
    inside += [each for each in [whole.get("additionalProperties")] if isinstance(each, dict)]
    for each in [*inside, *whole.get("anyOf", []), *whole.get("oneOf", []), *whole.get("allOf", [])]:
        yield from fields(each, place, seen)


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body of an operation: what it is, its media type, its schema."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield "the request", media_type, content
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            yield status, media_type, content


@each_operation
def test_every_field_and_parameter_has_words_and_an_example(name: str) -> None:
    operation = OPERATIONS[name]
    found = [(each["name"], each["schema"] | each) for each in operation.get("parameters", [])]
    for _, _, content in contents(operation):
        found += fields(content.get("schema", {}), name, set())
    assert [place for place, field in found if not field.get("description")] == [], "no words"
    assert [place for place, field in found if not is_told(field)] == [], "no example"


@each_operation
def test_an_operation_says_what_it_does_and_what_it_answers(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.get("description"), "it does not say what it does"
    for status, media_type, content in contents(operation):
        schema = content.get("schema", {})
        typed = {"$ref", "properties", "items", "anyOf"} & schema.keys() or "example" in content
        assert typed, f"{status} {media_type} has no shape"
    assert any(status.startswith("2") for status in operation["responses"])


@each_operation
def test_every_error_is_listed_and_is_a_problem(name: str) -> None:
    operation = OPERATIONS[name]
    errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    assert set(errors) >= {"401", "403", "422", "429"}
    named = [each for each in operation.get("parameters", []) if each["in"] == "path"]
    assert "404" in errors or all("enum" in each["schema"] for each in named)
    assert "413" in errors or "requestBody" not in operation
    for status, answer in errors.items():
        assert list(answer["content"]) == [MEDIA_TYPE], status
        assert answer["content"][MEDIA_TYPE]["schema"]["$ref"].endswith("/ProblemDocument"), status
