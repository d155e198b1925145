"""One entry of a stream, read and decoded; what cannot be decoded is kept with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pressroom_shared.events import Event, decode
from pressroom_shared.events.envelope import Undecodable
from pressroom_shared.keys import FIELD
from pressroom_shared.streams.failures import Poison

Raw = list[tuple[bytes, dict[bytes, bytes]]]
"""Entries as Redis gives them: id and fields."""


@dataclass(slots=True)
class Entry:
    """An entry that this consumer holds. `deliveries` counts this one."""

    id: str
    payload: bytes
    read_at: datetime
    deliveries: int = 1
    event: Event | None = field(default=None, repr=False)
    poison: Poison | None = None


def read_entry(entry_id: bytes, fields: Mapping[bytes, bytes], *, read_at: datetime, deliveries: int = 1) -> Entry:
    """Decode one entry. Never raises: a bad one comes back as `poison`, so that it alone is dead-lettered."""
    payload = fields.get(FIELD.encode())
    entry = Entry(entry_id.decode(), payload or b"", read_at, deliveries)
    if payload is None:
        names = ", ".join(sorted(name.decode(errors="replace") for name in fields)) or "none"
        entry.poison = Poison(f"the entry has no field {FIELD!r} (its fields: {names})")
        return entry
    try:
        entry.event = decode(payload)
    except Undecodable as error:
        entry.poison = Poison(str(error))
    return entry
