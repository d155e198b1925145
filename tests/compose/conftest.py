"""One stack for the whole run, built from this tree."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.compose.stack import Stack
from tests.newsroom import Newsroom
from tests.servers import docker_answers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    if not docker_answers():
        pytest.skip("no container engine answers here")
    running = Stack(_free_port())
    try:
        running.compose("--profile", "tools", "build", "--quiet", timeout_s=1200)
        running.up()
        yield running
    finally:
        print(running.compose("logs", "--no-color", "--tail=60"))
        running.down(volumes=True)


@pytest.fixture(scope="session")
def key(stack: Stack) -> str:
    return stack.key()


@pytest.fixture
async def newsroom(stack: Stack, key: str) -> AsyncIterator[Newsroom]:
    newsroom = Newsroom(stack.url, key)
    yield newsroom
    await newsroom.close()
