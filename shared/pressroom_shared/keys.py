"""The names of everything in Redis. Each carries a hash tag, so that partitions and Redis Cluster need no renaming."""

from __future__ import annotations

PARTITION = "{p0}"
ARTICLES = f"pressroom:{PARTITION}:articles"
OUTCOMES = f"pressroom:{PARTITION}:outcomes"
EPOCH = f"pressroom:{PARTITION}:epoch"
"""A random word, written once: when it is gone or another, Redis has lost what it held."""

GROUPS: dict[str, tuple[str, ...]] = {
    ARTICLES: ("pages", "cards", "search", "notify"),
    OUTCOMES: ("receipts",),
}
"""Every group that must have read an entry before it may be trimmed."""

FIELD = "__data__"
"""The one field of an entry: a CloudEvent in JSON."""


def dead_letters(group: str) -> str:
    return f"pressroom:{PARTITION}:dead:{group}"


def alive(group: str, consumer: str) -> str:
    """A key that lives as long as a consumer does."""
    return f"pressroom:{PARTITION}:alive:{group}:{consumer}"
