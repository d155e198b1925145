"""The events' contracts are committed, append-only, and readable by every consumer."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pressroom_shared.contracts import IncompatibleError, breaks, documents, schemas, write
from pressroom_shared.events import decode, event_types

CONTRACTS = Path(__file__).parents[2] / "shared" / "contracts"
EXAMPLES = sorted((CONTRACTS / "examples").glob("*.json"))


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_committed_document_is_what_the_models_say(name: str) -> None:
    assert (CONTRACTS / name).read_text() == documents()[name], "run `make schemas` and commit what it writes"


def test_every_event_type_has_a_golden_example() -> None:
    covered = {json.loads(path.read_text())["type"] for path in EXAMPLES}
    assert covered == set(event_types())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_golden_example_is_read_and_none_of_its_fields_is_lost(path: Path) -> None:
    document = json.loads(path.read_text())
    event = decode(path.read_bytes())
    assert lost(document, json.loads(event.encode())) == []
    jsonschema.validate(json.loads(event.encode()), schemas()[event.type])


def lost(before: Any, after: Any, place: str = "") -> list[str]:
    """Fields of `before` that are not in `after` with the same value."""
    if isinstance(before, dict):
        return [each for name, value in before.items() for each in lost(value, after.get(name), f"{place}.{name}")]
    if isinstance(before, list):
        return [each for number, value in enumerate(before) for each in lost(value, after[number], f"{place}.{number}")]
    return [] if before == after else [place]


def test_an_unknown_field_is_ignored() -> None:
    document = json.loads(EXAMPLES[0].read_text()) | {"tomorrow": 1}
    document["data"]["tomorrow"] = {"a": 1}
    assert decode(json.dumps(document).encode())


def change(where: str, name: str, to: Any) -> dict[str, Any]:
    schema = deepcopy(schemas()["pressroom.article.published.v1"])
    part = schema["$defs"][where]
    if to is None:
        del part["properties"][name]
    elif to == "required":
        part["required"].append(name)
        part["properties"].setdefault(name, {"type": "string"})
    else:
        part["properties"][name] = to
    return schema


@pytest.mark.parametrize(
    ("where", "name", "to", "word"),
    [
        ("Article", "headline", None, "gone"),
        ("Article", "headline", {"type": "integer"}, "another type"),
        ("Article", "mood", "required", "newly required"),
        ("Announcement", "notify", None, "gone"),
    ],
)
def test_a_breaking_change_is_found_and_not_written(
    where: str, name: str, to: Any, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    changed = change(where, name, to)
    assert word in " ".join(breaks(schemas()["pressroom.article.published.v1"], changed))
    monkeypatch.setattr("pressroom_shared.contracts.schemas", lambda: {"pressroom.article.published.v1": changed})
    with pytest.raises(IncompatibleError, match=name):
        write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_new_optional_field_is_welcome() -> None:
    old = schemas()["pressroom.article.published.v1"]
    assert breaks(old, change("Article", "mood", {"type": "string", "default": ""})) == []
