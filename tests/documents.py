"""`python -m tests.documents` writes what is made from the code: the merged OpenAPI document, and docs/settings.md."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import pressroom_ingest.app as ingest
import pressroom_ingest.settings
import pressroom_notify.app as notify
import pressroom_notify.settings
import pressroom_render.app as render
import pressroom_render.settings
import pressroom_search.app as search
import pressroom_search.settings
from pressroom_ingest.waiting import Waiters
from pressroom_render.drawers import Drawers
from pressroom_search.folder import Folder
from pressroom_search.reader import Reader
from pressroom_shared.clock import SystemClock
from pressroom_shared.settings import Settings
from pressroom_shared.shell import Shell
from pressroom_shared.site import load_site
from pressroom_shared.sitestore import open_site_store

ROOT = Path(__file__).parents[1]
OPENAPI = ROOT / "shared" / "pressroom_shared" / "openapi.json"
SETTINGS = ROOT / "docs" / "settings.md"
SAMPLE_SITE = ROOT / "deploy" / "local" / "pressroom_local" / "sample" / "site.toml"

ABOUT_SETTINGS = """\
Each is an environment variable, or a line `name = value` of the TOML file that `PRESSROOM_CONFIG` names (in lower case,
without `PRESSROOM_`); the environment wins. `…_FILE` gives any of them by file, for secrets. An unknown or invalid one
stops the start with a sentence that names it. The newspaper itself is described in its site file: `pressroom init`
writes one with a comment for each field."""

SERVICES: dict[str, type[Settings]] = {
    "ingest": pressroom_ingest.settings.Settings,
    "render": pressroom_render.settings.Settings,
    "search": pressroom_search.settings.Settings,
    "notify": pressroom_notify.settings.Settings,
}


@asynccontextmanager
async def apps(folder: Path) -> AsyncIterator[list[FastAPI]]:
    """Each service's HTTP app, on empty stores in `folder`."""
    where: dict[str, Any] = {"site": SAMPLE_SITE, "data_dir": folder}
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(ingest.open_desk(pressroom_ingest.settings.Settings(**where)))
        readers = await stack.enter_async_context(notify.open_desk(pressroom_notify.settings.Settings(**where)))
        studio = await stack.enter_async_context(render.open_studio(pressroom_render.settings.Settings(**where)))
        drawers = Drawers(studio.settings)
        stack.callback(drawers.close)
        yield [
            ingest.create_api(desk, Waiters()),
            render.create_api(studio, drawers),
            search_app(pressroom_search.settings.Settings(**where)),
            notify.create_api(readers),
        ]


def search_app(settings: pressroom_search.settings.Settings) -> FastAPI:
    site, folder = load_site(settings.site), Folder(settings.index_dir)
    shell = Shell(open_site_store(settings.site_store_url), site)
    return search.create_api(Reader(folder, site, settings, SystemClock()), site, settings, shell)


def merged(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One OpenAPI document of several; the first one's title and words. What two describe alike stands once."""
    whole = documents[0]
    for other in documents[1:]:
        twice = whole["paths"].keys() & other["paths"].keys()
        assert not twice, f"two services answer {sorted(twice)}"
        whole["paths"] |= other["paths"]
        for kind, parts in other.get("components", {}).items():
            held = whole.setdefault("components", {}).setdefault(kind, {})
            for name, part in parts.items():
                assert held.setdefault(name, part) == part, f"two services mean different things by {name}"
    whole["paths"] = dict(sorted(whole["paths"].items()))
    return whole


async def openapi() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with apps(Path(folder)) as found:
            document = merged([each.openapi() for each in found])
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def settings_page() -> str:
    """docs/settings.md: every setting that there is, from the models that read them."""
    parts = [
        "# Settings",
        ABOUT_SETTINGS,
        "## Every service",
        _table("PRESSROOM_", Settings.model_fields),
    ]
    for name, kind in SERVICES.items():
        own = {field: info for field, info in kind.model_fields.items() if field not in Settings.model_fields}
        parts += [f"## {name}", _table(f"PRESSROOM_{name.upper()}_", own)]
    return "\n\n".join(parts) + "\n"


def _table(prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(info)} | {info.description or ''} |" for name, info in fields.items()
    ]
    return "\n".join(["| setting | default | |", "| --- | --- | --- |", *rows])


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined or info.default in (None, ""):
        return ""
    shown = str(info.default).lower() if isinstance(info.default, bool) else str(info.default)
    return f"`{shown}`"


async def documents() -> dict[Path, str]:
    """Every file that is made from the code, by its place."""
    return {OPENAPI: await openapi(), SETTINGS: settings_page()}


if __name__ == "__main__":
    for place, text in asyncio.run(documents()).items():
        if not place.exists() or place.read_text() != text:
            place.write_text(text)
            print(place.relative_to(ROOT))
