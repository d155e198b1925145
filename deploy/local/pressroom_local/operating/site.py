"""`pressroom site check|rebuild`: what another site file or template would change, and the one step that does it.

Render makes the pages; on this machine its own command is run here. In its container it has the same name.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pressroom_local import folder
from pressroom_local.errors import LocalError
from pressroom_local.operating.calling import console
from pressroom_local.running import own_site, site_folder
from pressroom_local.settings import Settings
from pressroom_shared.settings import load_settings

WOULD_CHANGE = 3
"""The exit code of a check that found something."""

app = typer.Typer(no_args_is_help=True, help="What a change of site file, address or template does to the pages.")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, for scripts.")]


@app.command("check")
def check(as_json: AsJson = False) -> None:
    """Say what a rebuild would change: how many pages of which kinds, and some of them. Changes nothing.

    Ends with 0 when nothing would change, with 3 when something would.
    """
    _render("check", as_json=as_json)


@app.command("rebuild")
def rebuild(as_json: AsJson = False) -> None:
    """Build every page with today's site file and templates beside the live site, and switch to it in one step.

    Publishing goes on meanwhile; what runs here starts again with the same files by itself.
    """
    _render("rebuild", as_json=as_json)


def _render(command: str, *, as_json: bool) -> None:
    """Run render's own command here, show how far it is, then what it says. Raises `LocalError`."""
    if importlib.util.find_spec("pressroom_render") is None:
        raise LocalError(
            "The pages are made where render runs. Under compose: "
            f"docker compose run --rm render-pages pressroom site {command}"
        )
    argv = [sys.executable, "-m", "pressroom_render", "site", command, "--progress", *(["--json"] if as_json else [])]
    said: list[str] = []
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        subprocess.Popen(  # noqa: S603  # our own program, with words of our own
            argv, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child,
    ):
        task = bar.add_task("Making pages", total=None)
        assert child.stdout is not None
        assert child.stderr is not None
        for line in child.stderr:
            done, _, total = line.strip().partition(" ")
            if done.isdecimal() and total.isdecimal():
                bar.update(task, completed=int(done), total=int(total))
            else:
                said.append(line)
        answer = child.stdout.read()
    if child.returncode not in {0, WOULD_CHANGE}:
        raise LocalError("".join(said).strip() or f"Render ended with exit code {child.returncode}.")
    typer.echo(answer, nl=False)
    if child.returncode:
        raise typer.Exit(child.returncode)


def _environment() -> dict[str, str]:
    """What a run on this machine tells render. Raises `LocalError` where nothing ever ran."""
    settings = load_settings(Settings)
    folder.kept_ports(settings.data_dir)
    data = settings.data_dir.resolve()
    told = {
        "PRESSROOM_DATA_DIR": str(data),
        "PRESSROOM_SITE": str(own_site(settings) or folder.sample_site_file(data)),
        "PRESSROOM_SITE_STORE": site_folder(settings).as_uri(),
    }
    replaced = {f"{name}_FILE" for name in told}
    return {name: value for name, value in os.environ.items() if name not in replaced} | told
