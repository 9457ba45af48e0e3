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
from accounts.point.entries import Bundle, Entry, Key, Name, Place, Secret, Shelf, Subject
from accounts.point.stamps import ALL, BEAT, MAX_AGE, clock

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Entry)
# reason, grant, role, purpose
Answer = tuple[str, UUID | None, str, str]


class Point:
    """Threads share it: every entry is whole before it is put on its shelf."""

    def __init__(self, shared: stamps.Stamps, limit: int) -> None:
        self.stamps, self.view = shared, shared.view
        self.subjects: Shelf[Subject] = Shelf(limit // 8)
        self.groups: Shelf[Bundle] = Shelf(limit // 4)
        self.places: Shelf[Place] = Shelf(limit // 4)
        self.named: Shelf[Key | Secret | Name] = Shelf(limit // 8 * 3)
        self.asked = self.loaded = self.left = 0

    def hears(self) -> bool:
        """Has the listener of this host stamped everything, up to half a second ago?"""
        beat = self.view[BEAT]
        return beat > 0 and 0 <= clock() - beat <= MAX_AGE

    def answer(
        self, subject: UUID, permission: str, resource: int, stated: str, key: UUID | None
    ) -> Answer | None:
        """May they, now? Nothing, when that is the database's to say. Ask `hears` first."""
        kind = gates.KINDS.get(permission)
        if kind is None:
            return None
        bit, content, use = kind
        at = time.time_ns() // 1000
        self.asked += 1
        who = self.subject(subject.int, at)
        place = self.place(resource, at)
        reason = self.closed(who, place, subject, bit, use, key, at)
        if reason is not None:
            return reason, None, "", stated
        bundles = self.bundles(who, at)
        if bundles is None:
            self.left += 1
            return None
        reason = self.conditions(bundles, place, bit, content, use, stated, at)
        if reason is not None:
            return reason, None, "", stated
        found = gates.given(bundles, place, bit, stated, use, at)
        if found is True:  # which came nearest, the database says
            self.left += 1
            return None
        if found is False:
            return "no_grant", None, "", stated
        return "allowed", found[4], found[5], stated or found[6]

    def closed(
        self, who: Subject, place: Place, subject: UUID, bit: int, use: bool, key: UUID | None,
        at: int,
    ) -> str | None:  # fmt: skip
        """The gates before any grant: subject, key, resource."""
        if who.person is None:
            return "subject_inactive" if who.known else "subject_unknown"
        if key is None:
            if not place.chain:
                return "resource_unknown"
            return f"resource_{place.blocked}" if use and place.blocked else None
        held = self.key(key.int, at)
        if reason := gates.refused_key(held, subject, bit, at):
            return reason
        if not place.chain:
            return "resource_unknown"
        if held.within is not None and held.within not in place.chain:
            return "key_restriction"
        return f"resource_{place.blocked}" if use and place.blocked else None

    def bundles(self, who: Subject, at: int) -> list[Bundle] | None:
        """The subject's own first; nothing, when one of them is too much to remember."""
        found: list[Bundle] = [who]
        young, view, everything = self.groups.young, self.view, self.view[ALL]
        for number, joined, left in who.groups:
            if joined <= at and (left is None or left > at):
                group = young.get(number)
                if (
                    group is None
                    or group.stamp != everything + view[group.slot]
                    or at < group.since
                ):
                    group = self.group(number, at)
                if not group.whole:
                    return None
                found.append(group)
        return found if who.whole else None

    def conditions(
        self, bundles: list[Bundle], place: Place, bit: int, content: bool, use: bool,
        stated: str, at: int,
    ) -> str | None:  # fmt: skip
        """Denies, purposes, agreements, drafts."""
        if gates.is_denied(bundles, place, bit, at):
            return "deny_grant"
        if use and stated in place.barred:
            return "purpose_not_permitted"
        if use and place.agreements:
            person: Any = bundles[0]
            person = self.subject(person.person.int, at)
            if reason := gates.lacking(person, place.agreements, at):
                return reason
        if content and place.hidden and not gates.edits(bundles, place.chain, at):
            return "resource_draft"
        return None

    # --- what is remembered, as long as its stamp is what the slots say

    def subject(self, uid: int, at: int) -> Subject:
        found = self.subjects.young.get(uid) or self.subjects.get(uid)
        view = self.view
        if found is None or found.stamp != view[ALL] + view[found.slot] or at < found.since:
            return self.load(self.subjects, loading.subject, uid, uid, f"u:{UUID(int=uid)}", at)
        return found

    def group(self, number: int, at: int) -> Bundle:
        found = self.groups.young.get(number) or self.groups.get(number)
        view = self.view
        if found is None or found.stamp != view[ALL] + view[found.slot] or at < found.since:
            return self.load(self.groups, loading.group, number, number, f"g:{number}", at)
        return found

    def place(self, number: int, at: int) -> Place:
        found = self.places.young.get(number) or self.places.get(number)
        view = self.view
        if found is None or found.stamp != view[ALL] + view[found.slot]:
            return self.load(self.places, loading.place, number, number, f"r:{number}", at)
        return found

    def key(self, uid: int, at: int) -> Key:
        return self.of_name(loading.key, uid, uid, "k:", at)

    def secret(self, kid: str, at: int) -> Secret:
        return self.of_name(loading.secret, kid, kid, "k:", at)

    def address(self, path: str, at: int) -> Name:
        """A path, or a uid in its usual form."""
        return self.of_name(loading.address, path, path, "a:", at)

    def username(self, name: str, at: int) -> Name:
        return self.of_name(loading.username, name, f"n:{name}", "n:", at)

    def of_name(self, load: Callable[..., E], name: Any, under: Any, kind: str, at: int) -> E:
        found: Any = self.named.get(under)
        view = self.view
        if found is None or found.stamp != view[ALL] + view[found.slot]:
            token = f"{kind}{UUID(int=name) if isinstance(name, int) else name}"
            return self.load(self.named, load, name, under, token, at)
        return found  # type: ignore[no-any-return]

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
            entries = len(self.subjects) + len(self.groups) + len(self.places) + len(self.named)
            self.stamps.report(self.asked, self.loaded, entries)
        return entry


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
