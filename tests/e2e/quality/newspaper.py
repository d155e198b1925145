"""The sample newspaper, written by render and served by the gateway, with a clock that stands still.

`python -m tests.e2e.quality.newspaper FOLDER` serves it until it is stopped: for looking.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from pressroom_local.gateway import gateway_command, gateway_environment
from pressroom_render.app import Studio, http_parts, open_studio, prepare_site
from pressroom_render.drawers import Drawers
from pressroom_render.handlers import on_article
from pressroom_render.image_store import Images
from pressroom_render.settings import Settings
from pressroom_render.shelf import Shelf
from pressroom_shared.clock import ManualClock, microseconds
from pressroom_shared.events import ArticlePublished, ArticleUnpublished, Media, Withdrawal
from pressroom_shared.running import Task, run_until_stopped
from tests.examples import published
from tests.sample import SAMPLE, sample_events, sample_pictures
from tests.servers import free_port
from tests.waiting import until

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WITHDRAWN = "/us/2026/11/20/withdrawn/"
LIVE = "/us/2026/11/24/live/"


@dataclass(frozen=True, slots=True)
class Newspaper:
    """Where it is served, and its studio."""

    url: str
    studio: Studio


async def take_in(studio: Studio, event: ArticlePublished | ArticleUnpublished) -> None:
    """Handle one event, as the consumer would."""
    async with studio.work() as work:
        await on_article(event, work)


async def write_all(studio: Studio) -> None:
    writer = studio.page_writer()
    while await writer.write_batch():
        pass


async def publish_sample(studio: Studio) -> None:
    """Every sample article and picture; one more article that is told live, and one that was withdrawn."""
    for key, content in sample_pictures().items():
        if not await studio.store.exists(key):
            await studio.store.put(key, content)
    await develop(studio, [each for event in sample_events() for each in event.data.media])
    for event in sample_events():
        await take_in(studio, event)
    await take_in(studio, live())
    tombstone = Withdrawal(id="withdrawn", version=microseconds(NOW), path=WITHDRAWN, at=NOW)
    await take_in(
        studio, ArticleUnpublished(id="withdrawn", source="/ingest", subject="withdrawn", time=NOW, data=tombstone)
    )
    await write_all(studio)


async def develop(studio: Studio, pictures: Sequence[Media]) -> None:
    """Every size of some pictures, as the cards' process makes them: a phone is not given a desk's picture."""
    with closing(Drawers(studio.settings)) as drawers:
        made = await Shelf(studio.store, drawers).make(pictures, again=False)
    async with studio.database.begin() as connection:
        for each in made:
            await Images(connection).put(each)


def live() -> ArticlePublished:
    """A live article of three entries, which the sample has none of."""
    told = [
        ("The bridge is closed", "Police have closed the **Alder bridge** to everything on wheels.", 0),
        ("", "The water stands eight inches below the roadway, says the [harbor office](/us/).", 40),
        ("Buses go round by the mill", "Line 4 takes an hour longer.\n\n> We drive as long as we see the road.", 90),
    ]
    at = NOW - timedelta(hours=3)
    return published(
        id="live",
        path=LIVE,
        slug="live",
        kind="live",
        section="us",
        headline="High water at the Alder bridge: as it happens",
        standfirst="The Alder is two feet over its mark. The bridge is shut, and buses go round by the mill.",
        intro="The river has risen since the morning. What is known is here, the newest first.",
        entries=[
            {"id": f"e{number}", "headline": headline, "body": body, "at": at + timedelta(minutes=minutes)}
            for number, (headline, body, minutes) in enumerate(told, 1)
        ],
        first_published_at=at,
    )


def lay_out(folder: Path, base_url: str) -> Path:
    """The sample's site file and standing pages in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = (SAMPLE / "site.toml").read_text(encoding="utf-8")
    (folder / "site.toml").write_text(text.replace("http://localhost:8080", base_url), encoding="utf-8")
    shutil.copytree(SAMPLE / "pages", folder / "pages", dirs_exist_ok=True)
    return folder / "site.toml"


@asynccontextmanager
async def newspaper(folder: Path) -> AsyncIterator[Newspaper]:
    """Built into `folder`, served on a free port of the loopback address until the end of the block."""
    port, render_port = free_port(), free_port()
    settings = Settings(
        site=lay_out(folder, f"http://127.0.0.1:{port}"),
        data_dir=folder,
        pages_coalesce_s=0,
        pages_sweep_s=0,
        pages_bulk_s=0,
        pages_archive_s=0,
        http_port=render_port,
    )
    async with open_studio(settings, ManualClock(NOW)) as studio:
        await prepare_site(studio)
        await publish_sample(studio)
        stop = asyncio.Event()
        serving = asyncio.create_task(run_until_stopped(*await http_parts(studio), stop=stop))
        environment = gateway_environment(
            site_root=folder / "site", state=folder, bind="127.0.0.1", port=port, upstreams={"render": render_port}
        )
        gateway = await asyncio.create_subprocess_exec(
            *gateway_command(), env={**os.environ, **environment}, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            await until(lambda: _answers(f"http://127.0.0.1:{port}/"))
            yield Newspaper(f"http://127.0.0.1:{port}", studio)
        finally:
            gateway.terminate()
            await gateway.wait()
            stop.set()
            await serving


async def _answers(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.HTTPError:
            return False


async def main() -> None:
    async def wait(stop: asyncio.Event) -> None:
        async with newspaper(Path(sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp())) as paper:
            print(paper.url, flush=True)
            await stop.wait()

    await run_until_stopped(Task(wait))


if __name__ == "__main__":
    asyncio.run(main())
