"""Who sends this key, out of memory: the meaning of accounts/authentication.py, without a query."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from accounts import keys
from accounts.models import ApiKey
from accounts.point.entries import Key, Secret, Subject
from accounts.point.point import Point
from accounts.point.stamps import ANY

MINUTE = 60_000_000  # microseconds
CLIENT = str(ApiKey.Kind.CLIENT)


class Asker(NamedTuple):
    """The owner and the live key; holds while nothing at all has changed, between these times."""

    generation: int
    since: int  # microseconds of the epoch
    until: int
    kid: str
    subject: Subject
    key: Key
    oversees: int  # until when it reviews whatever there is


class Asking:
    """Says who it is, or nothing: then the long way tells why not, and records it."""

    def __init__(self) -> None:
        self.seen: dict[str, int] = {}
        self.known: dict[str, Asker] = {}  # of one generation
        self.generation = 0

    def who(self, point: Point, header: str, at: int) -> Asker | None:
        generation = point.view[ANY]  # before anything is looked at
        found = self.known.get(header)
        if found is not None and found.generation == generation and found.since <= at < found.until:
            return found
        if self.generation != generation or len(self.known) > 1000:
            self.known, self.generation = {}, generation
        found = self.proved(point, header, generation, at)
        if found is not None:
            self.known[header] = found
        return found

    def proved(self, point: Point, header: str, generation: int, at: int) -> Asker | None:
        try:
            token = keys.parse(header.removeprefix("Bearer "))
            secret = point.secret(token.kid, at)
            given = keys.digest(token, secret.pepper)
        except (keys.Malformed, KeyError):
            return None
        if not header.startswith("Bearer ") or not hmac.compare_digest(secret.digest, given):
            return None
        assert secret.key is not None
        key = point.key(secret.key.int, at)
        until = min(self.end(secret, key, header), (at // MINUTE + 1) * MINUTE)
        if key.owner is None or until <= at:
            return None
        subject = point.subject(key.owner.int, at)
        if subject.person is None or not self.is_noted(token.kid, at):
            return None
        oversees = point.oversees(subject, key, at)
        return Asker(generation, at, until, token.kid, subject, key, oversees)

    def end(self, secret: Secret, key: Key, header: str) -> int:
        """Of the key and of this secret of it; microseconds of the epoch, zero for no good key."""
        if key.revoked or key.kind != header[10] or key.kind == CLIENT:
            return 0
        return key.expires if secret.not_after is None else min(key.expires, secret.not_after)

    def is_noted(self, kid: str, at: int) -> bool:
        """Once a minute a key goes the long way, which notes that it is in use."""
        minute = at // MINUTE
        if self.seen.get(kid) == minute:
            return True
        if len(self.seen) > 10_000:
            self.seen.clear()
        self.seen[kid] = minute
        return False
