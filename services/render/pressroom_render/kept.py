"""What has been made or read once and is wanted again soon; the rest is forgotten, so that it stays small."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, those used lately, up to `weight_max` in all. Pages are made in threads: any may ask.

    There are two halves. What is new or used goes to the young one; when that is full it is the old one, and what was
    in the old one and not used since is forgotten. A page asks hundreds of times: where the young half has it, that is
    one look, with no lock and no order to keep.
    """

    def __init__(self, weight_max: int) -> None:
        self._half_max = weight_max // 2
        self._weight = 0
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        held = self._young.get(key)
        if held is None:
            held = self._old.get(key)
            if held is None:
                return None
            self.put(key, held[0], weight=held[1])
        return held[0]

    def put(self, key: K, value: V, *, weight: int) -> V:
        """Keep it, and say it again. What was not used for longest makes room; what is too heavy is not kept."""
        if weight > self._half_max:
            return value
        with self._lock:
            more = weight - self._young.get(key, (value, 0))[1]
            if self._weight + more > self._half_max:
                self._old, self._young = self._young, {}
                self._weight, more = 0, weight
            self._young[key] = value, weight
            self._weight += more
        return value
