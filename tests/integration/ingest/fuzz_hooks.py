"""What schemathesis must be told: how a body of lines is written, and ids of what is there."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

KNOWN: dict[str, str] = json.loads(os.environ.get("PRESSROOM_FUZZ_KNOWN", "{}"))
"""Path parameters of what the test has made: with those that are made up, every answer would be 404."""


@schemathesis.serializer("application/x-ndjson")  # type: ignore[untyped-decorator, unused-ignore]
def ndjson(_context: Any, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode() + b"\n"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Ask for what is there, but not where an address is wrong on purpose, or would be gone for all that follows."""
    path = case.meta.components.get(ParameterLocation.PATH)
    wrong = path is not None and path.mode.is_negative
    erases = case.method == "DELETE" and not case.path.endswith("/schedule")
    if wrong or erases or case.meta.phase.name == "examples":
        return
    for name in case.path_parameters:
        case.path_parameters[name] = KNOWN.get(f"{case.path}#{name}") or KNOWN.get(name) or case.path_parameters[name]
