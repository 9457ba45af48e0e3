"""Agreements: data that requires one opens with a signature, and closes at its last second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts import queries
from accounts.actions import agreements, grants, roles
from accounts.decision import answer, decide
from accounts.explanation import explain
from accounts.models import Agreement, Grant, Resource, Role, Signature
from accounts.permissions import Permission
from registry.actions import assets, projects, states, versions
from tests.cast import Cast, role

READ, DOWNLOAD = Permission.READ, Permission.DOWNLOAD


@pytest.fixture
def dua(cast: Cast) -> Agreement:
    return agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)


@pytest.fixture
def scans(cast: Cast, dua: Agreement) -> Resource:
    states.set_state(cast.scans, "published", by=cast.alice)
    assets.edit(cast.scans, required_agreements=["dua"], by=cast.alice)
    agreements.record(dua, cast.alice, by=cast.erin)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    return Resource.objects.get(pk=cast.scans.pk)


def test_the_bytes_wait_for_the_signature_and_the_card_does_not(cast, dua, scans):
    assert decide(cast.bob, READ, scans).allowed
    assert decide(cast.bob, DOWNLOAD, scans).reason == "agreement_missing"
    assert queries.missing_agreements(cast.bob, scans) == [dua]
    agreements.record(dua, cast.bob, evidence="file 7", by=cast.erin)
    assert decide(cast.bob, DOWNLOAD, scans).allowed
    assert queries.missing_agreements(cast.bob, scans) == []


def test_it_closes_at_its_second_and_so_it_did(cast, dua, scans):
    end = timezone.now() + timedelta(hours=1)
    agreements.record(dua, cast.bob, expires_at=end, by=cast.erin)
    step, late = timedelta(microseconds=1), "agreement_expired"
    for at, reason in ((end - step, "allowed"), (end, late), (end + step, late)):
        assert answer(cast.bob, DOWNLOAD, scans, "", None, at).reason == reason
        assert explain(cast.bob, DOWNLOAD, scans, at=at).reason == reason
        assert (cast.bob in queries.who_could(scans, DOWNLOAD, at=at)) is (reason == "allowed")
        assert (scans in queries.what_could(cast.bob, DOWNLOAD, at=at)) is (reason == "allowed")


def test_before_the_signature_and_after_its_withdrawal(cast, dua, scans):
    before = timezone.now()
    signature = agreements.record(dua, cast.bob, by=cast.erin)
    between = timezone.now()
    agreements.withdraw(signature, reason="left the institute", by=cast.erin)
    assert decide(cast.bob, DOWNLOAD, scans).reason == "agreement_expired"
    told = [explain(cast.bob, DOWNLOAD, scans, at=at).reason for at in (before, between)]
    assert told == ["agreement_missing", "allowed"]


@pytest.mark.parametrize("whose", ["erin", "service"])
def test_nobody_records_for_their_own_side(cast, dua, whose):
    """A service stands on the signature of its person, so that is the one to try."""
    subject = cast.erin if whose == "erin" else cast.scoring.user
    with pytest.raises((PermissionDenied, ValidationError)):
        agreements.record(dua, subject, by=cast.erin)
    assert not Signature.objects.exists()


@pytest.mark.parametrize("who", ["alice", "bob", "charlie", "dana", "petra"])
def test_recording_and_defining_is_for_those_who_keep_the_policies(cast, dua, who):
    person = getattr(cast, who)
    with pytest.raises(PermissionDenied):
        agreements.record(dua, cast.bob, by=person)
    with pytest.raises(PermissionDenied):
        agreements.define(slug="x", kind="ethics", title="X", by=person)


def test_withdrawing_is_for_the_person_and_the_keeper(cast, dua):
    signature = agreements.record(dua, cast.bob, by=cast.erin)
    for person in (cast.alice, cast.charlie, cast.dana):
        with pytest.raises(PermissionDenied):
            agreements.withdraw(signature, by=person)
    agreements.withdraw(signature, by=cast.bob)
    with pytest.raises(ValidationError, match="withdrawn already"):
        agreements.withdraw(signature, by=cast.erin)


def test_a_service_stands_on_what_its_person_signed(cast, dua, scans):
    agreements.record(dua, cast.bob, by=cast.erin)
    grants.give(role("steward"), cast.bob, scans, by=cast.alice)
    grants.give(role("reader"), cast.scoring.user, scans, by=cast.bob)
    assert decide(cast.scoring.user, DOWNLOAD, scans).allowed
    agreements.withdraw(Signature.objects.get(user=cast.alice), by=cast.alice)
    assert decide(cast.scoring.user, DOWNLOAD, scans).reason == "agreement_expired"


def test_what_was_made_from_it_requires_it_too(cast, dua, scans):
    source = versions.open_version(cast.scans, by=cast.alice)
    model = assets.register(cast.oncology, "model", slug="tumour", by=cast.alice)
    made = versions.open_version(model, by=cast.alice)
    versions.record_lineage(made, source, "trained_on", by=cast.alice)
    assert decide(cast.alice, DOWNLOAD, made).allowed
    agreements.withdraw(Signature.objects.get(user=cast.alice), by=cast.alice)
    assert decide(cast.alice, DOWNLOAD, made).reason == "agreement_expired"


def test_an_agreement_that_is_not_known_is_refused_with_those_that_are(cast, dua):
    with pytest.raises(ValidationError, match=r"No agreement nda\. Known: dua"):
        assets.edit(cast.scans, required_agreements=["nda"], by=cast.alice)


def test_the_steward_requires_and_only_the_privacy_officer_lets_go(cast, dua, scans):
    with pytest.raises(PermissionDenied, match="privacy officer"):
        assets.edit(cast.scans, required_agreements=[], by=cast.alice)
    assets.edit(cast.scans, required_agreements=[], by=cast.petra)
    assert decide(cast.bob, DOWNLOAD, scans).allowed


def test_nobody_lets_go_of_what_closes_it_for_themselves(cast, dua, scans):
    """Petra is privacy officer and reads the scans: what she loosens would open them for her."""
    grants.give(role("reader"), cast.petra, scans, by=cast.alice)
    assert decide(cast.petra, DOWNLOAD, scans).reason == "agreement_missing"
    with pytest.raises(PermissionDenied, match="second person"):
        assets.edit(cast.scans, required_agreements=[], by=cast.petra)
    assert decide(cast.petra, DOWNLOAD, scans).reason == "agreement_missing"
    agreements.record(dua, cast.petra, by=cast.erin)
    with pytest.raises(PermissionDenied, match="second person"):
        purposes = [*cast.scans.permitted_purposes, "marketing"]
        assets.edit(cast.scans, permitted_purposes=purposes, by=cast.petra)


@pytest.fixture
def elsewhere(cast: Cast) -> Resource:
    """Bob's project; Alice may put things there."""
    project = projects.register(slug="elsewhere", owner=cast.bob, by=cast.erin)
    grants.give(role("contributor"), cast.alice, project, by=cast.bob)
    return project


def test_a_moved_dataset_stands_where_it_lies_now(cast, elsewhere):
    states.set_state(cast.scans, "published", by=cast.alice)
    version = versions.open_version(cast.scans, by=cast.alice)
    before = timezone.now()
    assert decide(cast.bob, Permission.DISCOVER, cast.scans).allowed  # a member of the old project
    assert not decide(cast.bob, READ, cast.scans).allowed
    moved = assets.move(cast.scans, elsewhere, by=cast.alice)
    version.refresh_from_db()
    assert (moved.path, version.path) == ("/elsewhere/ct-scans/", "/elsewhere/ct-scans/v1/")
    assert decide(cast.bob, READ, moved).allowed  # the steward of the new one
    assert not explain(cast.bob, READ, moved, at=before).allowed
    assert explain(cast.bob, Permission.DISCOVER, moved, at=before).allowed


def test_moving_needs_both_ends(cast, elsewhere):
    for person in (cast.bob, cast.charlie, cast.dana, cast.petra, cast.erin):
        with pytest.raises(PermissionDenied):
            assets.move(cast.scans, elsewhere, by=person)
    with pytest.raises(ValidationError, match="already"):
        assets.move(cast.scans, cast.oncology, by=cast.alice)


def test_nobody_moves_it_to_where_they_may_more(cast):
    """Alice gives access to one dataset; her own project would give her the rest of it."""
    held = role("steward")
    lone = projects.register(slug="lone", owner=cast.bob, by=cast.erin)
    hers = projects.register(slug="hers", owner=cast.alice, by=cast.erin)
    asset = assets.register(lone, "dataset", slug="x", by=cast.bob)
    version = versions.open_version(asset, by=cast.bob)
    grants.give(held, cast.alice, asset, by=cast.bob)
    deny = grants.give(
        role("reader"), cast.alice, Resource.objects.get(pk=lone.pk), effect="deny", by=cast.bob
    )
    assert decide(cast.alice, READ, version).reason == "deny_grant"
    with pytest.raises(PermissionDenied, match="second person"):
        assets.move(asset, hers, by=cast.alice)
    assert Grant.objects.get(pk=deny.pk).status == "active"


def open_here(cast: Cast, given: Role, asset: Resource) -> None:
    place = Resource.objects.get(pk=asset.pk)
    grants.give(given, cast.alice, place, by=cast.bob)


def test_a_gain_on_a_version_alone_is_one_too(cast):
    """Denied above, pinned below: on the dataset itself the move would show nothing."""
    lone = projects.register(slug="lone", owner=cast.bob, by=cast.erin)
    hers = projects.register(slug="hers", owner=cast.alice, by=cast.erin)
    asset = assets.register(lone, "dataset", slug="x", by=cast.bob)
    version = versions.open_version(asset, by=cast.bob)
    above, below = (Resource.objects.get(pk=pk) for pk in (lone.pk, version.pk))
    giving = roles.create(slug="giving", name="G", permissions=["grant"], by=cast.erin)
    open_here(cast, giving, asset)
    grants.give(role("reader"), cast.alice, below, by=cast.bob)
    grants.give(role("reader"), cast.alice, above, effect="deny", by=cast.bob)
    assert decide(cast.alice, DOWNLOAD, version).reason == "deny_grant"
    with pytest.raises(PermissionDenied, match="second person"):
        assets.move(asset, hers, by=cast.alice)
