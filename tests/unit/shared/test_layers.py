"""Rules of the code that no linter knows."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVICES = sorted((ROOT / "services").glob("*/pressroom_*"))
EDGES = {"app.py", "__main__.py", "committer.py"}
"""`committer.py` is the edge of search's index: a batch is its one unit of work."""


def modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if "migrations" not in path.parts]


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_nothing_below_the_edge_commits_or_begins_a_transaction(service: Path) -> None:
    """Polar's rule: one unit of work a request or handler, committed at the edge."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in modules(service)
        if path.name not in EDGES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}
    ]
    assert found == []


def test_the_events_import_nothing_but_pydantic_and_the_standard_library() -> None:
    allowed = {"pydantic", "pressroom_shared.events"} | set(sys.stdlib_module_names)
    for path in modules(ROOT / "shared" / "pressroom_shared" / "events"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                assert any(name == each or name.startswith(f"{each}.") for each in allowed), f"{path}: {name}"
