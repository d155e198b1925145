"""The names of everything in Redis. Each carries a hash tag, so that partitions and Redis Cluster need no renaming."""

from __future__ import annotations

PARTITION = "{p0}"
ARTICLES = f"pressroom:{PARTITION}:articles"
OUTCOMES = f"pressroom:{PARTITION}:outcomes"
OPERATIONS = f"pressroom:{PARTITION}:operations"
"""What sinks tell ingest of themselves: that they need a replay, and what they hold."""

BULK = f"pressroom:{PARTITION}:bulk"
"""No stream of its own: an outbox row for it goes to the bulk stream of every sink."""

EPOCH = f"pressroom:{PARTITION}:epoch"
"""A random word, written once: when it is gone or another, Redis has lost what it held."""

ALARMS = f"pressroom:{PARTITION}:alarms"
"""A hash of what is wrong now, by name, as the services say it."""

FIELD = "__data__"
"""The one field of an entry: a CloudEvent in JSON."""

SINKS = ("pages", "cards", "search", "notify")
"""The groups that read articles."""

LIVE_GROUPS: dict[str, tuple[str, ...]] = {
    ARTICLES: SINKS,
    OUTCOMES: ("receipts",),
    OPERATIONS: ("operations",),
}


def bulk(group: str) -> str:
    """The stream of what one group reads only when its live stream is idle: imports, replays, retried dead letters."""
    return f"{BULK}:{group}"


BULK_STREAMS = tuple(bulk(group) for groups in LIVE_GROUPS.values() for group in groups)

GROUPS: dict[str, tuple[str, ...]] = LIVE_GROUPS | {
    bulk(group): (group,) for groups in LIVE_GROUPS.values() for group in groups
}
"""Every group that must have read an entry before it may be trimmed."""


def wake(source: str) -> str:
    """A channel: a process says there that it has committed to an outbox which another relays."""
    return f"pressroom:{PARTITION}:wake:{source}"


def dead_letters(group: str) -> str:
    return f"pressroom:{PARTITION}:dead:{group}"


def dead_events(group: str) -> str:
    """A hash of the ids of the events that are in a group's dead letters."""
    return f"pressroom:{PARTITION}:dead-events:{group}"


def alive(group: str, consumer: str) -> str:
    """A key that lives as long as a consumer does."""
    return f"pressroom:{PARTITION}:alive:{group}:{consumer}"
