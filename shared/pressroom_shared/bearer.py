"""Who asks, by the ring of keys that a service keeps: `Authorization: Bearer <API key>` (RFC 6750)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from pressroom_shared.admins import KeyRings
from pressroom_shared.events import ApiKey
from pressroom_shared.events.keys import Role
from pressroom_shared.problems import Problem

RANK: dict[Role, int] = {"reader": 0, "contributor": 1, "editor": 2, "admin": 3}

bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Authorization: Bearer prk_…`")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def role_in(key: ApiKey, section: str) -> Role:
    """The role in a section: its own, else that of its main section, else the key's."""
    return key.sections.get(section) or key.sections.get(section.partition("/")[0]) or key.role


def demand(key: ApiKey, role: Role, section: str = "") -> None:
    """Raises 403 where the key's role in a section does not suffice. No section: the role for everything."""
    has = role_in(key, section)
    if RANK[has] < RANK[role]:
        where = f" in {section}" if section else ""
        article = "an" if role[0] in "ae" else "a"
        raise Problem(403, f"Your key's role{where} is {has}; this needs {article} {role}.")


async def known_key(connection: AsyncConnection, given: HTTPAuthorizationCredentials | None, now: datetime) -> ApiKey:
    """Whose key it is. Raises 401 when it is nobody's, expired or revoked."""
    if given is None or not given.credentials:
        raise _unknown("Send your API key: `Authorization: Bearer prk_…`.")
    key = await KeyRings(connection).find(given.credentials, now)
    if key is None:
        raise _unknown("This API key is not known here, has expired, or was revoked; a new one is known in a second.")
    return key


def _unknown(sentence: str) -> Problem:
    return Problem(401, sentence, headers={"WWW-Authenticate": "Bearer"})
