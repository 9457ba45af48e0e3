"""What this process remembers, asked as the database would be asked."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from accounts.point import gates, loading, stamps
from accounts.point.entries import (
    Bundle,
    Entry,
    Key,
    Name,
    Place,
    Secret,
    Shelf,
    Subject,
    Together,
)
from accounts.point.stamps import ALL, ANY, BEAT, MAX_AGE, clock
from audit.queries import as_path

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Entry)
# reason, grant, role, purpose
Answer = tuple[str, UUID | None, str, str]
NEVER = 1 << 62  # microseconds of the epoch


class Point:
    """Threads share it: every entry is whole before it is put on its shelf."""

    def __init__(self, shared: stamps.Stamps, limit: int) -> None:
        self.stamps, self.view = shared, shared.view
        self.subjects: Shelf[Subject] = Shelf(limit // 4)
        self.groups: Shelf[Bundle] = Shelf(limit // 8 * 3)
        self.places: Shelf[Place] = Shelf(limit // 8)
        self.keys: Shelf[Key] = Shelf(limit // 32)
        self.secrets: Shelf[Secret] = Shelf(limit // 32)
        self.addresses: Shelf[Name] = Shelf(limit // 8)
        self.names: Shelf[Name] = Shelf(limit // 16)
        self.asked = self.loaded = self.left = self.generation = 0

    def hears(self) -> bool:
        """Has the listener of this host stamped everything, up to half a second ago?"""
        beat = self.view[BEAT]
        return beat > 0 and 0 <= clock() - beat <= MAX_AGE

    def answer(
        self, subject: UUID, permission: str, resource: int, stated: str, key: UUID | None
    ) -> Answer | None:
        """May they, now? Nothing, when that is the database's to say. Ask `hears` first."""
        at = time.time_ns() // 1000
        held = None if key is None else self.key(key.int, at)
        return self.judge(
            self.subject(subject.int, at), permission, self.place(resource, at), stated, held, at
        )

    def judge(
        self, who: Subject, permission: str, place: Place, stated: str, key: Key | None, at: int
    ) -> Answer | None:
        """The gates in order, then the grants, of what was just looked up."""
        kind = gates.KINDS.get(permission)
        if kind is None:
            return None
        bit, content, use = kind
        self.asked += 1
        if self.asked % 1024 == 0:
            self.report()
        reason = self.closed(who, place, bit, use, key, at)
        if reason is not None:
            return reason, None, "", stated
        together = self.together(who, at)
        if together is None:
            self.left += 1
            return None
        reason = self.conditions(together, place, bit, content, use, stated, at)
        if reason is not None:
            return reason, None, "", stated
        found = gates.given(together, place, bit, stated, use, at)
        if found is True:  # which came nearest, the database says
            self.left += 1
            return None
        if found is False:
            return "no_grant", None, "", stated
        return "allowed", found[4], found[5], stated or found[6]

    def closed(
        self, who: Subject, place: Place, bit: int, use: bool, key: Key | None, at: int
    ) -> str | None:
        """The gates before any grant: subject, key, resource."""
        if who.person is None:
            return "subject_inactive" if who.known else "subject_unknown"
        if key is not None and (reason := gates.refused_key(key, who, bit, at)):
            return reason
        if not place.chain:
            return "resource_unknown"
        if key is not None and key.within is not None and key.within not in place.chain:
            return "key_restriction"
        return f"resource_{place.blocked}" if use and place.blocked else None

    def together(self, who: Subject, at: int) -> Together | None:
        """With its groups; nothing, when one of them is too much to remember."""
        found = who.together
        generation = self.view[ANY]  # before the groups are looked at, one by one
        if found is None or found.generation != generation or not found.since <= at < found.until:
            found = who.together = self.gathered(who, generation, at)
        return found

    def gathered(self, who: Subject, generation: int, at: int) -> Together | None:
        groups: list[Bundle] = []
        until = NEVER
        for number, joined, left in who.groups:
            if at < joined:
                until = min(until, joined)
            elif left is None or at < left:
                until = min(until, left or NEVER)
                groups.append(self.group(number, at))
        bundles = who, *groups
        if not all(bundle.whole for bundle in bundles):
            return None
        times = [time for _, *both in who.groups for time in both if time and time <= at]
        since = max(*times, *(bundle.since for bundle in bundles), 0)
        shelves = tuple(group.held for group in groups if group.held)
        denied = tuple(bundle for bundle in bundles if bundle.denied)
        near = tuple(bundle for bundle in bundles if bundle.near)
        return Together(self.one(generation), since, until, who, shelves, bundles, denied, near)

    def oversees(self, who: Subject, key: Key, at: int) -> int:
        """Until when it reviews whatever there is, while nothing changes; 0 if it does not, or if
        that is not so simple. Microseconds of the epoch."""
        together, (_, root) = self.together(who, at), self.stands_at("/", at)
        if together is None or together.denied or key.within or not key.scopes & gates.REVIEW:
            return 0
        assert root is not None
        found = gates.given(together, root, gates.REVIEW, "", False, at)
        if isinstance(found, bool):
            return 0
        return min(together.until, found[2] or NEVER)

    def conditions(
        self, together: Together, place: Place, bit: int, content: bool, use: bool,
        stated: str, at: int,
    ) -> str | None:  # fmt: skip
        """Denies, purposes, agreements, drafts."""
        if together.denied and gates.is_denied(together, place, bit, at):
            return "deny_grant"
        if use and stated in place.barred:
            return "purpose_not_permitted"
        if use and place.agreements:
            assert together.own.person is not None
            person = self.subject(together.own.person.int, at)
            if reason := gates.lacking(person, place.agreements, at):
                return reason
        if content and place.hidden and not gates.edits(together.bundles, place.chain, at):
            return "resource_draft"
        return None

    # --- what is remembered, as long as its stamp is what the slots say

    # While nothing at all has changed since an entry was last found to hold, it holds.

    def subject(self, uid: int, at: int) -> Subject:
        found = self.subjects.young.get(uid)
        generation = self.view[ANY]  # before the entry's own stamp is looked at
        if found is not None and found.seen == generation and found.since <= at:
            return found
        found = self.subjects.get(uid)
        if found is None or self.is_old(found) or at < found.since:
            found = self.load(self.subjects, loading.subject, uid, uid, f"u:{UUID(int=uid)}", at)
        found.seen = self.one(generation)
        return found

    def group(self, number: int, at: int) -> Bundle:
        found = self.groups.get(number)
        if found is None or self.is_old(found) or at < found.since:
            return self.load(self.groups, loading.group, number, number, f"g:{number}", at)
        return found

    def place(self, number: int, at: int) -> Place:
        found = self.places.young.get(number)
        generation = self.view[ANY]
        if found is not None and found.seen == generation:
            return found
        found = self.places.get(number)
        if found is None or self.is_old(found):
            found = self.load(self.places, loading.place, number, number, f"r:{number}", at)
        found.seen = self.one(generation)
        return found

    def key(self, uid: int, at: int) -> Key:
        found = self.keys.get(uid)
        if found is None or self.is_old(found):
            return self.load(self.keys, loading.key, uid, uid, f"k:{UUID(int=uid)}", at)
        return found

    def secret(self, kid: str, at: int) -> Secret:
        found = self.secrets.get(kid)
        if found is None or self.is_old(found):
            return self.load(self.secrets, loading.secret, kid, kid, f"k:{kid}", at)
        return found

    def address(self, text: str, at: int) -> Name:
        """As people write it, or a uid in its usual form."""
        found = self.addresses.get(text)
        if found is None or self.is_old(found):
            path = str(UUID(text)) if is_uid(text) else as_path(text)
            return self.load(self.addresses, loading.address, path, text, f"a:{path}", at)
        return found

    def username(self, name: str, at: int) -> Name:
        found = self.names.get(name)
        if found is None or self.is_old(found):
            return self.load(self.names, loading.username, name, name, f"n:{name}", at)
        return found

    def stands_at(self, text: str, at: int) -> tuple[Name, Place | None]:
        """A resource's address, and its place."""
        found = self.addresses.young.get(text)
        generation = self.view[ANY]
        if found is not None and found.now[0] == generation:
            return found, found.now[1]
        found = self.address(text, at)
        place = self.place(found.id, at) if isinstance(found.id, int) else None
        found.now = self.one(generation), place
        return found, place

    def goes_by(self, name: str, at: int) -> tuple[Name, Subject | None]:
        """A user's name, and who it is."""
        found = self.names.young.get(name)
        generation = self.view[ANY]
        if found is None or found.seen != generation:
            found = self.username(name, at)
            found.seen = self.one(generation)
        return found, self.subject(found.id.int, at) if isinstance(found.id, UUID) else None

    def one(self, generation: int) -> int:
        """One object for all that hold it: a number of its own would be as far as the slot."""
        last = self.generation
        if last != generation:
            self.generation = last = generation
        return last

    def is_old(self, entry: Entry) -> bool:
        return entry.stamp != self.view[ALL] + self.view[entry.slot]

    def load(
        self, shelf: Shelf[Any], load: Callable[..., E], name: Any, under: Any, token: str, at: int
    ) -> E:
        """The stamp first: a change that comes while we read makes what we read out of date."""
        slot = stamps.slot(token)
        stamp = self.view[ALL] + self.view[slot]
        entry = load(name, slot, stamp, at)
        shelf.put(under, entry)
        self.loaded += 1
        if self.loaded % 64 == 1:
            self.report()
        return entry

    def report(self) -> None:
        """For `doctor`, now and then."""
        shelves: list[Shelf[Any]] = [self.subjects, self.groups, self.places, self.keys]
        shelves += self.secrets, self.addresses, self.names
        self.stamps.report(self.asked, self.loaded, sum(map(len, shelves)))


def is_uid(text: str) -> bool:
    return len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-"


# --- the one of this process

_lock = threading.Lock()
_point: Point | None = None
_looked = 0


def current() -> Point | None:
    """Where the point is on, and its file is the one that the listener writes."""
    global _point, _looked
    found = _point
    if found is not None and found.hears():
        return found
    if settings.DECISION_POINT == "off" or (now := clock()) - _looked < MAX_AGE // 5:
        return None
    with _lock:
        _looked = now
        try:
            shared = stamps.shared()
        except OSError as error:
            log.warning("Decisions come from the database: %s", error)
            return None
        if _point is None or _point.stamps is not shared:
            _point = Point(shared, settings.DECISION_POINT_BYTES)
    return _point if _point.hears() else None


def forget() -> None:
    """As after a start."""
    global _point, _looked
    _point, _looked = None, 0
