"""What begins or ends while it is remembered: on its microsecond, with no job and no stamp."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actions import agreements, grants, keys
from accounts.decision import Decision, answer, decide
from accounts.models import ApiKey, Grant
from accounts.permissions import Permission
from accounts.point import stamps
from accounts.queries import system
from registry.actions import assets
from tests.cast import Cast, role
from tests.deciding.race import beside
from tests.deciding.remembered import (
    MICRO,
    Clock,
    believed,
    has_heard,
    remembered,
)
from tests.deciding.storing import put
from tests.deciding.world import owner

P = Permission
HOUR = timedelta(hours=1)


class Asked(NamedTuple):
    """A question that turns with the window of one thing."""

    who: Any
    permission: str
    key: ApiKey | None = None
    opens: bool = True  # within the window it is allowed; of a deny, outside of it
    starts: bool = True

    def within(self, is_open: bool) -> bool:
        return is_open is self.opens


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


def a_grant(cast: Cast, scans: Any, start: datetime, end: datetime, slug: str = "reader") -> Asked:
    to = role(slug), cast.charlie, scans
    grants.give(*to, starts_at=start, expires_at=end, by=cast.alice)
    return Asked(cast.charlie, P.READ)


def a_deny(cast: Cast, scans: Any, start: datetime, end: datetime, slug: str = "reader") -> Asked:
    """Of somebody who reads by a role on all; an auditor is denied by an admin alone."""
    if not decide(cast.dana, P.READ, scans).allowed:
        grants.give(role("reader"), cast.dana, cast.oncology, by=cast.alice)
    to = role(slug), cast.dana, scans
    grants.give(*to, effect="deny", starts_at=start, expires_at=end, by=cast.erin)
    return Asked(cast.dana, P.READ, opens=False)


def a_membership(cast: Cast, scans: Any, start: datetime, end: datetime) -> Asked:
    """With both its times: the application has no such action."""
    grants.give(role("reader"), cast.researchers, scans, by=cast.alice)
    join(cast, start, end)
    return Asked(cast.scoring.user, P.READ)


def join(cast: Cast, start: datetime, end: datetime) -> None:
    with owner() as session:
        put(session, "accounts_membership", id=uuid4(), opened_at=start, closed_at=end,
            group_id=cast.researchers.pk, user_id=cast.scoring.user.pk)  # fmt: skip
        session.commit()


def an_agreement(cast: Cast, scans: Any, start: datetime, end: datetime) -> Asked:
    """One that is signed from later on: the application has no such action either."""
    dua = agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    assets.edit(scans, required_agreements=["dua"], by=cast.alice)
    with owner() as session:
        put(session, "accounts_signature", id=uuid4(), evidence="", opened_at=start,
            expires_at=end, agreement_id=dua.pk, opened_by_id=system().pk,
            user_id=cast.bob.pk)  # fmt: skip
        session.commit()
    return Asked(cast.bob, P.DOWNLOAD)


def a_key(cast: Cast, scans: Any, start: datetime, end: datetime) -> Asked:
    issued = keys.issue(cast.bob, name="k", scopes=["read"], expires_at=end, by=cast.bob)
    return Asked(cast.bob, P.READ, issued.key, starts=False)


WAYS: dict[str, Callable[[Cast, Any, datetime, datetime], Asked]] = {
    "grant": a_grant,
    "deny": a_deny,
    "membership": a_membership,
    "agreement": an_agreement,
    "key": a_key,
}


def told(asked: Asked, scans: Any) -> Decision:
    """As the statement says it of this very moment."""
    found = decide(asked.who, asked.permission, scans, key=asked.key)
    at = timezone.now()
    assert found == answer(asked.who, asked.permission, scans, "", asked.key, at), at
    return found


@pytest.mark.parametrize("way", WAYS)
def test_it_turns_on_its_microsecond(cast, scans, clock, way):
    start = timezone.now() + HOUR
    end = start + HOUR
    asked = WAYS[way](cast, scans, start, end)
    has_heard(stamps.clock())
    moments = [(start - MICRO, False), (start, True)] if asked.starts else []
    moments += [(end - MICRO, True), (end, False)]
    for _ in range(3):
        told(asked, scans)
    entry, changes = believed().subject(asked.who.pk.int, time.time_ns() // 1000), stamp()
    for at, is_open in moments:
        clock.set(at)
        assert told(asked, scans).allowed is asked.within(is_open), at
        if is_open:
            remembered(asked.who, asked.permission, scans, key=asked.key)
        assert believed().subjects.get(asked.who.pk.int) is entry
    assert stamp() == changes


def stamp() -> int:
    return believed().view[stamps.ANY]


ON_THE_WALL = (
    "update accounts_grant set starts_at = %(start)s, expires_at = %(end)s"
    " where starts_at = %(far)s",
    "update accounts_userpermission set starts_at = %(start)s, expires_at = %(end)s"
    " where starts_at = %(far)s",
    "update accounts_membership set opened_at = %(start)s, closed_at = %(end)s"
    " where opened_at = %(far)s",
    "update accounts_signature set opened_at = %(start)s, expires_at = %(end)s"
    " where opened_at = %(far)s",
    "update accounts_apikey set expires_at = %(end)s",
)


def test_all_of_them_by_the_clock_on_the_wall(cast, scans):
    """In a window that really passes: each answer is right of some moment while it was asked."""
    far = timezone.now() + HOUR
    asked = [way(cast, scans, far, far + HOUR) for way in WAYS.values()]
    start = timezone.now() + timedelta(seconds=0.3)
    end = start + timedelta(seconds=0.3)
    with owner() as session:
        for statement in ON_THE_WALL:
            session.execute(statement, {"start": start, "end": end, "far": far})
        session.commit()
    has_heard(stamps.clock())
    while (before := timezone.now()) < end + timedelta(milliseconds=50):
        for one in asked:
            before = timezone.now()
            allowed = decide(one.who, one.permission, scans, key=one.key).allowed
            after = timezone.now()
            if one.within(True) is allowed:
                assert before < end and (after >= start or not one.starts), (one, before, after)
            else:
                assert after >= end or (before < start and one.starts), (one, before, after)
    assert before >= end


# --- one after the other, and both at once


Times = tuple[datetime, datetime, datetime]


def two_grants(cast: Cast, scans: Any, times: Times) -> Asked:
    for window, slug in zip(pairwise(times), ("reader", "contributor"), strict=True):
        asked = a_grant(cast, scans, *window, slug)
    return asked


def two_denies(cast: Cast, scans: Any, times: Times) -> Asked:
    for window, slug in zip(pairwise(times), ("reader", "contributor"), strict=True):
        asked = a_deny(cast, scans, *window, slug)
    return asked


def two_memberships(cast: Cast, scans: Any, times: Times) -> Asked:
    asked = a_membership(cast, scans, *times[:2])
    join(cast, *times[1:])
    return asked


@pytest.mark.parametrize("way", [two_grants, two_denies, two_memberships])
def test_where_one_ends_the_next_begins(cast, scans, clock, way):
    """No moment without either, and none that needs both."""
    start = timezone.now() + HOUR
    between, end = start + HOUR, start + 2 * HOUR
    asked = way(cast, scans, (start, between, end))
    has_heard(stamps.clock())
    told(asked, scans)
    moments = [start - MICRO, start, between - MICRO, between, between + MICRO, end - MICRO, end]
    named = {}
    for at in moments:
        clock.set(at)
        assert told(asked, scans).allowed is asked.within(start <= at < end), at
        named[at] = told(asked, scans).grant_id
    if way is two_grants:
        assert len({*named.values()}) == 3  # each, and none
        assert named[start] == named[between - MICRO] != named[between] == named[end - MICRO]


def test_windows_of_different_purposes_overlap(cast, scans, clock):
    """Each counts in its own time; of both the older is named where none was stated."""
    start = timezone.now() + HOUR
    times = [start + n * HOUR for n in range(4)]
    first, second = (
        grants.give(role("reader"), cast.charlie, scans, purpose=purpose,
                    starts_at=times[n], expires_at=times[n + 2], by=cast.alice)
        for n, purpose in enumerate(("research", "model_training"))
    )  # fmt: skip
    has_heard(stamps.clock())
    for at in (moment + step for moment in times for step in (-MICRO, 0 * MICRO)):
        clock.set(at)
        one, other = times[0] <= at < times[2], times[1] <= at < times[3]
        for stated, grant in (
            ("research", first if one else None),
            ("model_training", second if other else None),
            ("", first if one else second if other else None),
        ):
            found = decide(cast.charlie, P.DOWNLOAD, scans, purpose=stated)
            assert found.grant_id == (grant and grant.pk), (at, stated)
            assert found == answer(cast.charlie, P.DOWNLOAD, scans, stated, None, at)


# --- a clock that is set


def test_a_clock_that_is_set_back_brings_nothing_back(cast, scans, clock):
    """What was over when it was read was left out, a deny too: then it is read again."""
    deny = grants.give(role("reader"), cast.bob, scans, effect="deny", by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).reason == "deny_grant"
    with owner() as session:
        over = "starts_at = now() - interval '1 hour', expires_at = now() - interval '1 second'"
        beside(session, f"update accounts_grant set {over} where id = '{deny.pk}'")
    assert remembered(cast.bob, P.READ, scans).allowed
    deny.refresh_from_db()
    assert deny.expires_at is not None
    clock.set(deny.expires_at - MICRO)
    assert remembered(cast.bob, P.READ, scans).reason == "deny_grant"


def test_a_clock_that_is_set_forward_ends_what_it_passes(cast, scans, clock):
    grants.revoke(Grant.objects.get(user=cast.bob), by=cast.alice)
    end = timezone.now() + HOUR
    grants.give(role("reader"), cast.bob, scans, expires_at=end, by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).allowed
    clock.set(end)
    assert decide(cast.bob, P.READ, scans).reason == "grant_expired"
