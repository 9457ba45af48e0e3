"""Grants suspended, resumed, narrowed, extended; ranges of versions; each with its attack."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.actions import grants
from accounts.decision import decide
from accounts.explanation import explain
from accounts.grants import Reach, drift
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from audit.models import Event
from registry.actions import files, states, versions
from registry.models import Version
from tests.cast import Cast, role
from tests.conftest import Beneath

pytestmark = pytest.mark.usefixtures("published")


@pytest.fixture(scope="module")
def published(beneath: Beneath) -> None:
    beneath(lambda cast: states.set_state(cast.scans, "published", by=cast.alice))


@pytest.fixture
def scans(published: None, cast: Cast) -> Resource:
    return Resource.objects.get(pk=cast.scans.pk)


@pytest.fixture
def held(cast: Cast, scans: Resource) -> Grant:
    return grants.give(role("reader"), cast.bob, scans, expires_at=days(30), by=cast.alice)


def days(n: float) -> datetime:
    return timezone.now() + timedelta(days=n)


def version(cast: Cast) -> Version:
    made = versions.open_version(cast.scans, by=cast.alice)
    files.upload(made, "a.csv", [b"a"], by=cast.alice)
    return versions.approve(made, by=cast.alice)


def reason(person: Any, resource: Any, permission: str = Permission.DOWNLOAD) -> str:
    told = decide(person, permission, resource)
    assert explain(person, permission, resource).reason == told.reason
    return told.reason


def test_suspended_gives_nothing_and_says_so_until_resumed(cast, scans, held):
    grants.suspend(held, reason="Ethics vote is late", by=cast.alice)
    during = timezone.now()
    assert reason(cast.bob, scans) == "grant_suspended"
    assert Grant.objects.get(pk=held.pk).status == "suspended"
    assert list(Grant.objects.in_status("suspended")) == [held]
    assert held not in Grant.objects.in_status("active")
    grants.resume(held, reason="It came", by=cast.alice)
    assert reason(cast.bob, scans) == "allowed"
    past = explain(cast.bob, Permission.DOWNLOAD, scans, at=during)
    assert (past.allowed, past.reason) == (False, "grant_suspended")
    assert Event.objects.get(verb="grant.resume", kind="act").message == "It came"
    assert drift() == []


def test_suspending_needs_a_reason_and_a_giver(cast, held):
    with pytest.raises(ValidationError, match="what it waits for"):
        grants.suspend(held, reason="  ", by=cast.alice)
    for person in (cast.bob, cast.dana, cast.petra, cast.charlie):
        with pytest.raises(PermissionDenied):
            grants.suspend(held, reason="x", by=person)


def steward_too(cast: Cast, scans: Resource) -> None:
    """Bob becomes a giver himself: what he may do for others he may not do for his own side."""
    grants.give(role("steward"), cast.bob, scans, by=cast.alice)


@pytest.mark.parametrize("verb", ["resume", "extend"])
@pytest.mark.parametrize("whose", ["person", "group", "service"])
def test_nobody_resumes_or_extends_for_their_own_side(cast, scans, verb, whose):
    steward_too(cast, scans)
    services = {"person": cast.bob, "group": cast.researchers, "service": cast.scoring.user}
    holder = services[whose]
    by = cast.alice if whose == "service" else cast.bob
    given = grants.give(
        role("reader"),
        holder,
        scans,
        expires_at=days(1),
        by=cast.bob if by == cast.alice else cast.alice,
    )
    with pytest.raises(PermissionDenied, match="you or yours"):
        if verb == "resume":
            grants.suspend(given, reason="x", by=cast.alice)
            grants.resume(given, by=by)
        else:
            grants.extend(given, expires_at=days(90), by=by)
    assert Event.objects.filter(verb=f"grant.{verb}", outcome="denied", actor=by).exists()


def test_who_resumes_may_give_it(cast, scans, held):
    """A grant that was given by more than one holds is not brought back by less."""
    lesser = grants.give(role("steward"), cast.dana, scans, by=cast.alice)
    grants.suspend(held, reason="x", by=cast.dana)
    grants.revoke(lesser, by=cast.alice)
    with pytest.raises(PermissionDenied):
        grants.resume(held, by=cast.dana)


NARROWER: dict[str, dict[str, Any]] = {
    "end": {"expires_at": 5},
    "purpose": {"purpose": "research"},
    "versions": {"reach": Reach(1, 1, "block")},
    "on": {"reach": Reach(2, None, "inherit")},
}


@pytest.mark.parametrize("how", NARROWER)
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_narrowing_closes_one_and_opens_the_next(cast, scans, held, how, who):
    wanted = dict(NARROWER[how])
    if "expires_at" in wanted:
        wanted["expires_at"] = days(wanted["expires_at"])
    after = grants.narrow(held, reason="less is enough", by=getattr(cast, who), **wanted)
    held.refresh_from_db()
    assert after.replaces == held and held.status == "replaced" and after.status == "active"
    assert after.opened_by == getattr(cast, who)
    assert drift() == []


WIDER: dict[str, dict[str, Any]] = {
    "a later end": {"expires_at": 60},
    "another purpose": {"purpose": "model_training"},
    "an earlier version": {"reach": Reach(1, 3, "ask")},
    "a later version": {"reach": Reach(2, 4, "ask")},
    "no last version": {"reach": Reach(2, None, "inherit")},
    "every version": {"reach": Reach()},
    "nothing at all": {},
}


@pytest.mark.parametrize("how", WIDER)
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_narrowing_never_widens(cast, scans, how, who):
    tight: dict[str, Any] = {
        "purpose": "research",
        "reach": Reach(2, 3, "ask"),
        "expires_at": days(30),
    }
    given = grants.give(role("reader"), cast.bob, scans, by=cast.alice, **tight)
    wanted = dict(WIDER[how])
    if "expires_at" in wanted:
        wanted["expires_at"] = days(wanted["expires_at"])
    with pytest.raises(ValidationError):
        grants.narrow(given, by=getattr(cast, who), **wanted)
    given.refresh_from_db()
    assert given.status == "active"


def test_narrowing_is_for_the_holder_and_the_giver(cast, held):
    for person in (cast.charlie, cast.dana, cast.petra):
        with pytest.raises(PermissionDenied):
            grants.narrow(held, expires_at=days(1), by=person)


def test_a_block_does_not_become_an_ask(cast, scans):
    given = grants.give(role("reader"), cast.bob, scans, reach=Reach(1, 2, "block"), by=cast.alice)
    with pytest.raises(ValidationError):
        grants.narrow(given, reach=Reach(1, 1, "ask"), by=cast.bob)


def test_extending_is_giving_anew(cast, scans, held):
    after = grants.extend(held, expires_at=None, reason="the study goes on", by=cast.alice)
    assert after.expires_at is None and after.replaces == held
    with pytest.raises(ValidationError, match=f"replaced: turn to grant {after.pk}"):
        grants.extend(held, expires_at=days(90), by=cast.alice)
    with pytest.raises(ValidationError):
        grants.extend(after, expires_at=days(-1), by=cast.alice)


def test_an_expired_grant_is_not_extended(cast, scans):
    given = grants.give(
        role("reader"),
        cast.bob,
        scans,
        expires_at=timezone.now() + timedelta(seconds=0.2),
        by=cast.alice,
    )
    while Grant.objects.get(pk=given.pk).status == "active":
        pass
    with pytest.raises(ValidationError, match="expired"):
        grants.extend(given, expires_at=days(1), by=cast.alice)


def test_a_deny_stands_or_is_revoked(cast, scans):
    deny = grants.give(role("reader"), cast.bob, scans, effect="deny", by=cast.alice)
    for change in (
        lambda: grants.suspend(deny, reason="x", by=cast.alice),
        lambda: grants.narrow(deny, expires_at=days(1), by=cast.alice),
        lambda: grants.extend(deny, expires_at=days(1), by=cast.alice),
    ):
        with pytest.raises(ValidationError, match="deny"):
            change()
    assert reason(cast.bob, scans) == "deny_grant"


LATER = {
    "inherit": (Reach(1, None, "inherit"), "allowed"),
    "ask": (Reach(1, 1, "ask"), "version_not_covered"),
    "block": (Reach(1, 1, "block"), "version_blocked"),
}


@pytest.mark.parametrize("new_versions", LATER)
def test_what_a_later_version_means(cast, scans, new_versions):
    reach, later = LATER[new_versions]
    first = version(cast)
    grants.give(role("reader"), cast.bob, scans, reach=reach, by=cast.alice)
    assert reason(cast.bob, first) == "allowed"
    assert reason(cast.bob, version(cast)) == later
    assert reason(cast.bob, scans) == "no_grant"  # a range is about versions, not what they lie in
    assert drift() == []


@pytest.mark.parametrize(
    "reach",
    [
        Reach(2, 1, "ask"), Reach(0, 1, "ask"), Reach(None, 3, "ask"), Reach(None, None, "ask"),
        Reach(1, None, "ask"), Reach(1, 2, "inherit"), Reach(1, 2, ""),
    ],
)  # fmt: skip
def test_a_range_that_makes_no_sense(cast, scans, reach):
    with pytest.raises(ValidationError):
        grants.give(role("reader"), cast.bob, scans, reach=reach, by=cast.alice)


def test_a_range_is_for_what_has_versions(cast):
    with pytest.raises(ValidationError, match="versions to choose"):
        grants.give(
            role("reader"), cast.bob, cast.oncology, reach=Reach(1, 1, "ask"), by=cast.alice
        )


def test_who_holds_a_range_gives_no_more_than_that(cast, scans):
    """A steward of versions 1 to 1 gives nothing on the dataset, and nothing on version 2."""
    one, two = version(cast), version(cast)
    grants.give(role("steward"), cast.dana, scans, reach=Reach(1, 1, "ask"), by=cast.alice)
    grants.give(role("reader"), cast.bob, Resource.objects.get(pk=one.pk), by=cast.dana)
    for place in (scans, Resource.objects.get(pk=two.pk)):
        with pytest.raises(PermissionDenied):
            grants.give(role("reader"), cast.bob, place, by=cast.dana)
