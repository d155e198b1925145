"""`pressroom up`: everything on this machine, from an empty folder to a newspaper that can be read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rich.console import Console

from pressroom_local import folder, sample
from pressroom_local.client import open_api
from pressroom_local.errors import LocalError
from pressroom_local.ports import choose_ports, is_free
from pressroom_local.processes import Plan, processes
from pressroom_local.progress import Progress
from pressroom_local.settings import Settings
from pressroom_local.supervisor import Supervisor, unready
from pressroom_shared.site import load_site


async def up(settings: Settings, console: Console, *, without: frozenset[str], with_sample: bool | None) -> None:
    """Run until SIGINT or SIGTERM. Raises `LocalError` with a sentence when it cannot.

    `with_sample` None: the sample articles are published when the newspaper is the sample's.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    data = folder.prepare(settings.data_dir)
    lock = folder.lock(data)
    own = own_site(settings)
    plan, key_is_new = await _plan(settings, data, own, without)
    supervisor = Supervisor(
        processes(plan, os.environ),
        logs=data / "logs",
        log_bytes_max=settings.log_bytes_max,
        start_timeout_s=settings.start_timeout_s,
        stop_timeout_s=settings.stop_timeout_s,
        inherited=lock,
        say=say,
    )
    say(f"Starting Pressroom in {data} …")
    try:
        await _unless(stop, supervisor.start())
        if not stop.is_set() and (with_sample or (with_sample is None and own is None)):
            progress = Progress(console, tuple(each.reports for each in plan.services if each.reports))
            async with open_api(f"http://127.0.0.1:{plan.ports['ingest']}", plan.admin_key) as api:
                await _unless(stop, sample.load(api, progress, timeout_s=settings.receipt_timeout_s))
        if not stop.is_set():
            say(_where_to_look(settings, plan, key_is_new=key_is_new))
            await _unless(stop, supervisor.raise_when_failed())
    finally:
        say("Stopping …")
        await supervisor.stop()
        os.close(lock)
    say("Stopped. The next start goes on from here.")


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Any]) -> None:
    """Do the work; when `stop` is set first, give it up. Raises what the work raises."""
    doing, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            doing.result()
    finally:
        for each in (doing, stopping):
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each


def own_site(settings: Settings) -> Path | None:
    """One's own newspaper: the file that the setting names, else `site.toml` here; None for the sample's."""
    if "site" in settings.model_fields_set or settings.site.is_file():
        load_site(settings.site)
        return settings.site.resolve()
    return None


async def _plan(settings: Settings, data: Path, own: Path | None, without: frozenset[str]) -> tuple[Plan, bool]:
    if not is_free(settings.port, settings.bind):
        raise LocalError(
            f"Port {settings.port} is in use by another program: stop that one, or choose another port "
            f"with PRESSROOM_PORT, as in `PRESSROOM_PORT={settings.port + 1} make run`."
        )
    redis_url = settings.redis_url if "redis_url" in settings.model_fields_set else ""
    if redis_url and (reason := await unready(redis_url)):
        raise LocalError(f"PRESSROOM_REDIS_URL: the Redis at {_without_password(redis_url)} cannot be used: {reason}")
    key, key_is_new = (settings.admin_key.get_secret_value(), False) if settings.admin_key else folder.admin_key(data)
    plan = Plan(
        data=data,
        site=own or folder.sample_site(data, sample.SITE, settings.port),
        site_store=site_folder(settings),
        port=settings.port,
        bind=settings.bind,
        admin_key=key,
        redis_url=redis_url,
        smtp_url=settings.smtp_url,
        without=without,
    )
    plan.site_store.mkdir(parents=True, exist_ok=True)
    ports = choose_ports(data / "ports.json", plan.port_names, taken=frozenset({settings.port}))
    return replace(plan, ports=ports), key_is_new


def site_folder(settings: Settings) -> Path:
    """Where the site lies on this machine. Raises `LocalError` when it lies elsewhere."""
    store = urlsplit(settings.site_store or (settings.data_dir.resolve() / "site").as_uri())
    if store.scheme != "file":
        raise LocalError(
            "PRESSROOM_SITE_STORE: on one machine the site lies in a folder: `file:///…`, or leave it out."
        )
    return Path(unquote(store.path))


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _where_to_look(settings: Settings, plan: Plan, *, key_is_new: bool) -> str:
    origin = f"http://localhost:{plan.port}"
    file = folder.key_file(plan.data)
    key = "the one in PRESSROOM_ADMIN_KEY" if settings.admin_key else f"in {file}"
    auth = (
        '"Authorization: Bearer $PRESSROOM_ADMIN_KEY"'
        if settings.admin_key
        else f'"Authorization: Bearer $(cat {file})"'
    )
    mail = "" if plan.smtp_url else f"\n  Mails sent      {origin}/_mail/"
    shown = f"\n                  {plan.admin_key}   (shown this once)" if key_is_new else ""
    section = load_site(plan.site).section_keys[0]
    document = json.dumps({"headline": "Hello, readers", "section": section, "body": "Our first *story*."})
    return f"""
Pressroom is running.

  Front page      {origin}/
  Search          {origin}/search{mail}
  Every API call  {origin}/api/v1/docs
  Admin key       {key}{shown}
  Logs            {plan.data / "logs"}

Three calls to try: what is live, a new draft, and its publication (put its id in for ID).

  curl -H {auth} "{origin}/api/v1/articles?state=live&limit=3"
  curl -H {auth} -H "Content-Type: application/json" {origin}/api/v1/articles -d '{document}'
  curl -H {auth} -X POST "{origin}/api/v1/articles/ID/publish?wait=live"

Ctrl-C stops everything; the next start finds it as it was."""
