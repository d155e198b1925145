"""How a publication comes along, article by article and service by service: a live table, or plain lines."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

SERVICES = ("pages", "cards", "search", "notify")
WELL = frozenset({"done", "skipped", "stale"})
FINAL = WELL | {"failed"}
ROWS_MAX = 14
MARKS = {
    "done": "[green]done[/]",
    "failed": "[red]failed[/]",
    "skipped": "[dim]nothing to do[/]",
    "stale": "[dim]newer held[/]",
    "waiting": "[yellow]waiting[/]",
}
SLACK_CELLS = 20
"""Left free: terminals differ in how wide they draw some scripts, and a line that wraps breaks the redrawing."""


class Progress:
    """What is known of each article. `services` are those that are running: only these are waited for."""

    def __init__(self, console: Console, services: tuple[str, ...] = SERVICES) -> None:
        self._console = console
        self._services = services
        self._headlines: dict[str, str] = {}
        self._states: dict[str, dict[str, str]] = {}
        self._live: Live | None = None
        self.open: dict[str, None] = {}
        """Ids of the articles that some service has not finished, in the order of their publication."""

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live = Live(self._table(), console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if self._headlines and kind is None:
            self.say(self._summary())

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def published(self, article_id: str, headline: str) -> None:
        self._headlines[article_id] = headline
        self._states[article_id] = dict.fromkeys(self._services, "waiting")
        self.open[article_id] = None
        self._show()

    def receipt(self, article_id: str, receipt: dict[str, Any]) -> None:
        """Take in what `GET …/receipt` answered."""
        states = {name: str(receipt.get(name, {}).get("status", "waiting")) for name in self._services}
        self._states[article_id] = states
        if all(state in FINAL for state in states.values()):
            self.open.pop(article_id, None)
            if "failed" in states.values():
                self._failed(article_id, receipt)
            if self._live is None:
                told = ", ".join(f"{name} {state}" for name, state in states.items())
                self.say(f"  {len(self._states) - len(self.open):>3}  {self._headlines[article_id]}: {told}")
        self._show()

    def _failed(self, article_id: str, receipt: dict[str, Any]) -> None:
        """What an editor should do about it, once the article is through."""
        for name in self._services:
            part = receipt.get(name, {})
            if part.get("status") == "failed":
                self.say(f"  {self._headlines[article_id]}: {name} failed: {part.get('detail', '')}")

    def _show(self) -> None:
        if self._live is not None:
            self._live.update(self._table())

    def _table(self) -> Table:
        width = max(60, self._console.width - SLACK_CELLS)
        table = Table(title=self._summary(), title_justify="left", box=None, width=width, padding=(0, 1))
        table.add_column("Article", ratio=1, no_wrap=True, overflow="ellipsis")
        for name in self._services:
            table.add_column(name, width=13)
        for article_id in [*self._headlines][-ROWS_MAX:]:
            marks = (MARKS.get(each, each) for each in self._states[article_id].values())
            table.add_row(escape(self._headlines[article_id]), *marks)
        return table

    def _summary(self) -> str:
        counts = (f"{name} {sum(states[name] in WELL for states in self._states.values())}" for name in self._services)
        return f"{len(self._headlines)} published · {' · '.join(counts)}"


def receipt_table(receipt: dict[str, Any]) -> Table:
    """One article's receipt, for `pressroom status ARTICLE`."""
    table = Table(box=None, padding=(0, 2))
    for name in ("service", "status", "at (UTC)", "took", "detail"):
        table.add_column(name)
    for name in SERVICES:
        part = receipt.get(name)
        if part is not None:
            took = f"{part['took_ms']} ms" if part["took_ms"] is not None else ""
            status = MARKS.get(part["status"], part["status"])
            table.add_row(name, status, (part["at"] or "")[11:19], took, escape(part["detail"] or ""))
    return table
