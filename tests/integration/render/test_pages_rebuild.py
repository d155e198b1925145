"""A full build beside the live site, one switch, and nothing lost that happened meanwhile; a cache that is told."""

from __future__ import annotations

import asyncio
import json
import random
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from pressroom_render import rebuild as module
from pressroom_render.app import Studio, rebuild_site
from pressroom_render.purge import Purger
from tests.examples import published
from tests.integration.render.conftest import studio_in, take_in, tree, write_all, writer_of
from tests.integration.render.gate import Newsroom, assert_exact
from tests.waiting import until

PATH = "business/2026/11/23/harbour-cranes-stand-still/index.html"


async def test_a_rebuild_is_the_site_that_was_there(studio: Studio) -> None:
    await take_in(studio, published())
    await write_all(studio)
    before = tree(studio)
    studio.store.path(f"www/{PATH}").write_bytes(b"damaged")
    studio.store.path("www/stray.html").write_bytes(b"nobody's")
    assert await rebuild_site(studio) > 20
    assert tree(studio) == before, "what was damaged is mended, what is nobody's is gone"
    assert [path.name for path in studio.store.path("www").parent.iterdir() if path.name.startswith("www")] == ["www"]
    await write_all(studio)
    assert tree(studio) == before, "and what is written after it is the same"


async def test_a_new_template_is_on_every_page_at_once(tmp_path: Path) -> None:
    async with studio_in(tmp_path) as studio:
        await take_in(studio, published())
        await write_all(studio)
    (tmp_path / "templates").mkdir()
    own = (Path(module.__file__).parent / "templates" / "base.html").read_text()
    (tmp_path / "templates" / "base.html").write_text(own.replace("<body>", '<body class="ours">'))
    async with studio_in(tmp_path) as studio:
        await rebuild_site(studio)
        await write_all(studio)
        pages = {name: body for name, body in tree(studio).items() if name.endswith(".html")}
        assert [name for name, body in pages.items() if b'<body class="ours">' not in body] == []


async def test_what_happens_during_a_rebuild_is_on_the_new_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom = Newsroom(random.Random(9), articles=12)
    async with studio_in(tmp_path / "incremental") as studio:
        for _ in range(15):
            await take_in(studio, newsroom.event())
        await write_all(studio)
        build = module._build
        monkeypatch.setattr(module, "BATCH", 8)

        async def slow(*given: Any) -> Any:
            built = await build(*given)
            await take_in(studio, newsroom.event())
            await writer_of(studio).write_batch()
            return built

        monkeypatch.setattr(module, "_build", slow)
        await rebuild_site(studio)
        await assert_exact(studio, tmp_path / "full", newsroom)


class _Cache(BaseHTTPRequestHandler):
    told: ClassVar[list[str]] = []
    refuse = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(503 if _Cache.refuse else 204)
        self.end_headers()
        if not _Cache.refuse:
            _Cache.told += body["urls"]
        _Cache.refuse = False

    def log_message(self, *_args: Any) -> None:
        """Nothing: tests are quiet."""


async def test_a_cache_is_told_which_addresses_have_changed_and_asked_again_when_it_refuses(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressroom_render.purge.PAUSE_S", 0.01)
    server = HTTPServer(("127.0.0.1", 0), _Cache)
    Thread(target=server.serve_forever, daemon=True).start()
    purger = Purger(f"http://127.0.0.1:{server.server_port}/", studio.site)
    stop = asyncio.Event()
    running = asyncio.create_task(purger.run(stop))
    await write_all(studio)
    writer = writer_of(studio)
    writer.on_written = purger.add
    await take_in(studio, published())
    while await writer.write_batch():
        pass
    await until(lambda: f"http://localhost:8080/{PATH.removesuffix('index.html')}" in _Cache.told)
    assert "http://localhost:8080/world/" not in _Cache.told, "what stayed the same is not told"
    stop.set()
    await running
    server.shutdown()
    server.server_close()
