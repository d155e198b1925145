"""Kinds of values that pydantic would take more loosely than the API says."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Strict

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:\d{2})")


def _only_text(value: Any) -> Any:
    """A number is no moment: whether of seconds or of milliseconds would be a guess."""
    if value is None or hasattr(value, "tzinfo"):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("It must be a moment with its time zone, as in 2026-11-24T18:30:00Z (RFC 3339).")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
Flag = Annotated[bool, Strict()]
"""`true` or `false`, and nothing that resembles it."""
