"""Events that a request of this process has built already, for its relay: the same bytes, built once."""

from __future__ import annotations

from collections import OrderedDict

BYTES_MAX = 16 * 1024 * 1024


class Built:
    """Encoded events by their ids, the oldest dropped. Whoever finds none builds it again."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def keep(self, event_id: str, payload: bytes) -> None:
        self._held[event_id] = payload
        self._bytes += len(payload)
        while self._bytes > BYTES_MAX:
            _, dropped = self._held.popitem(last=False)
            self._bytes -= len(dropped)

    def take(self, event_id: str) -> bytes | None:
        payload = self._held.pop(event_id, None)
        self._bytes -= len(payload or b"")
        return payload
