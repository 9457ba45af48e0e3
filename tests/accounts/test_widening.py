"""Nobody widens their own access: each route, tried, refused, and left in the trail as denied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from access.actions import requests
from accounts.actions import grants, groups, keys, passwords, people, roles, services, sessions
from accounts.decision import site
from accounts.models import ApiKey, Grant, Membership, Role, ServiceAccount, User
from accounts.rules import OwnSide
from audit.models import Event
from registry.actions import assets, files, projects, states, versions
from registry.models import Asset, Version
from tests.acting import do
from tests.cast import role

SOON = timedelta(hours=1)


def refused(verb: str) -> Event:
    return Event.objects.filter(verb=verb, outcome="denied").latest("id")


# --- grants


def test_no_grant_to_oneself(cast):
    with pytest.raises(OwnSide):
        grants.give(role("steward"), cast.alice, cast.oncology, by=cast.alice)
    assert refused("grant.open").actor == cast.alice


def test_no_grant_to_ones_own_group(cast):
    groups.add_member(cast.researchers, cast.alice, by=cast.erin)
    with pytest.raises(OwnSide):
        grants.give(role("reader"), cast.researchers, cast.scans, by=cast.alice)


def test_no_grant_to_a_group_in_which_ones_service_sits(cast):
    nightly = groups.create(name="nightly", by=cast.erin)
    groups.add_member(nightly, cast.scoring.user, by=cast.erin)
    with pytest.raises(OwnSide):
        grants.give(role("reader"), nightly, cast.scans, by=cast.alice)


def test_no_grant_to_ones_own_service(cast):
    with pytest.raises(OwnSide):
        grants.give(role("reader"), cast.scoring.user, cast.scans, by=cast.alice)


@pytest.fixture
def steward_service(cast) -> User:
    """`scoring`, made steward by somebody who does not answer for it."""
    grants.give(role("steward"), cast.scoring.user, cast.oncology, by=second_steward(cast))
    scoring: User = cast.scoring.user
    return scoring


def second_steward(cast) -> User:
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    dana: User = cast.dana
    return dana


def test_no_grant_by_a_service_to_whoever_answers_for_it(cast, steward_service):
    with pytest.raises(OwnSide):
        grants.give(role("reader"), cast.alice, cast.scans, by=steward_service)


def test_no_grant_by_a_service_to_its_sibling(cast, steward_service):
    sibling = services.register(username="nightly", owner=cast.alice, by=cast.erin)
    with pytest.raises(OwnSide):
        grants.give(role("reader"), sibling.user, cast.scans, by=steward_service)


def test_a_giver_holds_what_they_give(cast):
    with pytest.raises(OwnSide, match="ask an admin"):
        grants.give(role("admin"), cast.bob, cast.oncology, by=cast.alice)
    keeper = roles.create(slug="k", name="K", permissions=["manage_people"], by=cast.erin)
    with pytest.raises(OwnSide, match="manage_people"):
        grants.give(keeper, cast.bob, cast.oncology, by=cast.alice)


def test_a_giver_may_give_what_is_listed_for_their_role(cast):
    assert grants.give(role("deployer"), cast.bob, cast.scans, by=cast.alice).status == "active"
    assert grants.give(role("reader"), cast.bob, cast.scans, by=cast.erin).status == "active"


def test_a_giver_gives_where_they_hold_it_only(cast):
    projects.register(slug="cardiology", owner=cast.charlie, by=cast.erin)
    with pytest.raises(PermissionDenied):
        grants.give(role("reader"), cast.bob, site(), by=cast.alice)


def test_the_role_of_the_clock_is_nobodys(cast):
    with pytest.raises(ValidationError):
        grants.give(role("system"), cast.bob, site(), by=cast.erin)


@pytest.mark.parametrize("whom", ["alice", "researchers"])
def test_no_lifting_of_a_deny_on_oneself(cast, whom):
    groups.add_member(cast.researchers, cast.alice, by=cast.erin)
    second_steward(cast)
    deny = grants.give(role("reader"), getattr(cast, whom), cast.scans, effect="deny", by=cast.erin)
    with pytest.raises(PermissionDenied):
        grants.revoke(deny, by=cast.alice)
    assert Grant.objects.get(pk=deny.pk).status == "active"
    assert refused("grant.revoke").actor == cast.alice


def test_renouncing_is_free(cast):
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    assert grants.revoke(grant, by=cast.bob).status == "revoked"


def test_renouncing_is_not_for_what_a_group_holds(cast):
    with pytest.raises(PermissionDenied):
        grants.revoke(Grant.objects.get(group=cast.researchers), by=cast.bob)


# --- groups


def test_no_joining(cast):
    with pytest.raises(OwnSide):
        groups.add_member(cast.researchers, cast.erin, by=cast.erin)
    assert refused("group.add_member").actor == cast.erin


def test_no_leaving_either(cast):
    """A group may be what denies somebody something."""
    do(lambda: Membership(user=cast.erin, group=cast.researchers).save(), by=cast.erin)
    with pytest.raises(OwnSide):
        groups.remove_member(cast.researchers, cast.erin, by=cast.erin)


def test_no_adding_of_ones_own_service(cast):
    mine = services.register(username="nightly", owner=cast.erin, by=cast.erin)
    with pytest.raises(OwnSide):
        groups.add_member(cast.researchers, mine.user, by=cast.erin)


# --- roles


@pytest.fixture
def lab(cast) -> Role:
    made: Role = roles.create(
        slug="lab", name="Lab", permissions=["discover", "manage_roles"], by=cast.erin
    )
    return made


def widen(lab: Role, by: User) -> None:
    roles.edit(lab, name="Lab", permissions=["discover", "manage_roles", "download"], by=by)


def test_no_editing_of_a_role_one_holds(cast, lab):
    do(lambda: hand(lab, cast.erin, cast), by=cast.erin)
    with pytest.raises(OwnSide):
        widen(lab, cast.erin)
    assert "download" not in lab.codenames()


def test_no_editing_of_a_role_ones_group_or_service_holds(cast, lab):
    mine = services.register(username="nightly", owner=cast.erin, by=cast.erin)
    do(lambda: hand(lab, mine.user, cast), by=cast.erin)
    with pytest.raises(OwnSide):
        widen(lab, cast.erin)


def test_no_editing_of_a_role_one_will_hold(cast, lab):
    do(lambda: hand(lab, cast.erin, cast, timezone.now() + SOON), by=cast.erin)
    with pytest.raises(OwnSide):
        widen(lab, cast.erin)


def hand(held: Role, user: User, cast, starts_at=None) -> None:
    Grant(
        role=held,
        user=user,
        resource=cast.oncology,
        opened_by=cast.dana,
        starts_at=starts_at or timezone.now(),
    ).save()


def test_no_editing_of_a_built_in_role(cast):
    for slug in ("admin", "reader"):
        with pytest.raises((ValidationError, OwnSide)):
            widen(role(slug), cast.erin)


# --- services


def test_no_handing_over_to_oneself(cast):
    with pytest.raises(OwnSide):
        services.hand_over(cast.scoring, cast.erin, by=cast.erin)
    assert ServiceAccount.objects.get(pk=cast.scoring.pk).owner == cast.alice


def test_a_service_is_answered_for_by_a_live_person(cast):
    people.deactivate(cast.charlie, by=cast.erin)
    for owner in (cast.scoring.user, User.objects.get(pk=cast.charlie.pk)):
        with pytest.raises(ValidationError):
            services.hand_over(cast.scoring, owner, by=cast.erin)


# --- people


def test_no_reactivating_of_oneself(cast):
    do(lambda: setattr(cast.erin, "is_active", False), by=cast.erin)
    with pytest.raises(PermissionDenied):
        people.reactivate(cast.erin, by=cast.erin)


def test_no_reactivating_of_ones_own_service(cast):
    mine = services.register(username="nightly", owner=cast.erin, by=cast.erin)
    with pytest.raises(OwnSide):
        people.reactivate(mine.user, by=cast.erin)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda cast: passwords.change(cast.bob, "correct horse battery", by=cast.erin),
        lambda cast: passwords.rehash(cast.bob, "correct horse battery", by=cast.erin),
        lambda cast: people.set_name(cast.bob, name="Mallory", by=cast.erin),
        lambda cast: people.set_preferences(cast.bob, theme="", shortcuts=False, by=cast.erin),
        lambda cast: sessions.open_session(cast.bob, by=cast.erin),
        lambda cast: sessions.close_session(cast.bob, by=cast.erin),
    ],
)
def test_what_is_another_persons_own(cast, attempt):
    before = User.objects.values().get(pk=cast.bob.pk)
    with pytest.raises(OwnSide):
        attempt(cast)
    assert User.objects.values().get(pk=cast.bob.pk) == before
    assert Event.objects.latest("id").outcome == "denied"


def test_a_second_first_admin(cast):
    from_system = User.objects.get(kind="system")
    for by in (from_system, cast.erin):
        with pytest.raises(ValidationError):
            people.create_admin(username="root", email="root@example.org", by=by)


def test_no_service_signs_in(cast):
    with pytest.raises(ValidationError):
        sessions.open_session(cast.scoring.user, by=cast.scoring.user)


# --- keys


def issue(owner: User, by: User, **given) -> keys.Issued:
    stated: dict[str, Any] = {
        "name": "k",
        "scopes": ["discover", "manage_keys"],
        "expires_at": timezone.now() + SOON,
    } | given
    issued: keys.Issued = keys.issue(owner, by=by, **stated)
    return issued


def test_no_key_for_another_person(cast):
    with pytest.raises(OwnSide):
        issue(cast.bob, cast.erin)
    with pytest.raises(OwnSide):
        issue(cast.scoring.user, cast.erin)


@pytest.mark.parametrize(
    "wider",
    [
        {"scopes": ["discover", "manage_keys", "download"]},
        {"expires_at": timezone.now() + timedelta(days=30)},
    ],
)
def test_a_key_makes_no_key_that_is_more_than_itself(cast, wider):
    cast.bob.credential = issue(cast.bob, cast.bob).key
    with pytest.raises(OwnSide):
        issue(cast.bob, cast.bob, **wider)
    child = issue(cast.bob, cast.bob, scopes=["discover"], expires_at=timezone.now() + SOON / 2)
    assert child.key.scopes == ["discover"]


def test_a_restricted_key_makes_no_key(cast):
    cast.bob.credential = issue(cast.bob, cast.bob, within=cast.oncology.resource).key
    with pytest.raises(PermissionDenied):
        issue(cast.bob, cast.bob)


@pytest.fixture
def client(cast) -> ApiKey:
    found: ApiKey = issue(cast.scoring.user, cast.alice, kind="c", scopes=["invoke"]).key
    return found


def test_a_client_secret_becomes_no_more_than_itself(cast, client):
    scoring = cast.scoring.user
    token = keys.exchange(client, scopes=["invoke"], by=scoring).key
    assert (token.kind, token.scopes) == ("t", ["invoke"])
    assert token.expires_at <= timezone.now() + keys.TOKEN_LIFE
    assert keys.exchange(client, scopes=[], by=scoring).key.scopes == ["invoke"]
    with pytest.raises(PermissionDenied):
        keys.exchange(client, scopes=["invoke", "download"], by=scoring)
    with pytest.raises(PermissionDenied):
        keys.exchange(client, scopes=["download"], by=scoring)


def test_a_client_secret_is_exchanged_by_its_service_while_it_lives(cast, client):
    scoring = cast.scoring.user
    with pytest.raises(OwnSide):
        keys.exchange(client, scopes=["invoke"], by=cast.charlie)
    service_key = issue(scoring, cast.alice, scopes=["invoke"]).key
    with pytest.raises(OwnSide):
        keys.exchange(service_key, scopes=["invoke"], by=scoring)
    client = keys.revoke(client, by=cast.alice)
    with pytest.raises(OwnSide):
        keys.exchange(client, scopes=["invoke"], by=scoring)


def test_a_key_of_another_is_not_revoked(cast):
    key = issue(cast.bob, cast.bob).key
    with pytest.raises(PermissionDenied):
        keys.revoke(key, by=cast.charlie)
    assert ApiKey.objects.get(pk=key.pk).status == "active"


# --- the registry and requests


def test_no_project_of_ones_own(cast):
    with pytest.raises(ValidationError):
        projects.register(slug="mine", owner=cast.erin, by=cast.erin)


def test_no_project_by_whoever_wants_one(cast):
    with pytest.raises(PermissionDenied):
        projects.register(slug="mine", owner=cast.bob, by=cast.charlie)


@pytest.fixture
def hidden(cast) -> Version:
    """Ready to be approved by whoever judges versions; Charlie does, and does not see it yet."""
    judging = ["discover", "approve_version", "grant"]
    roles.create(slug="judge", name="Judge", permissions=judging, by=cast.erin)
    roles.create(slug="look", name="Look", permissions=["discover"], by=cast.erin)
    states.set_state(cast.scans, "published", by=cast.alice)
    version: Version = versions.open_version(cast.scans, by=cast.alice)
    files.upload(version, "a.csv", [b"a"], by=cast.alice)
    return version


def test_nothing_is_shown_to_oneself_for_when_a_deny_of_ones_own_has_ended(cast, hidden):
    """Somebody who denies it to themselves for a minute gains nothing now, and all of it then."""
    grants.give(role("judge"), cast.charlie, cast.oncology, by=cast.alice)
    soon = timezone.now() + SOON
    grants.give(
        role("look"), cast.charlie, cast.oncology, effect="deny", expires_at=soon, by=cast.charlie
    )
    with pytest.raises(OwnSide, match="second person"):
        versions.approve(hidden, by=cast.charlie)
    assert refused("version.approve").actor == cast.charlie


def test_nothing_is_shown_to_oneself_for_when_a_grant_has_started(cast, hidden):
    judging = ["approve_version"]
    roles.create(slug="stamp", name="Stamp", permissions=judging, by=cast.erin)
    grants.give(role("stamp"), cast.charlie, cast.oncology, by=cast.alice)
    soon = timezone.now() + SOON
    grants.give(role("reader"), cast.charlie, cast.oncology, starts_at=soon, by=cast.alice)
    with pytest.raises(OwnSide, match="second person"):
        versions.approve(hidden, by=cast.charlie)
    versions.approve(hidden, by=cast.alice)


def test_a_contact_holds_nothing(cast):
    scans = Asset.objects.get(pk=cast.scans.pk)
    assets.hand_over(scans, cast.charlie, by=cast.alice)
    assert not cast.charlie.has_perm("accounts.read", scans)


def test_no_asking_for_others_or_for_what_is_given(cast):
    for given in ({"subject": cast.charlie}, {"subject": cast.scoring.user}):
        with pytest.raises(ValidationError):
            requests.submit(
                cast.oncology,
                role("reader"),
                purpose="research",
                justification="x",
                by=cast.bob,
                **given,
            )
    with pytest.raises(ValidationError):
        requests.submit(
            cast.oncology, role("steward"), purpose="research", justification="x", by=cast.bob
        )
