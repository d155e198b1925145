"""A gateway before small upstreams that say who they are."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from pressroom_local.gateway import gateway_command, gateway_environment
from pressroom_local.ports import choose_ports


class Upstream:
    """Answers every request with its own name and what it was asked; one that comes in chunks, each while it comes."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                if self.headers.get("Transfer-Encoding") == "chunked":
                    self.answer_each_chunk()
                    return
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                body = json.dumps({"owner": upstream.name, "method": self.command, "path": self.path}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("ETag", '"7"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def answer_each_chunk(self) -> None:
                """Says the size of each, before the next is read (RFC 9112, 7.1)."""
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                size = -1
                while size:
                    size = int(self.rfile.readline(), 16)
                    self.rfile.read(size)
                    self.rfile.readline()
                    said = f"{size}\n".encode()
                    self.wfile.write(f"{len(said):x}\r\n".encode() + said + b"\r\n")
                self.wfile.write(b"0\r\n\r\n")

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Gateway:
    url: str
    site: Path
    process: subprocess.Popen[bytes]
    upstreams: dict[str, Upstream] = field(default_factory=dict)

    def put(self, key: str, body: bytes) -> None:
        file = self.site / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def start_gateway(folder: Path, upstreams: dict[str, Upstream]) -> Gateway:
    site = folder / "site"
    site.mkdir()
    port = choose_ports(folder / "ports.json", ["gateway"])["gateway"]
    environment = gateway_environment(
        site_root=site,
        state=folder,
        bind="127.0.0.1",
        port=port,
        upstreams={name: each.port for name, each in upstreams.items()},
    )
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(gateway_command(), env=os.environ | environment, stdout=log, stderr=log)
    gateway = Gateway(f"http://127.0.0.1:{port}", site, process, upstreams)
    deadline = time.monotonic() + 15
    while True:
        try:
            with urlopen(f"{gateway.url}/health/live", timeout=2):
                return gateway
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                raise AssertionError((folder / "gateway.log").read_text()) from None
            time.sleep(0.02)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    upstreams = {name: Upstream(name) for name in ("ingest", "render", "search", "notify", "mailbox")}
    running = start_gateway(tmp_path_factory.mktemp("gateway"), upstreams)
    yield running
    running.process.terminate()
    running.process.wait(10)
    for upstream in running.upstreams.values():
        upstream.close()


@pytest.fixture
def lonely_gateway(tmp_path: Path) -> Iterator[Gateway]:
    """All services are down, and there is no mail catcher."""
    upstreams = {name: Upstream(name) for name in ("ingest", "render", "search", "notify")}
    for upstream in upstreams.values():
        upstream.close()
    running = start_gateway(tmp_path, upstreams)
    yield running
    running.process.terminate()
    running.process.wait(10)
