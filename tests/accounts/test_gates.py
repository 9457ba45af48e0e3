"""Each gate of the decision with its reason code, and expiry to the microsecond."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import grants, groups, keys, people, roles
from accounts.decision import WORDS, Refused, answer, check, decide, own, site
from accounts.models import ApiKey, Grant, Membership, Resource, UserPermission
from accounts.permissions import Permission
from audit.context import Act, opened
from registry.actions import assets, states, versions
from registry.models import Asset
from tests.acting import do
from tests.cast import role

P = Permission
SOON = timedelta(hours=1)


@pytest.fixture
def scans(cast) -> Any:
    """Published, and Bob is its reader."""
    found = states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, found, by=cast.alice)
    return found


def reason(person, permission, resource, **stated) -> str:
    decision = decide(person, permission, Resource.objects.get(pk=resource.pk), **stated)
    assert decision.allowed == (decision.reason == "allowed")
    if not stated:
        seen = person.visible(Resource, permission).filter(pk=resource.pk).exists()
        assert seen == decision.allowed
    return decision.reason


def test_allowed(cast, scans):
    assert reason(cast.bob, P.DOWNLOAD, scans) == "allowed"


def test_no_grant(cast, scans):
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "no_grant"


def test_inactive_subject(cast, scans):
    people.deactivate(cast.bob, by=cast.erin)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "subject_inactive"


def test_a_service_is_as_live_as_whoever_answers_for_it(cast, scans):
    service = cast.scoring.user
    grants.give(role("reader"), service, scans, by=people_other(cast))
    assert reason(service, P.DOWNLOAD, scans) == "allowed"
    people.deactivate(cast.alice, by=cast.erin)
    service = type(service).objects.get(pk=service.pk)
    assert reason(service, P.DOWNLOAD, scans) == "subject_inactive"


def people_other(cast):
    """A second steward, since Alice answers for the service herself."""
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    return cast.dana


def a_key(cast, **given) -> ApiKey:
    stated: dict[str, Any] = {
        "name": "laptop",
        "scopes": ["discover", "download"],
        "expires_at": timezone.now() + SOON,
    } | given
    cast.bob.credential = None
    return keys.issue(cast.bob, by=cast.bob, **stated).key


def test_scope_of_the_key(cast, scans):
    cast.bob.credential = a_key(cast, scopes=["discover"])
    assert reason(cast.bob, P.DOWNLOAD, scans) == "key_scope"
    assert reason(cast.bob, P.DISCOVER, scans) == "allowed"


def test_a_scope_gives_nothing_by_itself(cast, scans):
    cast.bob.credential = a_key(cast, scopes=["grant"])
    assert reason(cast.bob, P.GRANT, scans) == "no_grant"


def test_restriction_of_the_key(cast, scans):
    other = assets.register(cast.oncology, "dataset", slug="notes", by=cast.alice)
    cast.bob.credential = a_key(cast, within=Resource.objects.get(pk=other.pk))
    assert reason(cast.bob, P.DOWNLOAD, scans) == "key_restriction"
    cast.bob.credential = a_key(cast, within=Resource.objects.get(pk=cast.oncology.pk))
    assert reason(cast.bob, P.DOWNLOAD, scans) == "allowed"


def test_a_restricted_key_keeps_its_hands_off_the_account(cast, scans):
    within = Resource.objects.get(pk=scans.pk)
    cast.bob.credential = a_key(cast, within=within, scopes=["discover", "manage_keys"])
    for act in (
        lambda: people.set_name(cast.bob, name="x", by=cast.bob),
        lambda: keys.revoke(cast.bob.credential, by=cast.bob),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.reason == "key_restriction"


def test_expired_key(cast, scans):
    cast.bob.credential = key = a_key(cast)
    key.expires_at = timezone.now()
    do(key.save, by=cast.erin)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "key_expired"


def test_revoked_key(cast, scans):
    cast.bob.credential = keys.revoke(a_key(cast), by=cast.bob)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "key_revoked"


def test_a_key_named_in_the_question_counts_too(cast, scans):
    key = keys.revoke(a_key(cast), by=cast.bob)
    assert reason(cast.bob, P.DOWNLOAD, scans, key=key) == "key_revoked"


def test_withdrawn(cast, scans):
    states.set_state(scans, "withdrawn", by=cast.alice)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "resource_withdrawn"
    assert reason(cast.bob, P.READ, scans) == "allowed"


def test_withdrawn_above(cast, scans):
    version = versions.open_version(scans, by=cast.alice)
    states.set_state(scans, "withdrawn", by=cast.alice)
    assert reason(cast.alice, P.DOWNLOAD, version) == "resource_withdrawn"


def test_retired(cast, scans):
    for state in ("deprecated", "retired"):
        scans = states.set_state(scans, state, by=cast.alice)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "resource_retired"


@pytest.mark.parametrize("place", ["scans", "oncology"])
@pytest.mark.parametrize("whom", ["bob", "researchers"])
def test_deny_here_or_above_for_the_person_or_a_group(cast, scans, place, whom):
    deny = grants.give(
        role("reader"), getattr(cast, whom), getattr(cast, place), effect="deny", by=cast.alice
    )
    assert reason(cast.bob, P.DOWNLOAD, scans) == "deny_grant"
    assert reason(cast.bob, P.UPLOAD, scans) == "no_grant"
    grants.revoke(deny, by=cast.alice)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "allowed"


def test_a_purpose_that_is_not_permitted(cast, scans):
    assert reason(cast.bob, P.DOWNLOAD, scans, purpose="marketing") == "purpose_not_permitted"
    assert reason(cast.bob, P.DOWNLOAD, scans, purpose="research") == "allowed"
    assert reason(cast.bob, P.READ, scans, purpose="marketing") == "allowed"


@pytest.mark.parametrize("stated", ["foo", "Research", " research", "\x00", "x" * 100, "\ud800"])
def test_what_is_no_purpose_is_permitted_nowhere(cast, scans, stated):
    for permission, place in ((P.DOWNLOAD, scans), (P.READ, scans), (P.READ, cast.oncology)):
        assert reason(cast.bob, permission, place, purpose=stated) == "purpose_not_permitted"
        with pytest.raises(Refused) as refused:
            check(cast.bob, permission, place, purpose=stated)
        assert "purpose" not in refused.value.asked


def test_a_grant_for_a_purpose_that_is_no_longer_permitted(cast, scans):
    grants.give(role("reader"), cast.charlie, scans, purpose="research", by=cast.alice)
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "allowed"
    assets.edit(scans, permitted_purposes=["model_training"], by=cast.alice)
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "purpose_not_permitted"
    assets.edit(
        scans,
        permitted_purposes=["model_training", "research"],
        prohibited_purposes=["research"],
        by=cast.petra,
    )
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "purpose_not_permitted"


def test_a_grant_is_for_its_purpose(cast, scans):
    grants.give(role("reader"), cast.charlie, scans, purpose="research", by=cast.alice)
    assert reason(cast.charlie, P.DOWNLOAD, scans, purpose="research") == "allowed"
    assert reason(cast.charlie, P.DOWNLOAD, scans, purpose="model_training") == "grant_purpose"
    assert decide(cast.charlie, P.DOWNLOAD, scans).purpose == "research"


def test_draft(cast):
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    assert reason(cast.bob, P.READ, cast.scans) == "resource_draft"
    assert reason(cast.alice, P.READ, cast.scans) == "allowed"


def window(cast, scans, start, end) -> Grant:
    """A window that has passed cannot be given: the grant itself is written as it would be then."""
    grant = grants.give(role("reader"), cast.charlie, scans, by=cast.alice)
    row = grant.resource
    rows = UserPermission.objects.filter(grant=grant)

    def move():
        grant.starts_at, grant.expires_at = start, end
        grant.save()
        for held in rows:
            held.starts_at, held.expires_at = start, end
            held.save()

    do(move, on=row, by=cast.alice)
    return grant


def test_expired_grant(cast, scans):
    now = timezone.now()
    grant = window(cast, scans, now - SOON, now)
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "grant_expired"
    assert grant.status == "expired"


def test_grant_that_has_not_started(cast, scans):
    grant = grants.give(
        role("reader"), cast.charlie, scans, by=cast.alice, starts_at=timezone.now() + SOON
    )
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "grant_not_started"
    assert grant.status == "scheduled"


def test_a_window_opens_and_closes_to_the_microsecond(cast, scans):
    """In the query: no clock job has to run for an access to end."""
    start, end = timezone.now() + SOON, timezone.now() + 2 * SOON
    tick = timedelta(microseconds=1)
    grants.give(role("reader"), cast.charlie, scans, starts_at=start, expires_at=end, by=cast.alice)
    resource = Resource.objects.get(pk=scans.pk)
    for at, open_ in [(start - tick, False), (start, True), (end - tick, True), (end, False)]:
        listed = Resource.objects.visible_to(cast.charlie, P.DOWNLOAD, at).filter(pk=scans.pk)
        asked = answer(cast.charlie, P.DOWNLOAD, resource, "", None, at)
        assert listed.exists() == asked.allowed == open_, at


def test_a_revoke_counts_at_once(cast, scans):
    grant = Grant.objects.get(user=cast.bob)
    grants.revoke(grant, by=cast.alice)
    assert reason(cast.bob, P.DOWNLOAD, scans) == "no_grant"
    assert not UserPermission.objects.filter(grant=grant).exists()


def test_a_changed_role_counts_at_once_and_the_past_stays(cast, scans):
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "download"], by=cast.erin)
    grants.give(lab, cast.charlie, scans, by=cast.alice)
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "allowed"
    roles.edit(lab, name="Lab", permissions=["discover"], by=cast.erin)
    assert reason(cast.charlie, P.DOWNLOAD, scans) == "no_grant"
    closed = lab.permissions.get(codename="download")
    assert closed.closed_at is not None and closed.opened_at < closed.closed_at


def test_a_membership_that_ended_gives_nothing_and_is_remembered(cast, scans):
    during = timezone.now()
    groups.remove_member(cast.researchers, cast.bob, by=cast.erin)
    assert not Membership.objects.current().filter(user=cast.bob).exists()
    assert Membership.objects.current(during).filter(user=cast.bob).exists()
    groups.add_member(cast.researchers, cast.bob, by=cast.erin)
    assert Membership.objects.filter(user=cast.bob, group=cast.researchers).count() == 2


def test_every_reason_has_words(cast):
    decision = decide(cast.charlie, P.READ, site())
    with pytest.raises(Refused, match=WORDS[decision.reason]):
        check(cast.charlie, P.READ, site())


def test_what_is_ones_own_needs_a_live_subject_and_the_scope(cast):
    act = Act("test.own", "management", cast.bob)
    with opened(act):
        own(cast.bob, P.MANAGE_KEYS, cast.bob.resource_path)
    assert [passed.rule for passed in act.passed] == ["self"]
    cast.bob.credential = a_key(cast, scopes=["discover"])
    with pytest.raises(Refused) as refused:
        own(cast.bob, P.MANAGE_KEYS, cast.bob.resource_path)
    assert refused.value.reason == "key_scope"
    cast.bob.credential, cast.bob.is_active = None, False
    with pytest.raises(Refused) as refused:
        own(cast.bob, P.MANAGE_KEYS, cast.bob.resource_path)
    assert refused.value.reason == "subject_inactive"


def test_the_root_that_one_caller_changed_is_nobody_elses(cast):
    site().permitted_purposes.append("mallory")
    assert site().permitted_purposes == []
