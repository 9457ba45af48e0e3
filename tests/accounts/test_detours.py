"""Ways around that one person once had: through a service, a role, a condition, a deny, a twin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from access.actions import requests
from accounts.actions import grants, keys, people, roles, services
from accounts.authentication import find_key
from accounts.decision import allowed
from accounts.grants import open_grant
from accounts.lockout import account_name
from accounts.models import Grant, Resource, User
from accounts.rules import OwnSide
from registry.actions import assets, files, states, versions
from registry.models import Asset, Dataset
from tests.acting import do
from tests.cast import PASSWORD, role

SOON = timedelta(days=1)


@pytest.fixture
def scans(cast) -> Resource:
    states.set_state(Dataset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    return Resource.objects.get(pk=cast.scans.pk)


def edit(cast, by: User, **facts):
    return assets.edit(Dataset.objects.get(pk=cast.scans.pk), by=by, **facts)


def test_a_key_kept_from_a_service_dies_when_it_is_handed_over(cast):
    mole = services.register(username="mole", owner=cast.erin, by=cast.erin)
    kept = keys.issue(
        mole.user,
        name="k",
        scopes=["read", "download"],
        expires_at=timezone.now() + SOON,
        by=cast.erin,
    )
    services.hand_over(mole, cast.charlie, by=cast.erin)
    with pytest.raises(AuthenticationFailed):
        find_key(kept.secret)


def test_a_role_never_grows(cast):
    """Neither behind a request that waits nor behind a grant that stands."""
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "read"], by=cast.erin)
    for permissions in (["discover", "read", "download"], ["grant"]):
        with pytest.raises(ValidationError, match="only narrows"):
            roles.edit(lab, name="Lab", permissions=permissions, by=cast.erin)
    roles.edit(lab, name="Lab", permissions=["discover"], by=cast.erin)
    assert lab.codenames() == {"discover"}


@pytest.mark.parametrize(
    "facts",
    [
        {"categories": ["personal"]},
        {"classification": "internal"},
        {"permitted_purposes": ["model_training", "research", "marketing"]},
        {"permitted_purposes": ["marketing"]},
    ],
)
def test_who_edits_does_not_loosen(cast, scans, facts):
    with pytest.raises(OwnSide, match="privacy officer"):
        edit(cast, cast.alice, **facts)
    assert Dataset.objects.get(pk=cast.scans.pk).categories == ["personal", "health"]


def test_the_privacy_officer_loosens_and_everybody_tightens(cast, scans):
    edit(cast, cast.alice, permitted_purposes=["research"], name="Scans")
    edit(cast, cast.petra, permitted_purposes=["research", "public_health"])
    assert Dataset.objects.get(pk=cast.scans.pk).permitted_purposes == ["research", "public_health"]
    with pytest.raises(PermissionDenied):
        edit(cast, cast.petra, name="Petra's")


def test_what_became_sensitive_since_is_asked_of_the_privacy_officer_too(cast):
    plain = assets.register(cast.oncology, "dataset", slug="weather", by=cast.alice)
    states.set_state(plain, "published", by=cast.alice)
    asked = requests.submit(
        Resource.objects.get(pk=plain.pk),
        role("reader"),
        purpose="research",
        justification="x",
        by=cast.bob,
    )
    assets.edit(
        Dataset.objects.get(pk=plain.pk),
        by=cast.alice,
        categories=["health"],
        lawful_basis="6.1.e",
        special_basis="9.2.j",
        permitted_purposes=["research"],
    )
    requests.approve(asked, by=cast.alice)
    assert not Grant.objects.filter(user=cast.bob, role=role("reader")).exists()
    requests.approve(asked, by=cast.petra)
    assert Grant.objects.filter(user=cast.bob, role=role("reader")).exists()


@pytest.mark.parametrize("overseer", ["erin", "dana", "petra"])
def test_a_steward_blinds_no_overseer(cast, scans, overseer):
    person = getattr(cast, overseer)
    for held in ("admin", "auditor", "privacy-officer", "member", "reader"):
        with pytest.raises((OwnSide, ValidationError)):
            grants.give(role(held), person, scans, effect="deny", by=cast.alice)
    assert allowed(person, "discover", scans)


def test_who_no_longer_oversees_or_never_did_is_denied_like_anybody(cast, scans):
    """A closed permission and a deny make nobody an overseer."""
    watcher = roles.create(slug="watcher", name="W", permissions=["read", "review"], by=cast.erin)
    do(lambda: open_grant(watcher, cast.charlie, cast.oncology, by=cast.erin), by=cast.erin)
    with pytest.raises(OwnSide, match="oversees this from above"):
        grants.give(role("reader"), cast.charlie, scans, effect="deny", by=cast.alice)
    roles.edit(watcher, name="W", permissions=["read"], by=cast.erin)
    grants.give(role("reader"), cast.charlie, scans, effect="deny", by=cast.alice)

    do(
        lambda: open_grant(role("reviewer"), cast.bob, cast.oncology, effect="deny", by=cast.erin),
        by=cast.erin,
    )
    grants.give(role("reader"), cast.bob, scans, effect="deny", by=cast.alice)


def test_a_deny_still_blocks_the_use_of_data(cast, scans):
    grants.give(role("reader"), cast.bob, scans, effect="deny", by=cast.alice)
    assert not allowed(cast.bob, "discover", scans)


def test_a_steward_names_no_privacy_officer(cast, scans):
    with pytest.raises(OwnSide, match="ask an admin"):
        grants.give(role("privacy-officer"), cast.bob, scans, by=cast.alice)


def test_one_access_one_grant(cast, scans):
    grants.give(role("reader"), cast.charlie, scans, by=cast.alice)
    with pytest.raises(ValidationError, match="already"):
        grants.give(role("reader"), cast.charlie, scans, by=cast.alice)


def test_a_grant_for_a_purpose_that_is_not_permitted_is_refused(cast, scans):
    with pytest.raises(ValidationError, match="Not permitted"):
        grants.give(role("reader"), cast.charlie, scans, purpose="marketing", by=cast.alice)


def test_the_tokens_of_a_revoked_secret_die_with_it(cast):
    service = cast.scoring.user
    secret = keys.issue(
        service,
        name="job",
        scopes=["read"],
        kind="c",
        expires_at=timezone.now() + SOON,
        by=cast.alice,
    )
    token = keys.exchange(secret.key, scopes=["read"], by=service)
    assert find_key(token.secret).owner == service
    keys.revoke(secret.key, by=cast.alice)
    with pytest.raises(AuthenticationFailed):
        find_key(token.secret)


def test_neither_session_nor_service_key_comes_back_with_a_person(cast):
    browser = Client()
    browser.post("/account/login/", {"login": "alice", "password": PASSWORD})
    assert browser.get("/keys/").status_code == 200
    until = timezone.now() + SOON
    key = keys.issue(
        cast.scoring.user, name="k", scopes=["read"], expires_at=until, by=cast.alice
    ).secret
    people.deactivate(User.objects.get(username="alice"), by=cast.erin)
    people.reactivate(User.objects.get(username="alice"), by=cast.erin)
    assert browser.get("/keys/").status_code == 302  # to sign in
    with pytest.raises(AuthenticationFailed):
        find_key(key)


@pytest.mark.parametrize("name", ["Bob", "аlice", ".", "-", "bob\n"])
def test_no_name_looks_like_another(cast, name):
    with pytest.raises(ValidationError):
        people.invite(username=name, email="x@example.org", by=cast.erin)


@pytest.mark.parametrize("slug", ["CT-scans", "ct_scans", "-", "ct-scans\n"])
def test_no_address_looks_like_another(cast, slug):
    with pytest.raises(ValidationError):
        assets.register(cast.oncology, "dataset", slug=slug, by=cast.alice)
    assert Asset.objects.count() == 1


def test_a_lockout_counts_the_account_however_it_is_spelled(cast):
    spelled = ["petra", "PETRA", " petra ", "petra@example.org", "Petra@Example.org"]
    assert {account_name(None, {"username": name}) for name in spelled} == {str(cast.petra.pk)}


SHOWING = {
    "publish": lambda w, by: states.set_state(w["draft"], "published", by=by),
    "retire": lambda w, by: states.set_state(w["draft"], "retired", by=by),
    "approve": lambda w, by: versions.approve(w["version"], by=by),
    "withdraw": lambda w, by: versions.withdraw(w["version"], reason="x", by=by),
}


@pytest.mark.parametrize("how", SHOWING)
def test_who_does_not_edit_shows_nothing_hidden_to_themselves(cast, how):
    """Charlie gives access and judges versions, and discovers what is published: not the drafts."""
    judging = ["discover", "approve_version", "grant"]
    judge = roles.create(slug="judge", name="Judge", permissions=judging, by=cast.erin)
    grants.give(judge, cast.charlie, cast.oncology, by=cast.alice)
    draft = assets.register(cast.oncology, "dataset", slug="notes", by=cast.alice)
    version = versions.open_version(cast.scans, by=cast.alice)
    files.upload(version, "a.csv", [b"a"], by=cast.alice)
    states.set_state(cast.scans, "published", by=cast.alice)
    world = {"draft": draft, "version": version}
    with pytest.raises(PermissionDenied, match="second person"):
        SHOWING[how](world, cast.charlie)
    SHOWING[how](world, cast.alice)
