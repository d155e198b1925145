"""Two revisions side by side: which fields differ, and a body line by line."""

from __future__ import annotations

import difflib
from typing import Any

from pressroom_ingest.documents import changed_fields

LINES_MAX = 4000
"""Above it a text is shown whole on both sides: comparing takes time that grows with the square of the lines."""

LONG_TEXTS = {"body", "standfirst"}


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Each field that differs: `{field, before, after}`, and for a long text `lines`, as `diff -u` writes them."""
    return [_field(name, before.get(name), after.get(name)) for name in changed_fields(before, after)]


def _field(name: str, before: Any, after: Any) -> dict[str, Any]:
    shown = {"field": name, "before": before, "after": after}
    if name not in LONG_TEXTS:
        return shown
    old, new = str(before or "").splitlines(), str(after or "").splitlines()
    if len(old) + len(new) <= LINES_MAX:
        shown["lines"] = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    return shown
