"""The HTTP side that every service has alike: health, metrics, problem+json, a server that stops with the process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pressroom_shared.problems import MEDIA_TYPE, FieldError, Problem, add_problem_handlers, invalid, problem_responses

READY_TIMEOUT_S = 2
"""How long a look at readiness may take before the answer is no."""

__all__ = ["FieldError", "HttpServer", "Problem", "create_http", "invalid", "problem_responses"]


class _App(FastAPI):
    """FastAPI documents an error with a model in the route's own media type too; here every error is a problem."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        for methods in document["paths"].values():
            for operation in methods.values():
                for answer in operation["responses"].values():
                    if MEDIA_TYPE in answer.get("content", {}):
                        answer["content"] = {MEDIA_TYPE: answer["content"][MEDIA_TYPE]}
        return document


Ready = Callable[[], Awaitable[str | None]]
"""Says None when ready, else a sentence why not."""


def create_http(*, title: str, description: str = "", ready: Ready) -> FastAPI:
    """A FastAPI app with `/health/live`, `/health/ready` and `/metrics`; every error is problem+json."""
    app = _App(
        title=title,
        description=description,
        version="0.1.0",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    add_problem_handlers(app)

    @app.get("/health/live", include_in_schema=False)
    async def live() -> PlainTextResponse:
        return PlainTextResponse("live\n")

    @app.get("/health/ready", include_in_schema=False)
    async def is_ready() -> Response:
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                reason = await ready()
        except TimeoutError:
            reason = f"The check of readiness took longer than {READY_TIMEOUT_S} s."
        if reason is None:
            return PlainTextResponse("ready\n")
        return JSONResponse(Problem(503, reason).document(), 503, media_type=MEDIA_TYPE)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process stops all its parts together."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """Serves an app until the process stops; then finishes the answers that are under way.

    `port` 0 takes a free one; `bound_port` tells which once `started` is set.
    """

    def __init__(self, app: FastAPI, host: str, port: int, *, stop_s: float = 5) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=int(stop_s),
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips="*",
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = _Server(config)

    @property
    def started(self) -> asyncio.Event:
        """Set once it listens."""
        return self._server.listening

    @property
    def bound_port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        serving = asyncio.create_task(self._serve())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._server.should_exit = True
            stopping.cancel()
            await serving

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way to say that the port is taken
            config = self._server.config
            raise OSError(f"{config.host}:{config.port} cannot be listened on: the port is in use.") from error
