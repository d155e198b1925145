"""The operator's commands: dead letters, replays, reconciling, the site. `add_to` mounts them."""

from __future__ import annotations

import typer

from pressroom_local.operating import dead, reconcile, replay, site

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Mount the commands on the command `pressroom`."""
    app.add_typer(dead.app, name="dead")
    app.add_typer(site.app, name="site")
    app.command("replay")(replay.replay)
    app.command("reconcile")(reconcile.reconcile)
