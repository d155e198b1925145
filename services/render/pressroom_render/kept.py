"""What has been made or read once and is wanted again soon; the rest is forgotten, so that it stays small."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, the latest used up to `weight_max` in all. Pages are made in threads: any may ask."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            if (held := self._values.get(key)) is None:
                return None
            self._values.move_to_end(key)
            return held[0]

    def put(self, key: K, value: V, *, weight: int) -> V:
        """Keep it, and say it again. What was used longest ago makes room; what is too heavy is not kept."""
        if weight > self._weight_max:
            return value
        with self._lock:
            self._weight += weight - self._values.pop(key, (value, 0))[1]
            self._values[key] = value, weight
            while self._weight > self._weight_max:
                self._weight -= self._values.popitem(last=False)[1][1]
        return value
