"""Links in mails. Those that expire are random and kept as a hash; the one to unsubscribe is signed and never ends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid

TOKEN_BYTES = 32
KEY_BYTES = 32
_ID_BYTES = 16


def new_token() -> str:
    """256 random bits, as they stand in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def hash_of(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so one pass is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class Signer:
    """Signs a reader's id for the address to unsubscribe, which works as long as the key is kept."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, reader_id: str) -> str:
        raw = uuid.UUID(reader_id).bytes
        return base64.urlsafe_b64encode(raw + self._signature(raw)).decode()

    def reader_id(self, token: str) -> str | None:
        """Whose it is; None when we did not make it."""
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (ValueError, UnicodeEncodeError):
            return None
        reader, signature = raw[:_ID_BYTES], raw[_ID_BYTES:]
        if len(reader) != _ID_BYTES or not hmac.compare_digest(signature, self._signature(reader)):
            return None
        return str(uuid.UUID(bytes=reader))

    def client(self, address: str) -> str:
        """What is kept of a network address, to count its requests."""
        return hmac.new(self._key, b"client:" + address.encode(), hashlib.sha256).hexdigest()[:32]

    def _signature(self, reader: bytes) -> bytes:
        return hmac.new(self._key, b"unsubscribe:" + reader, hashlib.sha256).digest()
