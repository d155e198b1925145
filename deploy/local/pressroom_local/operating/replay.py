"""`pressroom replay`: send articles to the sinks once more, for repair. No reader is told."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from pressroom_local.client import Api
from pressroom_local.operating.calling import call, console, say

SINKS = "pages,cards,search,notify"
LOOK_S = 1.0


def replay(
    everything: Annotated[bool, typer.Option("--all", help="Every article that was ever published.")] = False,
    article: Annotated[str, typer.Option(help="One article, by its id.")] = "",
    section: Annotated[str, typer.Option(help="A section with its sub-sections: business, or business/economy.")] = "",
    since: Annotated[str, typer.Option(help="Last published since then: 2026-11-23T12:00:00Z.")] = "",
    to: Annotated[str, typer.Option(help="To which services, with commas.")] = SINKS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until every service has done it all.")] = True,
) -> None:
    """Send articles to the services once more: pages are rendered, the index is written, cards are drawn again.

    What is newer there stays, and no reader is told. It goes by while nothing live waits.
    """
    wish: dict[str, Any] = {"to": [each.strip() for each in to.split(",") if each.strip()], "dry_run": dry_run}
    wish |= {name: value for name, value in (("article_id", article), ("section", section), ("since", since)) if value}
    if everything:
        wish["all"] = True

    async def work(api: Api) -> None:
        asked = await api.call("POST", "/operations/replays", json=wish)
        say(asked["would"] if dry_run else f"Replay {asked['id']}: {asked['total']:,} articles.")
        if wait and not dry_run:
            await follow(api, asked["id"])

    call(work)


async def follow(api: Api, replay_id: str) -> None:
    """Say how it comes along, until it is finished."""
    said = ""
    with console.status(""):
        while True:
            found = await api.call("GET", f"/operations/replays/{replay_id}")
            line = f"{found['state']}: {found['sent']:,} of {found['total']:,}"
            if line != said:
                say(line)
            said = line
            if found["state"] in {"done", "cancelled"}:
                return
            await asyncio.sleep(LOOK_S)
