"""`python -m tests.e2e.quality.screenshots`: a picture of every kind of page of the sample newspaper, for the docs."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from tests.e2e.quality.check import KINDS
from tests.e2e.quality.newspaper import newspaper
from tests.e2e.quality.tools import HERE, run

FOLDER = Path(__file__).parents[3] / "docs/images/pages"


async def main() -> None:
    await asyncio.to_thread(shutil.rmtree, FOLDER, ignore_errors=True)
    await asyncio.to_thread(FOLDER.mkdir, parents=True)
    with tempfile.TemporaryDirectory() as folder:
        async with newspaper(Path(folder)) as paper:
            shots = [f"{kind.lower().replace(' ', '-')}={path}" for kind, path in KINDS.items()]
            await run("node", str(HERE / "shots.mjs"), paper.url, str(FOLDER), *shots)


if __name__ == "__main__":
    asyncio.run(main())
