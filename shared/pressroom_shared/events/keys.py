"""`pressroom.keys.changed.v1`: every API key's hash and role, so that each service knows an admin by itself.

The newest event is the whole list: a key that is not in it, or is revoked in it, opens nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Part
from pressroom_shared.events.envelope import Event

Role = Literal["contributor", "editor", "admin"]


class ApiKey(Part):
    """One key. The secret itself is nowhere."""

    id: str
    name: str
    role: Role
    secret_sha256: str = Field(description="SHA-256 of the secret, in hexadecimal.")
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None


class KeyRing(Part):
    version: int = Field(gt=0, description="In microseconds; the newest ring wins.")
    keys: list[ApiKey]


class KeysChanged(Event):
    event_type: ClassVar[str] = "pressroom.keys.changed.v1"
    type: Literal["pressroom.keys.changed.v1"] = "pressroom.keys.changed.v1"
    dataschema: str = "contracts/pressroom.keys.changed.v1.json"
    data: KeyRing
