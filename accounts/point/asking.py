"""Who sends this key, out of memory: the meaning of accounts/authentication.py, without a query."""

from __future__ import annotations

import hmac
from uuid import UUID

from accounts import keys
from accounts.models import ApiKey
from accounts.point.entries import Secret
from accounts.point.point import Point

MINUTE = 60_000_000  # microseconds
CLIENT = str(ApiKey.Kind.CLIENT)


class Asking:
    """Says who it is, or nothing: then the long way tells why not, and records it."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self.proved: dict[str, tuple[str, Secret]] = {}

    def who(self, point: Point, header: str, at: int) -> tuple[UUID, UUID, str] | None:
        """The owner and the key of a live key."""
        kid, secret = self.proved.get(header, ("", None))
        if secret is None or point.secret(kid, at) is not secret:
            kid, secret = self.prove(point, header, at)
        if secret is None or secret.key is None:
            return None
        if secret.not_after is not None and secret.not_after <= at:
            return None
        key = point.key(secret.key.int, at)
        if key.owner is None or key.revoked or key.expires <= at or key.kind != header[10]:
            return None
        if key.kind == CLIENT or point.subject(key.owner.int, at).person is None:
            return None
        return (key.owner, secret.key, kid) if self.is_noted(kid, at) else None

    def prove(self, point: Point, header: str, at: int) -> tuple[str, Secret | None]:
        """Once for each secret as it was read: the digest is made anew when that is read anew."""
        try:
            token = keys.parse(header.removeprefix("Bearer "))
            secret = point.secret(token.kid, at)
            given = keys.digest(token, secret.pepper)
        except (keys.Malformed, KeyError):
            return "", None
        if not header.startswith("Bearer ") or not hmac.compare_digest(secret.digest, given):
            return "", None
        if len(self.proved) > 1000:
            self.proved.clear()
        self.proved[header] = token.kid, secret
        return token.kid, secret

    def is_noted(self, kid: str, at: int) -> bool:
        """Once a minute a key goes the long way, which notes that it is in use."""
        minute = at // MINUTE
        if self.seen.get(kid) == minute:
            return True
        if len(self.seen) > 10_000:
            self.seen.clear()
        self.seen[kid] = minute
        return False
