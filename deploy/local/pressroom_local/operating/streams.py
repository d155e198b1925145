"""`pressroom status`: how each group stands, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from pressroom_local.client import Api
from pressroom_local.operating.calling import call, console, say

COLUMNS = ("group", "lag", "bulk", "pending", "oldest", "retries", "dead", "a second", "consumers")
REFRESH_S = 1.0


def streams(*, watch: bool, as_json: bool) -> None:
    """Show what each consumer group has before it, what fails, who works; and the one thing to do about it."""

    async def work(api: Api) -> None:
        if watch and console.is_terminal and not as_json:
            with Live(console=console, refresh_per_second=4) as live:
                while True:
                    live.update(shown(await api.call("GET", "/operations/status")))
                    await asyncio.sleep(REFRESH_S)
        status = await api.call("GET", "/operations/status")
        if as_json:
            say(json.dumps(status, indent=2))
        else:
            console.print(shown(status))

    try:
        call(work)
    except KeyboardInterrupt:
        raise typer.Exit from None


def shown(status: dict[str, Any]) -> Group:
    """The table, and under it what is to be done."""
    table = Table(box=None, padding=(0, 2))
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if number == 0 else "right")
    for each in status["groups"]:
        table.add_row(
            each["group"],
            *(_count(each[name]) for name in ("lag", "bulk_lag", "pending")),
            age(each["oldest_s"]),
            *(_count(each[name], bad=bool(each[name])) for name in ("retries", "dead")),
            f"{each['rate']:g}",
            _count(each["consumers"], bad=not each["consumers"]),
        )
    lines = [escape(each) for each in status["advice"]]
    if status["outbox_waiting"]:
        lines.append(f"{status['outbox_waiting']:,} events wait in ingest's outbox.")
    lines += [
        f"Replay {each['id']} to {', '.join(each['to'])}: {each['state']}, {each['sent']:,} of {each['total']:,}."
        for each in status["replays"]
    ]
    return Group(table, *(lines or ["All is well."]))


def _count(value: int, *, bad: bool = False) -> str:
    text = "some" if value < 0 else f"{value:,}"
    return f"[red]{text}[/]" if bad else text


def age(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds else "-"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
