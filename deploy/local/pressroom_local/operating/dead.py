"""`pressroom dead`: entries that failed for good; look, mend, retry, drop."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pressroom_local.client import Api
from pressroom_local.errors import ApiError, LocalError
from pressroom_local.operating.calling import call, console, say

GROUPS = ("pages", "cards", "search", "notify", "receipts", "operations")
TOO_MANY_REQUESTS = 429
PAUSE_S = 1.0

app = typer.Typer(no_args_is_help=True, help="Entries that failed for good: look, mend, retry, drop.")

GroupArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(GROUPS)}.")]
Type = Annotated[str, typer.Option("--type", help="An event type, whole.")]
Article = Annotated[str, typer.Option("--article", help="An article's id.")]
Failure = Annotated[str, typer.Option(help="An error's class, such as Poison.")]
Reason = Annotated[str, typer.Option(help="A part of the reason.")]


@app.command("list")
def list_dead(
    group: Annotated[str, typer.Option(help="Only of this group.")] = "",
    event_type: Type = "",
    article: Article = "",
    failure: Failure = "",
    reason: Reason = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many of each group.")] = 20,
    after: Annotated[str, typer.Option(help="Go on below this id, which the list before said.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON lines, for scripts.")] = False,
) -> None:
    """Dead letters, newest first, with what went wrong."""
    asked = {"type": event_type, "subject": article, "failure": failure, "reason": reason}

    async def work(api: Api) -> None:
        table = Table(box=None, padding=(0, 2))
        for column in ("group", "id", "at", "article", "reason"):
            table.add_column(column, overflow="fold")
        count, more = 0, []
        for each in (group,) if group else GROUPS:
            page = await api.call("GET", f"/operations/dead/{each}", params=asked | {"limit": limit, "cursor": after})
            more += [f"pressroom dead list --group {each} --after {page['next']}"] if page["next"] else []
            for letter in page["items"]:
                count += 1
                if as_json:
                    say(json.dumps(letter, ensure_ascii=False))
                cells = (letter["group"], letter["id"], letter["dead_at"][:19], letter["subject"], letter["reason"])
                table.add_row(*(escape(cell) for cell in cells))
        if not as_json:
            console.print(table if count else "There are no dead letters.")
            for line in more:
                say(f"There are more: {line}")

    call(work)


@app.command()
def show(group: GroupArgument, letter_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One dead letter in full: the event, why it failed, the traceback."""

    async def work(api: Api) -> None:
        letter = await api.call("GET", f"/operations/dead/{group}/{letter_id}")
        traceback, payload = letter.pop("traceback"), letter.pop("payload")
        for name, value in letter.items():
            say(f"{name:>10}  {value}")
        say(traceback)
        say(payload if isinstance(payload, str) else json.dumps(payload, indent=2, ensure_ascii=False))

    call(work)


@app.command()
def retry(
    group: GroupArgument,
    letter_id: Annotated[str, typer.Argument(metavar="[ID]", help="Empty: all that fit the filters.")] = "",
    payload: Annotated[Path | None, typer.Option(help="A file with the event as you mended it (JSON).")] = None,
    event_type: Type = "",
    article: Article = "",
    failure: Failure = "",
    reason: Reason = "",
    everything: Annotated[bool, typer.Option("--all", help="All of the group.")] = False,
) -> None:
    """Give entries to their group once more, and to no other. An event may be mended on the way:

    `pressroom dead show` prints it; change it in a file, and give that with --payload.
    """
    asked = {"type": event_type, "subject": article, "failure": failure, "reason": reason}
    if letter_id:
        body = {"payload": _read(payload)} if payload else {}
        call(lambda api: api.call("POST", f"/operations/dead/{group}/{letter_id}/retry", json=body))
        say("Retried.")
        return
    if payload:
        raise LocalError("--payload mends one dead letter: say which by its id.")
    if not everything and not any(asked.values()):
        raise LocalError("Say which: an id, a filter, or --all.")
    say(f"{call(lambda api: _retry_many(api, group, asked))} retried.")


async def _retry_many(api: Api, group: str, asked: dict[str, str]) -> int:
    """All that fit, as fast as the server lets them."""
    count, cursor = 0, ""
    while True:
        try:
            answer = await api.call("POST", f"/operations/dead/{group}:retry", json=asked | {"cursor": cursor})
        except ApiError as error:
            if error.status != TOO_MANY_REQUESTS:
                raise
            await asyncio.sleep(PAUSE_S)
            continue
        count += int(answer["retried"])
        cursor = answer["next"] or ""
        if not cursor:
            return count


@app.command()
def drop(
    group: GroupArgument,
    letter_id: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget one entry, for good."""
    if not yes:
        typer.confirm(f"Forget {group} {letter_id} for good?", abort=True)
    call(lambda api: api.call("DELETE", f"/operations/dead/{group}/{letter_id}"))
    say("Dropped.")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LocalError(f"{path} cannot be read as JSON: {error}.") from error
