"""The command `pressroom`: run it here, publish files, look what became of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pressroom_local import folder, sample
from pressroom_local.beginning import begin
from pressroom_local.card import draw_card
from pressroom_local.client import Api
from pressroom_local.frontmatter import read_manuscript
from pressroom_local.importing.command import app as importing
from pressroom_local.operating import add_to
from pressroom_local.operating.calling import call, console
from pressroom_local.operating.streams import streams
from pressroom_local.ports import LOOPBACK
from pressroom_local.processes import SERVICES, without
from pressroom_local.progress import Progress, receipt_table
from pressroom_local.publishing import publish_again, store
from pressroom_local.running import up
from pressroom_local.settings import Settings
from pressroom_local.supervisor import unready
from pressroom_shared.errors import PressroomError
from pressroom_shared.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Pressroom publishes a newspaper. `pressroom run` starts everything on this machine; the other commands talk "
    "to a Pressroom that runs, here or where PRESSROOM_LOCAL_URL says, with the key in PRESSROOM_ADMIN_KEY or else "
    "the one in the data folder.",
)
keys = typer.Typer(no_args_is_help=True, help="API keys: who may write, publish, and manage keys.")
sample_commands = typer.Typer(no_args_is_help=True, help="The sample newspaper.")
app.add_typer(keys, name="keys")
app.add_typer(sample_commands, name="sample")
add_to(app)
app.add_typer(importing, name="import")


def main() -> None:
    """Run the command. A person's mistake ends with one sentence on standard error and exit code 1."""
    try:
        app()
    except PressroomError as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


@app.command("run")
@app.command("up", hidden=True)
def run(
    without_services: Annotated[
        list[str] | None,
        typer.Option("--without", help="Leave a service out on a small machine, such as `notify`. May be repeated."),
    ] = None,
    with_sample: Annotated[
        bool | None,
        typer.Option(
            "--sample/--no-sample",
            help="Publish the sample articles. Without this: yes, unless the newspaper is your own (a site.toml here, "
            "or PRESSROOM_SITE).",
        ),
    ] = None,
) -> None:
    """Start everything on this machine, and keep it running until Ctrl-C.

    Redis, the four services, a mail catcher and the gateway at http://localhost:8080 (PRESSROOM_PORT). What they know
    is kept in the data folder (PRESSROOM_DATA_DIR, else ./data): the next start goes on where this one ended.
    """
    left_out = without(without_services or [])
    asyncio.run(up(load_settings(Settings), console, without=left_out, with_sample=with_sample))


@app.command()
def publish(
    files: Annotated[list[Path], typer.Argument(help="Markdown files with YAML front matter.")],
    note: Annotated[str, typer.Option(help="Publish it as a correction; readers see this note.")] = "",
    notify: Annotated[
        bool | None,
        typer.Option("--notify/--no-notify", help="Tell readers. Without this: for new articles and corrections."),
    ] = None,
    wait_s: Annotated[float, typer.Option(min=0, max=30, help="Seconds to wait until each page is there.")] = 10,
) -> None:
    """Publish articles from files.

    A file needs `headline` and `section` in its front matter. With an `external_id` the article of that id is changed
    if there is one; without, each call makes a new article. Pictures are named by file, beside the article:
    `lead_image: {file: …, alt: …}` and `![alt](picture.jpg "caption")`. See `pressroom init` for an example.
    """
    manuscripts = [read_manuscript(path) for path in files]

    async def work(api: Api) -> None:
        for draft in await store(api, manuscripts):
            answer = await publish_again(api, draft, note=note, notify=notify, wait_s=wait_s)
            state = "live" if answer["live"] else "on its way"
            console.print(f"{draft.manuscript.headline}: {state}: {answer['url']}", markup=False, soft_wrap=True)
            console.print(f"  pressroom status {draft.id}", markup=False, highlight=False)

    call(work)


@app.command("card")
def card(
    file: Annotated[Path, typer.Argument(help="A Markdown file with YAML front matter.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; without this, beside the file.")] = None,
) -> None:
    """Draw an article's social card from its file, without publishing it; say what is wrong with it, if anything."""
    target = out or file.with_suffix(".card.jpg")
    for remark in draw_card(file, target, load_settings(Settings)):
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Wrote {target}", markup=False, highlight=False, soft_wrap=True)


@app.command()
def init(
    where: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to write.", show_default=False)] = Path(),
) -> None:
    """Begin a newspaper of your own: write a site.toml with comments, and an article as an example.

    Files that are there already are never overwritten.
    """
    for path in begin(where):
        console.print(f"Wrote {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        "Change site.toml as you like, then `pressroom run` here, and `pressroom publish articles/*.md`.",
        soft_wrap=True,
    )


@app.command()
def status(
    article: Annotated[str, typer.Argument(help="An article's id or external_id; empty: the whole system.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """What became of an article, service by service; without one, what each consumer group has before it.

    lag: entries not read yet. bulk: of imports and replays. oldest: the age of the oldest entry that is not done.
    Where Pressroom runs on this machine, also whether each of its processes is well.
    """
    if article:
        call(lambda api: _show_article(api, article))
        return
    settings = load_settings(Settings)
    well = as_json or not folder.ran_here(settings.data_dir) or asyncio.run(_services(settings))
    streams(watch=watch, as_json=as_json)
    if not well:
        raise typer.Exit(1)


async def _show_article(api: Api, article: str) -> None:
    found = await api.find(article)
    article_id = found["id"] if found else article
    receipt, shown = await api.receipt(article_id), await api.article(article_id)
    console.print(f"{shown['headline']}\n{shown['url']}", markup=False, soft_wrap=True)
    console.print(receipt_table(receipt))


async def _services(settings: Settings) -> bool:
    """Show how each process is; whether all are well."""
    ports = folder.kept_ports(settings.data_dir)
    table = Table(box=None, padding=(0, 2))
    table.add_column("service")
    table.add_column("state")
    checks = {each.name: f"http://{LOOPBACK}:{ports[each.name]}/health/ready" for each in SERVICES}
    checks["gateway"] = f"{settings.base_url}/health/live"
    answers = await asyncio.gather(*(unready(address) for address in checks.values()))
    for name, reason in zip(checks, answers, strict=True):
        table.add_row(name, escape(reason) or "[green]ready[/]")
    console.print(table)
    return not any(answers)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose key it is, such as `Night desk`.")],
    role: Annotated[
        Literal["contributor", "editor", "admin"],
        typer.Option(help="contributor: drafts. editor: publishes too. admin: keys and settings too."),
    ] = "editor",
) -> None:
    """Make a key. It is shown this once; Pressroom keeps only its hash."""

    async def work(api: Api) -> None:
        made = await api.call("POST", "/keys", json={"name": name, "role": role})
        console.print(made["secret"], markup=False, highlight=False, soft_wrap=True)

    call(work)


@keys.command("list")
def list_keys() -> None:
    """All keys, without their secrets."""

    async def work(api: Api) -> None:
        for each in (await api.call("GET", "/keys"))["items"]:
            state = f"revoked {each['revoked_at'][:10]}" if each["revoked_at"] else f"since {each['created_at'][:10]}"
            line = f"{each['id']:<36}  {each['role']:<11}  {state:<18}  {each['name']}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    call(work)


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="The key's id, as `pressroom keys list` shows it.")]) -> None:
    """Revoke a key, at once and for good."""
    call(lambda api: api.call("DELETE", f"/keys/{key_id}"))
    console.print("Revoked.")


@sample_commands.command("load")
def load_sample() -> None:
    """Publish the sample newspaper's articles that are not live yet. The site needs the sample's sections."""
    settings = load_settings(Settings)

    async def work(api: Api) -> None:
        count = await sample.load(api, Progress(console), timeout_s=settings.receipt_timeout_s)
        console.print(f"{count} articles were published." if count else "All of them are live already.")

    call(work)


@sample_commands.command("remove")
def remove_sample() -> None:
    """Withdraw the sample newspaper's articles."""
    console.print(f"{call(sample.remove)} articles were removed.")
