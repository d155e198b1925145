"""`pressroom reconcile`: compare what the services hold with ingest, and repair it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.table import Table

from pressroom_local.client import Api
from pressroom_local.operating.calling import call, console, say

LOOK_S = 0.5


def reconcile(
    from_ingest: Annotated[
        bool,
        typer.Option(
            "--from-ingest",
            help="After a restore: ingest decides also where a service is newer, and what it has not is withdrawn.",
        ),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt", help="After a restore: ingest takes back from the pages the articles that it has lost."
        ),
    ] = False,
    contents: Annotated[bool, typer.Option("--contents", help="Compare contents too, not only versions.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    timeout_s: Annotated[float, typer.Option(min=1, max=600, help="How long to wait for the services' answers.")] = 30,
) -> None:
    """Ask every service what it holds, list what differs from ingest, and repair it. No reader is told.

    What a service lacks, or holds in an older version, is sent to it again. What is newer there stays and is listed,
    unless --from-ingest or --adopt says otherwise; with both, ingest decides about what it has and takes back the rest.
    """

    async def work(api: Api) -> None:
        asked = await api.call("POST", "/operations/inventories")
        place = f"/operations/inventories/{asked['id']}"
        found = await _answers(api, place, timeout_s, contents=contents)
        _show(found)
        wish = {"from_ingest": from_ingest, "adopt": adopt, "contents": contents, "dry_run": dry_run}
        done = await api.call("POST", f"{place}/repair", json=wish)
        say(f"{'Would be done' if dry_run else 'Done'}: {_sentence(done)}.")
        if done["adopted"] and not dry_run:
            _show_adoption(await _adopted(api, place, timeout_s))

    call(work)


async def _answers(api: Api, place: str, timeout_s: float, *, contents: bool) -> dict[str, Any]:
    """What the services say, once all have; or what is known after the time."""
    waited = 0.0
    while True:
        found: dict[str, Any] = await api.call("GET", place, params={"contents": contents})
        if not found["waiting_for"] or waited >= timeout_s:
            return found
        await asyncio.sleep(LOOK_S)
        waited += LOOK_S


async def _adopted(api: Api, place: str, timeout_s: float) -> dict[str, Any]:
    """How an adoption ended; or how far it is after the time."""
    waited = 0.0
    while True:
        found: dict[str, Any] = (await api.call("GET", place))["adoption"]
        if not found["waiting"] or waited >= timeout_s:
            return found
        await asyncio.sleep(LOOK_S)
        waited += LOOK_S


def _show_adoption(found: dict[str, Any]) -> None:
    say(f"Taken back: {found['taken']:,}.")
    for each in found["refused"]:
        say(f"Not taken back: {each['article_id']}: {each['detail']}")
    if found["waiting"]:
        say(f"Not here yet: {found['waiting']:,}. They come when the pages answer; run this again to see.")


def _show(found: dict[str, Any]) -> None:
    if found["waiting_for"]:
        say(f"No answer from {', '.join(found['waiting_for'])}: those are left as they are.")
    if not found["count"]:
        say(f"No drift in {', '.join(found['answered']) or 'no service'}.")
        return
    table = Table(box=None, padding=(0, 2))
    for column in ("service", "article", "drift"):
        table.add_column(column)
    for each in found["drift"]:
        table.add_row(each["group"], each["article_id"], each["detail"])
    console.print(table)
    if found["count"] > len(found["drift"]):
        say(f"… and {found['count'] - len(found['drift']):,} more.")


def _sentence(done: dict[str, Any]) -> str:
    replayed = ", ".join(f"{count:,} to {group}" for group, count in done["replayed"].items() if count)
    parts = [f"replayed {replayed}"] if replayed else []
    parts += [f"{done['adopted']:,} asked back from the pages"] if done["adopted"] else []
    parts += [f"{done['stamped_again']:,} sent again above every version"] if done["stamped_again"] else []
    parts += [f"{done['withdrawn']:,} withdrawn"] if done["withdrawn"] else []
    parts += [f"{done['left_as_drift']:,} left as they are"] if done["left_as_drift"] else []
    return "; ".join(parts) or "nothing"
