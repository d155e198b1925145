"""`pressroom.keys.changed.v1`: every API key's hash and role, so that each service knows an admin by itself.

The newest event is the whole list: a key that is not in it, or is revoked in it, opens nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from pressroom_shared.events.article import Part
from pressroom_shared.events.envelope import Event

Role = Literal["reader", "contributor", "editor", "admin"]


class ApiKey(Part):
    """One key. The secret itself is nowhere."""

    id: str
    name: str
    role: Role
    sections: dict[str, Role] = Field(default_factory=dict, description="Another role in some sections.")
    secret_sha256: str = Field(description="SHA-256 of the secret, in hexadecimal.")
    created_at: datetime
    revoked_at: datetime | None = None
    expires_at: datetime | None = None
    previous_sha256: str | None = Field(default=None, description="The secret before its rotation, good for a while.")
    previous_until: datetime | None = None

    def opens(self, sha256: str, now: datetime) -> bool:
        """Whether a secret of that hash is this key's, and good at that moment."""
        if self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now):
            return False
        if sha256 == self.secret_sha256:
            return True
        return sha256 == self.previous_sha256 and self.previous_until is not None and now < self.previous_until


class KeyRing(Part):
    version: int = Field(gt=0, description="In microseconds; the newest ring wins.")
    keys: list[ApiKey]


class KeysChanged(Event):
    event_type: ClassVar[str] = "pressroom.keys.changed.v1"
    type: Literal["pressroom.keys.changed.v1"] = "pressroom.keys.changed.v1"
    dataschema: str = "contracts/pressroom.keys.changed.v1.json"
    data: KeyRing
