"""One running Pressroom for each module of end-to-end tests, started as a person starts it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.newsroom import Newsroom
from tests.system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder: Path = tmp_path_factory.mktemp("pressroom")
    with System(folder) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newsroom(system: System) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(system.url, system.key)
    yield newsroom
    await newsroom.close()
