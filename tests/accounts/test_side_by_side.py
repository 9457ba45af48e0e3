"""Several grants of one role in one place: after one another and for other versions, no twins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actions import grants
from accounts.decision import answer, decide
from accounts.explanation import explain
from accounts.grants import Reach, drift
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from accounts.queries import who_could
from registry.actions import files, states, versions
from tests.cast import role
from tests.rest import caller, refused

NOW = timezone.now()


def days(n: float) -> datetime:
    return NOW + timedelta(days=n)


@pytest.fixture
def scans(cast: Any) -> Resource:
    states.set_state(cast.scans, "published", by=cast.alice)
    return Resource.objects.get(pk=cast.scans.pk)


def give(cast: Any, scans: Resource, **how: Any) -> Grant:
    return grants.give(role("reader"), cast.charlie, scans, by=cast.alice, **how)


FIRST: dict[str, Any] = {
    "starts_at": days(10), "expires_at": days(20), "reach": Reach(3, 5, "ask"),
}  # fmt: skip
BESIDE: dict[str, dict[str, Any]] = {
    "from its end on": {"starts_at": days(20), "reach": Reach()},
    "up to its start": {"expires_at": days(10), "reach": Reach()},
    "the versions before": {"reach": Reach(1, 2, "block")},
    "the versions after": {"reach": Reach(6, None, "inherit")},
    "one purpose": {"purpose": "research"},
}
OVER: dict[str, dict[str, Any]] = {
    "the same": FIRST,
    "all of it": {},
    "to within it": {"expires_at": days(11), "reach": Reach(3, 3, "ask")},
    "from within it": {"starts_at": days(19), "reach": Reach(5, None, "inherit")},
    "inside it": {"starts_at": days(12), "expires_at": days(13), "reach": Reach(4, 4, "block")},
    "around it": {"reach": Reach(1, 9, "ask")},
}


@pytest.mark.parametrize("how", BESIDE)
def test_what_lies_beside_another_grant_is_given(cast, scans, how):
    first, second = give(cast, scans, **FIRST), give(cast, scans, **BESIDE[how])
    assert first.status == "scheduled" and Grant.objects.get(pk=second.pk).closed_at is None
    assert drift() == []


@pytest.mark.parametrize("how", OVER)
def test_what_lies_over_another_grant_is_refused_and_names_it(cast, scans, how):
    first = give(cast, scans, **FIRST)
    hint = rf"holds reader here already \(v3 to v5\): extend or revoke that one, grant {first.pk}\."
    with pytest.raises(ValidationError, match=hint):
        give(cast, scans, **OVER[how])


def test_a_whole_grant_beside_a_range_is_told_which_to_extend(cast, scans):
    first = give(cast, scans, reach=Reach(99, None, "inherit"))
    asked = {"role": "reader", "user": "charlie", "resource": "oncology/ct-scans"}
    told = refused(caller(cast.alice).post("grants", asked), 409)["detail"]
    assert f"(v99 on): extend or revoke that one, grant {first.pk}" in told
    after = grants.extend(first, expires_at=None, reach=Reach(), by=cast.alice)
    assert (after.versions, after.replaces) == ("", first)


def test_a_second_deny_is_told_to_lift_the_first(cast, scans):
    first = give(cast, scans, effect="deny")
    hint = f"charlie is denied reader here already: lift that deny first, grant {first.pk}"
    with pytest.raises(ValidationError, match=hint):
        give(cast, scans, effect="deny")


def test_no_extension_grows_over_another_and_narrowing_is_not_held_up(cast, scans):
    first = give(cast, scans, expires_at=days(10))
    give(cast, scans, starts_at=days(10))
    grants.extend(
        narrowed := grants.narrow(first, expires_at=days(5), by=cast.alice),
        expires_at=days(10),
        by=cast.alice,
    )
    first = Grant.objects.get(replaces=narrowed)
    for end in (days(10) + timedelta(microseconds=1), None):
        with pytest.raises(ValidationError, match="holds reader here already"):
            grants.extend(first, expires_at=end, by=cast.alice)
    assert Grant.objects.get(pk=first.pk).status == "active"
    give(cast, scans, expires_at=days(5), purpose="research")
    assert grants.narrow(first, purpose="research", by=cast.charlie).status == "active"


def test_over_the_seam_of_two_grants_access_does_not_break(cast, scans):
    """The decision, the list, the explanation and who-could say the same on both sides of it."""
    first = give(cast, scans, expires_at=days(10))
    second = give(cast, scans, starts_at=days(10), expires_at=days(20))
    tick = timedelta(microseconds=1)
    for at, by in (
        (days(10) - tick, first), (days(10), second), (days(20) - tick, second), (days(20), None),
    ):  # fmt: skip
        told = answer(cast.charlie, Permission.READ, scans, "", None, at)
        assert told.allowed is (by is not None) and told.grant_id == (by and by.pk), at
        listed = Resource.objects.visible_to(cast.charlie, Permission.READ, at)
        assert listed.filter(pk=scans.pk).exists() is told.allowed
        assert explain(cast.charlie, Permission.READ, scans, at=at).allowed is told.allowed
        assert (cast.charlie in who_could(scans, Permission.READ, at=at)) is told.allowed


def test_two_ranges_each_give_theirs(cast, scans):
    """A range that closes later versions closes none that another grant opens."""
    made = []
    for _ in range(3):
        made.append(versions.open_version(cast.scans, by=cast.alice))
        files.upload(made[-1], "a.csv", [b"a"], by=cast.alice)
        versions.approve(made[-1], by=cast.alice)
    give(cast, scans, reach=Reach(1, 1, "block"))
    give(cast, scans, reach=Reach(3, 3, "ask"))
    told = [decide(cast.charlie, Permission.READ, one) for one in made]
    assert [one.reason for one in told][::2] == ["allowed", "allowed"] and not told[1].allowed
    for one in told:
        assert explain(cast.charlie, Permission.READ, one.resource).reason == one.reason
        held = cast.charlie in who_could(one.resource, Permission.READ)
        assert held is one.allowed
    assert drift() == []


def test_a_start_in_the_past_is_refused(client, cast, scans):
    """The rule, REST, the page and the admin; what two clocks may differ by is let pass."""
    long_ago = "2020-01-01T00:00:00Z"
    asked = {"role": "reader", "user": "charlie", "resource": "oncology/ct-scans"}
    alice = caller(cast.alice)
    told = refused(alice.post("grants", asked | {"starts_at": long_ago}), 422, "starts_at")
    assert told["errors"]["starts_at"] == [
        "This start lies in the past: leave it out to start now."
    ]
    with pytest.raises(ValidationError, match="lies in the past"):
        give(cast, scans, starts_at=timezone.now() - timedelta(minutes=6))
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    page = {"subject": "charlie", "resource": "oncology/ct-scans", "role": "reader"}
    page |= {"effect": "allow", "reason": "x", "starts_at": "2020-01-01T00:00"}
    answered = client.post("/grants/new/", page)
    assert answered.status_code == 422 and set(answered.context["form"].errors) == {"starts_at"}
    form = {"role": role("reader").pk, "user": cast.charlie.pk, "resource": scans.pk}
    form |= {"effect": "allow", "starts_at": "2020-01-01T00:00"}
    client.post("/admin/accounts/grant/add/", form)
    assert not Grant.objects.filter(user=cast.charlie).exists()
    just_now = (timezone.now() - timedelta(minutes=2)).isoformat()
    assert alice.post("grants", asked | {"starts_at": just_now}).status_code == 201
