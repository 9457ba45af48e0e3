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
from accounts.grants import Reach, drift, reach_of
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from audit.models import Event
from registry.actions import files, states, versions
from registry.models import Version
from tests.cast import Cast, role
from tests.conftest import Beneath
from tests.rest import caller, refused

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


LESS: dict[str, dict[str, Any]] = {
    "an earlier end": {"expires_at": 5},
    "a later start of the range": {"reach": Reach(3, 4, "ask")},
    "an earlier last version": {"reach": Reach(2, 3, "ask")},
    "later versions closed": {"reach": Reach(2, 4, "block")},
    "more on one side, less on the other": {"reach": Reach(1, 3, "ask")},
}


@pytest.mark.parametrize("how", LESS)
def test_extending_never_takes_away(cast, scans, how):
    """What takes away is narrowing, and the record calls it so."""
    given = grants.give(
        role("reader"), cast.bob, scans, reach=Reach(2, 4, "ask"), expires_at=days(30),
        by=cast.alice,
    )  # fmt: skip
    wanted = dict(LESS[how])
    end = days(wanted.pop("expires_at")) if "expires_at" in wanted else days(60)
    with pytest.raises(ValidationError, match="narrow it instead"):
        grants.extend(given, expires_at=end, by=cast.alice, **wanted)
    given.refresh_from_db()
    assert given.status == "active" and not given.replaced_by.exists()
    assert not Event.objects.filter(verb="grant.extend", outcome="ok").exists()


def test_what_has_no_end_gets_none_by_extending(cast, scans):
    given = grants.give(role("reader"), cast.bob, scans, by=cast.alice)
    with pytest.raises(ValidationError, match="narrow it instead"):
        grants.extend(given, expires_at=days(60), by=cast.alice)
    with pytest.raises(ValidationError, match="changes nothing"):
        grants.extend(given, expires_at=None, by=cast.alice)


MORE: dict[str, Reach] = {
    "an earlier first": Reach(1, 4, "ask"),
    "a later last": Reach(2, 6, "block"),
    "no last": Reach(2, None, "inherit"),
    "all": Reach(),
    "later ones asked for": Reach(2, 4, "ask"),
}


@pytest.mark.parametrize("how", MORE)
def test_extending_by_versions_keeps_the_end(cast, scans, how):
    end = days(30)
    given = grants.give(
        role("reader"), cast.bob, scans, reach=Reach(2, 4, "block"), expires_at=end, by=cast.alice
    )
    after = grants.extend(given, expires_at=end, reach=MORE[how], by=cast.alice)
    assert (after.expires_at, reach_of(after)) == (end, MORE[how])
    assert drift() == []


def test_later_versions_are_closed_by_narrowing(cast, scans):
    given = grants.give(role("reader"), cast.bob, scans, reach=Reach(1, 2, "ask"), by=cast.alice)
    after = grants.narrow(given, reach=Reach(1, 2, "block"), by=cast.alice)
    assert reach_of(after) == Reach(1, 2, "block")


def test_a_replaced_grant_says_so_and_names_the_one_that_counts(client, cast, held):
    """The query, the property, REST and the page agree; the end of a chain is named, not a link."""
    second = grants.narrow(held, expires_at=days(9), by=cast.alice)
    third = grants.extend(second, expires_at=days(20), by=cast.alice)
    grants.revoke(third, by=cast.alice)
    told = {status: set(Grant.objects.in_status(status)) for status in ("replaced", "revoked")}
    assert told == {"replaced": {held, second}, "revoked": {third}}
    assert [Grant.objects.get(pk=g.pk).status for g in (held, second, third)] == [
        "replaced",
        "replaced",
        "revoked",
    ]
    rest = caller(cast.alice)
    for verb, body in (
        ("narrow", {"expires_at": days(1).isoformat()}),
        ("extend", {"expires_at": None}),
    ):
        answer = refused(rest.post(f"grants/{held.pk}/{verb}", body), 409)
        assert f"turn to grant {third.pk}" in answer["detail"], verb
    for verb in ("revoke", "suspend"):  # of what it has become: nobody escapes by narrowing
        answer = refused(rest.post(f"grants/{held.pk}/{verb}", {"reason": "x"}), 409)
        assert "This grant is revoked" in answer["detail"], verb
    assert {row["id"] for row in rest.list("grants?status=replaced")} == {
        str(held.pk),
        str(second.pk),
    }
    client.force_login(cast.alice)
    page = client.get(f"/grants/{held.pk}/").content.decode()
    assert "<h2>Replaced</h2>" in page and "Replaced</span>" in page
    listed = client.get("/grants/?status=replaced").context["rows"]
    assert {row["id"] for row in listed} == {held.pk, second.pk}


def test_the_page_says_which_side_a_change_is_on(client, cast, held):
    client.force_login(cast.alice)
    page = client.get(f"/grants/{held.pk}/extend/")
    assert "For an earlier end or fewer versions, narrow it." in page.content.decode()
    sent = {"expires_at": f"{days(2):%Y-%m-%dT%H:%M}", "reason": "x"}
    page = client.post(f"/grants/{held.pk}/extend/", sent)
    assert page.status_code == 422
    assert "That is earlier than its end: narrow it instead." in page.content.decode()


def test_an_end_that_the_page_showed_and_nobody_changed_stays(client, cast, scans):
    """The field shows whole minutes; its seconds are not lost, nor taken for an earlier end."""
    end = days(30).replace(second=17, microsecond=5)
    given = grants.give(
        role("reader"), cast.bob, scans, reach=Reach(1, 1, "ask"), expires_at=end, by=cast.alice
    )
    client.force_login(cast.alice)
    address = f"/grants/{given.pk}/extend/"
    form = client.get(address).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields} | {"reason": "two more"}
    sent |= {"expires_at": f"{end:%Y-%m-%dT%H:%M}", "last_version": 3}
    assert client.post(address, sent).status_code == 302
    after = Grant.objects.get(replaces=given)
    assert (after.expires_at, after.last_version) == (end, 3)
