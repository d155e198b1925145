"""A bound on every request's body: refused by its declared length, or as soon as more has come."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pressroom_shared.http import Problem

FORM_OVERHEAD_BYTES = 64 * 1024
"""What multipart adds to a picture."""


class BodyLimit:
    """ASGI middleware: 413 above the limit, without reading the rest."""

    def __init__(self, app: ASGIApp, *, body_bytes_max: int, media_bytes_max: int, import_bytes_max: int) -> None:
        self._app = app
        self._body_bytes_max = body_bytes_max
        self._by_path = {
            "/api/v1/media": media_bytes_max + FORM_OVERHEAD_BYTES,
            "/api/v1/articles:import": import_bytes_max,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._by_path.get(scope["path"], self._body_bytes_max)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await _refuse(scope, receive, send, limit)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, _sentence(limit))  # the app's own handlers answer it
            return message

        await self._app(scope, counted, send)


def _sentence(limit: int) -> str:
    return f"The body is too large: at most {limit:,} bytes are accepted here."


async def _refuse(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    problem = Problem(413, _sentence(limit), headers={"Connection": "close"})
    await problem.response()(scope, receive, send)
