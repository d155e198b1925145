"""NDJSON both ways at once: lines are read from a request while the answer to earlier ones is on its way.

Answers lie in a temporary file until the caller reads them: many callers send all before they read anything, and
neither side may wait for the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

MEMORY_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024


async def lines(chunks: AsyncIterator[bytes], *, line_bytes_max: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """Number and text of each line that is not blank; None for one that is too long, of which no more is kept."""
    number, held, too_long = 1, bytearray(), False
    async for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for each in whole:
            held += each
            if too_long or len(held) > line_bytes_max:
                yield number, None
            elif held.strip():
                yield number, bytes(held)
            number, too_long = number + 1, False
            held.clear()
        held += rest
        if len(held) > line_bytes_max:
            too_long = True
            held.clear()
    if too_long:
        yield number, None
    elif held.strip():
        yield number, bytes(held)


class Spool:
    """Bytes that one task writes and another reads, later, in order; on disk above a mebibyte."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  # closed by `close`
        self._written = self._read = 0
        self._news = asyncio.Event()
        self._ended = False
        self._lock = asyncio.Lock()

    async def write(self, data: bytes) -> None:
        async with self._lock:
            await asyncio.to_thread(self._put, data)
        self._news.set()

    def _put(self, data: bytes) -> None:
        self._file.seek(self._written)
        self._written += self._file.write(data)

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            self._news.clear()
            while self._read < self._written:
                async with self._lock:
                    chunk = await asyncio.to_thread(self._get)
                yield chunk
            if self._ended:
                return
            await self._news.wait()

    def _get(self) -> bytes:
        self._file.seek(self._read)
        chunk = self._file.read(CHUNK_BYTES)
        self._read += len(chunk)
        return chunk

    def close(self) -> None:
        self._file.close()


class TwoWay(Response):
    """An answer that is written while the request is still being read. `produce` makes it."""

    media_type = "application/x-ndjson"

    def __init__(self, produce: Callable[[], AsyncIterator[bytes]]) -> None:
        super().__init__(status_code=200)
        del self.headers["content-length"]
        self._produce = produce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        spool = Spool()
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        producing = asyncio.create_task(self._fill(spool))
        try:
            async for chunk in spool.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await producing
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            producing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await producing
            spool.close()

    async def _fill(self, spool: Spool) -> None:
        try:
            async for each in self._produce():
                await spool.write(each)
        finally:
            spool.end()
