"""No act makes one's own access larger: not now, not later, not for another purpose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.actions import agreements, grants, groups
from accounts.decision import allowed, answer, decide
from accounts.models import Agreement, Resource, User
from accounts.permissions import Permission
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, Dataset, Lineage, Project, Version
from tests.cast import Cast, role

DOWNLOAD = Permission.DOWNLOAD
SECOND_PERSON = "second person"


def later(hours: float) -> datetime:
    return timezone.now() + timedelta(hours=hours)


def reason(user: User, resource: Resource, purpose: str = "", at: datetime | None = None) -> str:
    return answer(user, DOWNLOAD, resource, purpose, None, at or timezone.now()).reason


@pytest.fixture
def plain(cast: Cast) -> Asset:
    """Alice's, published; nothing is asked of who uses it."""
    made = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    states.set_state(made, "published", by=cast.alice)
    return made


@pytest.fixture
def cardio(cast: Cast) -> Project:
    return projects.register(slug="cardio", owner=cast.dana, by=cast.erin)


# --- moving


def test_no_move_makes_an_ending_grant_endless(cast, plain, cardio):
    grants.give(role("steward"), cast.bob, plain, expires_at=later(1), by=cast.alice)
    grants.give(role("steward"), cast.bob, cardio, by=cast.dana)
    with pytest.raises(PermissionDenied, match=f"more here later.*{SECOND_PERSON}"):
        assets.move(plain, cardio, by=cast.bob)
    assert reason(cast.bob, plain, at=later(2)) == "grant_expired"


def test_nor_by_a_group_or_a_service_of_ones_own(cast, plain, cardio):
    grants.give(role("steward"), cast.bob, plain, expires_at=later(2), by=cast.alice)
    grants.give(role("contributor"), cast.bob, cardio, expires_at=later(1), by=cast.dana)
    grants.give(role("reader"), cast.researchers, cardio, by=cast.dana)
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        assets.move(plain, cardio, by=cast.bob)
    grants.give(role("contributor"), cast.alice, cardio, by=cast.dana)
    grants.give(role("deployer"), cast.scoring.user, cardio, by=cast.dana)
    with pytest.raises(PermissionDenied, match="invoke"):
        assets.move(plain, cardio, by=cast.alice)


def test_a_move_within_what_one_holds_is_free(cast, plain, cardio):
    """As long, for the same, or for less: and what others gain is what their project gives."""
    grants.give(role("steward"), cast.bob, plain, by=cast.alice)
    grants.give(role("contributor"), cast.bob, cardio, expires_at=later(1), by=cast.dana)
    moved = assets.move(plain, cardio, by=cast.bob)
    assert (moved.path, reason(cast.dana, moved)) == ("/cardio/weather/", "allowed")


def test_no_move_lifts_a_purpose(cast, plain, cardio):
    grants.give(role("steward"), cast.bob, plain, purpose="research", by=cast.alice)
    grants.give(role("contributor"), cast.bob, cardio, by=cast.dana)
    before = [reason(cast.bob, plain, purpose) for purpose in ("research", "marketing")]
    assert before == ["allowed", "grant_purpose"]
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        assets.move(plain, cardio, by=cast.bob)
    assert reason(cast.bob, plain, "marketing") == "grant_purpose"


def test_no_move_escapes_a_deny_that_is_to_come(cast, plain, cardio):
    grants.give(role("steward"), cast.bob, plain, by=cast.alice)
    grants.give(role("steward"), cast.bob, cardio, by=cast.dana)
    denied: dict[str, Any] = {"effect": "deny", "starts_at": later(1)}
    grants.give(role("reader"), cast.bob, cast.oncology, by=cast.erin, **denied)
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        assets.move(plain, cardio, by=cast.bob)
    assert reason(cast.bob, plain, at=later(2)) == "deny_grant"


def test_no_move_to_what_one_will_hold(cast, plain, cardio):
    grants.give(role("steward"), cast.bob, plain, by=cast.alice)
    grants.give(role("contributor"), cast.bob, cardio, by=cast.dana)
    grants.give(role("deployer"), cast.bob, cardio, starts_at=later(1), by=cast.dana)
    with pytest.raises(PermissionDenied, match=r"more here later \(deploy, invoke\)"):
        assets.move(plain, cardio, by=cast.bob)


def test_no_move_prepares_what_a_withdrawal_still_closes(cast, plain, cardio):
    """By the grants alone: once somebody publishes it again, it would be his."""
    grants.give(role("deployer"), cast.bob, cardio, by=cast.dana)
    grants.give(role("contributor"), cast.bob, cardio, by=cast.dana)
    grants.give(role("steward"), cast.bob, plain, by=cast.alice)
    states.set_state(plain, "withdrawn", by=cast.alice)
    with pytest.raises(PermissionDenied, match="invoke"):
        assets.move(plain, cardio, by=cast.bob)


# --- drafts


@pytest.fixture
def bound(cast: Cast) -> Asset:
    """A draft of Alice's that asks for a signature, and that Charlie was told of."""
    agreements.define(slug="dua", kind="data_use", title="D", by=cast.erin)
    facts = {"classification": "restricted", "required_agreements": ["dua"]}
    draft = assets.register(
        cast.oncology, "dataset", slug="bound", by=cast.alice, prohibited_purposes=["marketing"],
        **facts,
    )  # fmt: skip
    grants.give(role("member"), cast.charlie, draft, by=cast.alice)
    return draft


def edit(draft: Asset, by: User, **facts: object) -> Asset:
    return assets.edit(Dataset.objects.get(pk=draft.pk), by=by, **facts)


def contributing(cast: Cast, draft: Asset) -> None:
    """As a steward who signed gives it."""
    agreements.record(Agreement.objects.get(slug="dua"), cast.alice, by=cast.erin)
    grants.give(role("contributor"), cast.charlie, draft, by=cast.alice)


LOOSER: tuple[dict[str, Any], ...] = (
    {"required_agreements": []},
    {"prohibited_purposes": [], "required_agreements": []},
    {"prohibited_purposes": [], "required_agreements": [], "classification": "public"},
)


@pytest.mark.parametrize("facts", LOOSER)
def test_who_helps_with_a_draft_opens_nothing_to_themselves(cast, bound, facts):
    contributing(cast, bound)
    assert reason(cast.charlie, bound) == "agreement_missing"
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        edit(bound, cast.charlie, **facts)
    assert reason(cast.charlie, bound) == "agreement_missing"
    assert reason(cast.charlie, bound, "marketing") == "purpose_not_permitted"
    assert edit(bound, cast.charlie, name="Bound", classification="confidential").name == "Bound"


def test_nor_does_whoever_shares_it(cast, bound):
    """Until it is theirs alone again: what others put there is not theirs to open to themselves."""
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        edit(bound, cast.alice, required_agreements=[])
    assert reason(cast.alice, bound) == "agreement_missing"


def test_a_group_that_one_is_in_is_somebody_else_too(cast, bound):
    """Its other members put there what they like."""
    shared = grants.give(role("member"), cast.researchers, bound, by=cast.alice)
    grants.revoke(cast.charlie.grants.get(resource=bound.pk), by=cast.alice)
    groups.add_member(cast.researchers, cast.alice, by=cast.erin)
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        edit(bound, cast.alice, required_agreements=[])
    grants.revoke(shared, by=cast.alice)
    assert edit(bound, cast.alice, required_agreements=[]).required_agreements == []


def test_a_draft_of_ones_own_is_described_freely(cast):
    facts = {"prohibited_purposes": ["marketing"], "classification": "restricted"}
    draft = assets.register(cast.oncology, "dataset", slug="own", by=cast.alice, **facts)
    versions.open_version(draft, by=cast.alice)
    looser = edit(draft, cast.alice, prohibited_purposes=[], classification="internal")
    assert allowed(cast.alice, DOWNLOAD, looser, purpose="marketing")


def made_from(cast: Cast, draft: Asset) -> Version:
    """Published, by Alice, and made from a version of the draft."""
    source = versions.open_version(draft, by=cast.alice)
    derived = assets.register(cast.oncology, "dataset", slug="derived", by=cast.alice)
    version = versions.open_version(derived, by=cast.alice)
    versions.record_lineage(version, source, Lineage.Relation.values[0], by=cast.alice)
    files.refer(
        version, "a.csv", uri="https://data.example.org/a", size=1, sha256="0" * 64, by=cast.alice
    )
    version = versions.approve(version, by=cast.alice)
    states.set_state(derived, "published", by=cast.alice)
    return version


def test_what_was_published_is_not_opened_through_a_draft_behind_it(cast, bound):
    contributing(cast, bound)
    version = made_from(cast, bound)
    derived = Resource.objects.get(path="/oncology/derived/")
    grants.give(role("reader"), cast.charlie, derived, by=cast.alice)
    assert reason(cast.charlie, version) == "agreement_missing"
    for person in (cast.charlie, cast.alice):  # it is no mere draft any more
        with pytest.raises(PermissionDenied, match="privacy officer"):
            edit(bound, person, required_agreements=[])
    assert reason(cast.charlie, version) == "agreement_missing"


# --- showing


def test_nobody_shows_what_they_will_hold(cast):
    draft = assets.register(cast.oncology, "dataset", slug="notes", by=cast.alice)
    grants.give(role("reader"), cast.erin, draft, starts_at=later(1), by=cast.alice)
    with pytest.raises(PermissionDenied, match=SECOND_PERSON):
        states.set_state(draft, "published", by=cast.erin)
    assert states.set_state(draft, "published", by=cast.alice).state == "published"


def test_a_steward_for_a_while_publishes_all_the_same(cast):
    """What they see today, and as a member later like every other one, is no gain of theirs."""
    draft = assets.register(cast.oncology, "dataset", slug="notes", by=cast.alice)
    grants.give(role("steward"), cast.bob, draft, expires_at=later(1), by=cast.alice)
    assert states.set_state(draft, "published", by=cast.bob).state == "published"
    assert decide(cast.bob, Permission.DISCOVER, draft).allowed


# --- giving: as far as one holds it


@pytest.fixture
def bounded(cast: Cast, plain: Asset) -> Asset:
    """Charlie is steward there for research, for an hour."""
    grants.give(
        role("steward"), cast.charlie, plain, purpose="research", expires_at=later(1), by=cast.alice
    )
    return plain


def test_no_giving_for_what_one_does_not_hold_it_for_nor_for_longer(cast, bounded):
    wider: tuple[dict[str, Any], ...] = (
        {},
        {"purpose": "research"},
        {"expires_at": later(0.5)},
        {"purpose": "marketing", "expires_at": later(0.5)},
        {"purpose": "research", "expires_at": later(2)},
    )
    for given in wider:
        for name in ("reader", "deployer"):  # held, and listed as grantable
            with pytest.raises(
                PermissionDenied, match=r"steward for scientific research until 20.* UTC"
            ):
                grants.give(role(name), cast.bob, bounded, by=cast.charlie, **given)
    assert reason(cast.bob, bounded) == "no_grant"
    within: dict[str, Any] = {"purpose": "research", "expires_at": later(0.5)}
    for name in ("reader", "deployer"):
        assert (
            grants.give(role(name), cast.bob, bounded, by=cast.charlie, **within).status == "active"
        )


def test_nor_extending_or_resuming_it(cast, bounded):
    care: dict[str, Any] = {"purpose": "clinical_care", "expires_at": later(0.5)}
    given = grants.give(role("reader"), cast.petra, bounded, by=cast.alice, **care)
    kept = grants.give(role("reader"), cast.bob, bounded, by=cast.alice)
    grants.suspend(kept, reason="x", by=cast.charlie)
    for attempt in (
        lambda: grants.extend(given, expires_at=None, by=cast.charlie),
        lambda: grants.extend(given, expires_at=later(0.7), by=cast.charlie),
        lambda: grants.resume(kept, by=cast.charlie),
    ):
        with pytest.raises(PermissionDenied, match="does not reach that far"):
            attempt()
    assert grants.resume(kept, by=cast.alice).status == "active"


def test_several_grants_each_reach_as_far_as_they_do(cast, bounded):
    """One for the purpose and one for the time are none for both."""
    grants.give(role("reader"), cast.charlie, bounded, purpose="analytics", by=cast.alice)
    assert (
        grants.give(role("reader"), cast.bob, bounded, purpose="analytics", by=cast.charlie).status
        == "active"
    )
    with pytest.raises(PermissionDenied, match="does not reach that far"):
        grants.give(role("reader"), cast.bob, bounded, purpose="research", by=cast.charlie)
    with pytest.raises(ValidationError):
        grants.give(role("system"), cast.bob, bounded, by=cast.charlie)


def test_what_a_group_gives_counts_for_its_member(cast, plain):
    team = groups.create(name="team", by=cast.erin)
    groups.add_member(team, cast.charlie, by=cast.erin)
    grants.give(role("steward"), team, plain, expires_at=later(2), by=cast.alice)
    assert (
        grants.give(role("reader"), cast.bob, plain, expires_at=later(1), by=cast.charlie).status
        == "active"
    )
    with pytest.raises(PermissionDenied, match="steward until"):
        grants.give(role("reader"), cast.petra, plain, by=cast.charlie)
