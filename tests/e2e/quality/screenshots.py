"""`python -m tests.e2e.quality.screenshots`: pictures of the sample newspaper for the README and the docs."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.e2e.quality.check import KINDS
from tests.e2e.quality.newspaper import newspaper
from tests.e2e.quality.tools import HERE, run

FOLDER = Path(__file__).parents[3] / "docs/images/pages"
DESK = (1280, 1500)
PHONE = (390, 1300)

WANTED = [
    ("home", "home", DESK, "light"),
    ("home-dark", "home", DESK, "dark"),
    ("home-phone", "home", PHONE, "light"),
    ("front", "section front", DESK, "light"),
    ("article", "article with a correction", DESK, "light"),
    ("article-phone-dark", "article with a correction", PHONE, "dark"),
    ("opinion-dark", "opinion", DESK, "dark"),
    ("review-phone", "review", PHONE, "light"),
    ("arabic", "article in Arabic", DESK, "light"),
    ("japanese-phone", "article in Japanese", PHONE, "light"),
    ("tag", "tag", DESK, "light"),
    ("author-phone", "author", PHONE, "dark"),
    ("archive-phone", "month", PHONE, "light"),
    ("corrections-phone", "corrections", PHONE, "light"),
    ("correct", "form", (1280, 900), "light"),
    ("not-found-phone", "not found", PHONE, "light"),
]


async def main() -> None:
    await asyncio.to_thread(FOLDER.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with newspaper(Path(folder)) as paper:
            shots = [
                f"{name}={KINDS[kind]}|{width}|{height}|{scheme}" for name, kind, (width, height), scheme in WANTED
            ]
            await run("node", str(HERE / "shots.mjs"), paper.url, str(FOLDER), *shots)


if __name__ == "__main__":
    asyncio.run(main())
