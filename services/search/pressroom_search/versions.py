"""The version rule of every sink: newer wins, tombstones included."""

from __future__ import annotations

from pressroom_search.engine import Applied, Held, Repeat, Stale


def decide(held: Held | None, version: int, *, replay: bool) -> Applied | Repeat | Stale:
    """What becomes of a change. Live ones apply above the held version; a replay, which is for repair, at it too."""
    if held is None or version > held.version or (replay and version == held.version):
        return Applied(version)
    return Repeat(version) if version == held.version else Stale(held.version)
