"""The envelope of every event: CloudEvents 1.0, JSON format (https://github.com/cloudevents/spec)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

EVENT_BYTES_MAX = 4 * 1024 * 1024
"""The largest event of an article, in bytes of JSON. Ingest refuses what would be larger."""

ACCEPTED_BYTES_MAX = EVENT_BYTES_MAX + 64 * 1024
"""What a consumer dead-letters is larger: an inventory's report that gives such an article back, whole, wraps it."""

_TYPES: dict[str, type[Event]] = {}


class Event(BaseModel):
    """One event. A subclass names its `type` and its `data`; unknown fields are ignored, so that producers may add."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event_type: ClassVar[str] = ""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=64, description="The event's id; the same on every re-send.")
    source: str = Field(description="Who wrote it, as a path: `/ingest`, `/render/pages`.")
    type: str = Field(description="`pressroom.<noun>.<verb>.v<major>`.")
    subject: str = Field(description="What it is about: the article's id, or a name.")
    time: datetime = Field(description="When the thing happened, RFC 3339.")
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = Field(description="The JSON Schema's address, relative to the repository's contracts.")
    traceparent: str | None = Field(default=None, description="W3C Trace Context.")
    replay: bool = Field(default=False, description="A repeat for repair: applies at >=, and never tells a reader.")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.event_type:
            _TYPES[cls.event_type] = cls

    @classmethod
    def schema_address(cls) -> str:
        return f"contracts/{cls.event_type}.json"

    def encode(self) -> bytes:
        """The event as UTF-8 JSON, ready for one stream field."""
        return self.model_dump_json(exclude_none=True).encode()


def event_types() -> dict[str, type[Event]]:
    """Every known type, by its name."""
    return dict(_TYPES)


class Undecodable(ValueError):
    """The bytes are no event that this program understands. The text tells the operator why, in one sentence."""


def decode(raw: bytes) -> Event:
    """Read one event.

    Raises `Undecodable` when it is too large, no JSON, no CloudEvent, of an unknown type, or invalid.
    """
    if len(raw) > ACCEPTED_BYTES_MAX:
        raise Undecodable(f"the event has {len(raw):,} bytes; at most {ACCEPTED_BYTES_MAX:,} are accepted")
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"the entry is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("specversion") != "1.0":
        raise Undecodable('the entry is no CloudEvent: `specversion` is not "1.0"')
    type_name = document.get("type")
    known = _TYPES.get(type_name) if isinstance(type_name, str) else None
    if known is None:
        raise Undecodable(_unknown_type(type_name))
    try:
        return known.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Undecodable(f"the event is not a valid {type_name}: {place}: {first['msg']}") from error


def _unknown_type(type_name: object) -> str:
    if isinstance(type_name, str):
        family = type_name.rpartition(".")[0]
        if any(known.rpartition(".")[0] == family for known in _TYPES):
            return f"this program is too old for the event type {type_name!r}: upgrade it, then retry the entry"
    return f"the event type {type_name!r} is unknown"
