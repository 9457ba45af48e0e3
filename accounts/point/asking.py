"""Who sends this key, out of memory: the meaning of accounts/authentication.py, without a query."""

from __future__ import annotations

import hmac
from uuid import UUID

from accounts import keys
from accounts.models import ApiKey
from accounts.point.point import Point

MINUTE = 60_000_000  # microseconds


class Asking:
    """Says who it is, or nothing: then the long way tells why not, and records it."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}

    def who(self, point: Point, header: str, at: int) -> tuple[UUID, UUID] | None:
        """The owner and the key of a live key."""
        if not header.startswith("Bearer "):
            return None
        try:
            token = keys.parse(header[7:])
            secret = point.secret(token.kid, at)
            if secret.key is None or (secret.not_after is not None and secret.not_after <= at):
                return None
            given = keys.digest(token, secret.pepper)
        except (keys.Malformed, KeyError):
            return None
        if not hmac.compare_digest(secret.digest, given):
            return None
        key = point.key(secret.key.int, at)
        live = not key.revoked and key.expires > at
        if not live or key.kind != token.kind or key.kind == ApiKey.Kind.CLIENT:
            return None
        if key.owner is None or point.subject(key.owner.int, at).person is None:
            return None
        return (key.owner, secret.key) if self.is_noted(token.kid, at) else None

    def is_noted(self, kid: str, at: int) -> bool:
        """Once a minute a key goes the long way, which notes that it is in use."""
        minute = at // MINUTE
        if self.seen.get(kid) == minute:
            return True
        if len(self.seen) > 10_000:
            self.seen.clear()
        self.seen[kid] = minute
        return False
