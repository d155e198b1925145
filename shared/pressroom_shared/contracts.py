"""The events' committed contracts: JSON Schemas, golden examples, the AsyncAPI document.

`python -m pressroom_shared.contracts FOLDER` writes them, and refuses a change that a running consumer could not read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pressroom_shared.errors import PressroomError
from pressroom_shared.events import event_types
from pressroom_shared.keys import ARTICLES, LIVE_GROUPS, OPERATIONS, OUTCOMES, bulk

SENT_ON = {
    "pressroom.article.published.v1": ARTICLES,
    "pressroom.article.unpublished.v1": ARTICLES,
    "pressroom.keys.changed.v1": ARTICLES,
    "pressroom.inventory.requested.v1": ARTICLES,
    "pressroom.article.previewed.v1": ARTICLES,
    "pressroom.author.changed.v1": ARTICLES,
    "pressroom.front.changed.v1": ARTICLES,
    "pressroom.tag.changed.v1": ARTICLES,
    "pressroom.outcome.v1": OUTCOMES,
    "pressroom.replay.requested.v1": OPERATIONS,
    "pressroom.inventory.reported.v1": OPERATIONS,
}
"""The stream of each type. What a sink reads, its bulk stream may carry too."""


class IncompatibleError(PressroomError):
    """A contract would change so that somebody's running consumer fails. Make a new `.v2` type instead."""


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (2020-12) of every event type."""
    return {name: kind.model_json_schema(mode="serialization") for name, kind in sorted(event_types().items())}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: which stream carries what, and who reads it."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for stream, groups in LIVE_GROUPS.items():
        name = stream.rsplit(":", 1)[-1]
        types = [each for each, on in SENT_ON.items() if on == stream]
        channels[name] = {
            "address": stream,
            "description": "A Redis stream; each entry has one field, `__data__`, a CloudEvent 1.0 in JSON.",
            "messages": {each: {"$ref": f"#/components/messages/{each}"} for each in types},
        }
        for group in groups:
            operations[f"{group}-reads-{name}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "description": f"Consumer group `{group}`.",
            }
            channels[f"bulk-{group}"] = channels[name] | {
                "address": bulk(group),
                "description": f"What only `{group}` reads, while nothing live waits: imports, replays, retries.",
            }
            operations[f"{group}-reads-bulk"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/bulk-{group}"},
                "description": f"Consumer group `{group}`.",
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Pressroom events", "version": "1.0.0"},
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {each: {"name": each, "payload": {"$ref": f"./{each}.json"}} for each in sorted(event_types())}
        },
    }


def documents() -> dict[str, str]:
    """Every committed file by its name."""
    found = {f"{name}.json": schema for name, schema in schemas().items()} | {"asyncapi.json": asyncapi()}
    return {name: json.dumps(each, indent=2, ensure_ascii=False, sort_keys=True) + "\n" for name, each in found.items()}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What in `new` a producer or consumer of `old` could not live with: a field removed, retyped or newly required."""
    found: list[str] = []
    old_parts = {"": old} | old.get("$defs", {})
    new_parts = {"": new} | new.get("$defs", {})
    for part, was in old_parts.items():
        now = new_parts.get(part)
        label = part or "the event"
        if now is None:
            found.append(f"{label} is gone")
            continue
        found += _broken_fields(label, was, now)
    return found


def _broken_fields(label: str, was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found: list[str] = []
    fields, present = was.get("properties", {}), now.get("properties", {})
    for name, field in fields.items():
        if name not in present:
            found.append(f"{label}: the field {name!r} is gone")
        elif _shape(field) != _shape(present[name]):
            found.append(f"{label}: the field {name!r} has another type")
    newly = set(now.get("required", [])) - set(was.get("required", []))
    found += [f"{label}: the field {name!r} is newly required" for name in sorted(newly)]
    if "enum" in was and not set(was["enum"]) <= set(now.get("enum", [])):
        found.append(f"{label}: values are gone")
    return found


def _shape(field: dict[str, Any]) -> Any:
    """The part of a field's schema that says what values it takes."""
    ignored = {"title", "description", "default", "examples"}
    return {
        name: [_shape(each) for each in value] if name == "anyOf" else value
        for name, value in field.items()
        if name not in ignored
    }


def write(folder: Path) -> list[str]:
    """Write the documents that differ. Raises `IncompatibleError` and writes nothing when one breaks its reader."""
    wanted = documents()
    wrong: list[str] = []
    for name, text in wanted.items():
        path = folder / name
        if path.exists() and name != "asyncapi.json":
            wrong += [f"{name}: {each}" for each in breaks(json.loads(path.read_text()), json.loads(text))]
    if wrong:
        raise IncompatibleError("Not written, for running services would break:\n" + "\n".join(wrong))
    folder.mkdir(parents=True, exist_ok=True)
    changed = [
        name for name, text in wanted.items() if not (folder / name).exists() or (folder / name).read_text() != text
    ]
    for name in changed:
        (folder / name).write_text(wanted[name])
    return changed


def _held(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    try:
        names = write(Path(sys.argv[1]))
    except IncompatibleError as error:
        sys.exit(str(error))
    sys.stdout.write("".join(f"{name}\n" for name in names))
