"""What a bench says: tables for people, the same as JSON, and pictures of them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from pressroom_shared.clock import SystemClock, rfc3339

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; the first column says what a row is of."""

    title: str
    columns: list[str]
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class Report:
    """One bench's result. `plots` are SVG documents by their file names."""

    name: str
    tables: list[Table]
    notes: list[str] = field(default_factory=list)
    plots: dict[str, str] = field(default_factory=dict)


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie: nearest rank. 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def publish_report(report: Report, folder: Path) -> None:
    """Print it, and write `{name}.json` and its plots."""
    console = Console()
    for table in report.tables:
        shown = Shown(title=table.title, title_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="left" if number == 0 else "right")
        for row in table.rows:
            shown.add_row(*(f"{each:,.2f}" if isinstance(each, float) else f"{each}" for each in row))
        console.print(shown)
    for note in report.notes:
        console.print(note)
    folder.mkdir(exist_ok=True)
    document = {
        "bench": report.name,
        "at": rfc3339(SystemClock().now()),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "tables": [asdict(each) for each in report.tables],
        "notes": report.notes,
    }
    (folder / f"{report.name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    for name, svg in report.plots.items():
        (folder / name).write_text(svg)
    console.print(f"Written to {folder}/{report.name}.json" + "".join(f", {folder}/{name}" for name in report.plots))
