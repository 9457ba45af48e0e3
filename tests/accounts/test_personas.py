"""Who may what, where: the whole matrix of the cast, written out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import grants, keys
from accounts.decision import allowed, decide, site
from accounts.models import Grant, Resource
from accounts.permissions import Permission
from accounts.queries import May, on_site, system
from audit.context import Origin, entered
from audit.models import Event
from registry.actions import assets, states, versions
from registry.models import Asset
from tests.acting import do
from tests.cast import role

KINDS = ("site", "project", "draft", "dataset", "version")
READER = "discover read download"
STEWARD = f"{READER} upload edit grant decide_request approve_version read_trail review"
REVIEWER = "discover read decide_request review"
AUDITOR = "discover read_trail review"
ADMIN = f"{AUDITOR} grant manage_people manage_roles manage_policies manage_keys"

# On the site, the project, a draft in it, a published dataset, a pending version of that.
EXPECTED: dict[str, tuple[str, ...]] = {
    "alice": ("", STEWARD, STEWARD, STEWARD, STEWARD),
    "bob": ("", "discover", "", "discover", ""),
    "charlie": ("", "", "", "", ""),
    # What a draft shows goes to its editors; the trail and reviews of it are not its content.
    "dana": (AUDITOR, AUDITOR, "read_trail review", AUDITOR, "read_trail review"),
    "erin": (
        ADMIN,
        ADMIN,
        ADMIN.replace("discover ", ""),
        ADMIN,
        ADMIN.replace("discover ", ""),
    ),
    "petra": (REVIEWER, REVIEWER, "decide_request review", REVIEWER, "decide_request review"),
    "scoring": ("", "", "", "", ""),
    "system": tuple(["manage_people manage_policies"] * 5),
}


@pytest.fixture
def places(cast) -> dict[str, Resource]:
    draft = assets.register(cast.oncology, "dataset", slug="notes", by=cast.alice)
    scans = Asset.objects.get(pk=cast.scans.pk)
    version = versions.open_version(scans, by=cast.alice)
    states.set_state(scans, "published", by=cast.alice)
    found = (site(), cast.oncology, draft, cast.scans, version)
    return dict(zip(KINDS, (Resource.objects.get(pk=r.pk) for r in found), strict=True))


@pytest.mark.parametrize("name", EXPECTED)
def test_the_matrix(cast, places, name):
    person = system() if name == "system" else getattr(cast, name)
    person = getattr(person, "user", person)
    for kind, expected in zip(KINDS, EXPECTED[name], strict=True):
        held = {p.value for p in Permission if allowed(person, p, places[kind])}
        assert held == set(expected.split()), (name, kind)
        may = May(person, places[kind])
        assert {p.value for p in Permission if may[p]} == held, (name, kind)
    for permission in Permission:
        listed = set(person.visible(Resource, permission).values_list("pk", flat=True))
        expected_here = {
            places[k].pk
            for k, held in zip(KINDS, EXPECTED[name], strict=True)
            if permission in held.split()
        }
        assert listed & {place.pk for place in places.values()} == expected_here, permission


def test_what_a_call_knows_ends_with_each_act_and_with_the_call(cast):
    """Asked again after a revoke, in the same call and in the next one."""
    with entered(Origin()):
        assert on_site(cast.dana, Permission.READ_TRAIL)
        assert cast.dana.has_perm("accounts.read_trail")
        grants.revoke(Grant.objects.get(user=cast.dana), by=cast.erin)
        assert not on_site(cast.dana, Permission.READ_TRAIL)
        assert not cast.dana.has_perm("accounts.read_trail")
    with entered(Origin()):
        assert not cast.dana.has_perm("accounts.read_trail")
        grants.give(role("auditor"), cast.dana, site(), by=cast.erin)
        assert cast.dana.has_perm("accounts.read_trail")


def test_a_call_knows_it_of_one_person_and_one_key(cast):
    with entered(Origin()):
        assert on_site(cast.erin, Permission.MANAGE_PEOPLE)
        assert not on_site(cast.bob, Permission.MANAGE_PEOPLE)
        end = timezone.now() + timedelta(hours=1)
        key = keys.issue(cast.erin, name="k", scopes=["read"], expires_at=end, by=cast.erin).key
        assert on_site(cast.erin, Permission.MANAGE_PEOPLE)
        cast.erin.credential = key
        assert not on_site(cast.erin, Permission.MANAGE_PEOPLE)


def test_inside_an_act_it_is_asked_and_told(cast):
    def look() -> Any:
        return cast.dana.has_perm("accounts.read_trail")

    with entered(Origin()):
        assert look()
        assert do(look, by=cast.erin)
    act = Event.objects.filter(verb="test.do").latest("id")
    assert [passed["permission"] for passed in act.decision] == ["discover", "read_trail"]


def test_an_allowed_names_its_grant(cast, places):
    decision = decide(cast.bob, Permission.DISCOVER, places["dataset"])
    assert decision.grant is not None
    assert decision.grant.group == cast.researchers
    assert decision.grant.role.slug == "member"


def test_has_perm_answers_no_other_question(cast):
    """No object is the root; another app's permission or a stranger's object is no."""
    assert not cast.alice.has_perm("accounts.read")
    assert cast.erin.has_perm("accounts.manage_people")
    assert not cast.erin.has_perm("accounts.view_user")
    assert not cast.erin.has_perm("auth.add_group")
    assert not cast.erin.has_perm("accounts.manage_people", cast.bob)
    assert cast.bob.has_perm("accounts.discover", cast.oncology)
    assert not cast.bob.has_perm("accounts.read", cast.oncology)
    assert not hasattr(cast.erin, "is_superuser") or not cast.erin.is_superuser
