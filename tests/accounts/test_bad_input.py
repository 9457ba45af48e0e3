"""What is wrong with a grant, a role, a group or a person is named with its field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.actions import grants, groups, people, roles, services
from accounts.models import Grant, Role, User
from audit.models import Event
from tests.cast import role

NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"expires_at": NOW - DAY}, "expires_at"),
        ({"starts_at": NOW + 2 * DAY, "expires_at": NOW + DAY}, "expires_at"),
        ({"purpose": "world_domination"}, "purpose"),
        ({"effect": "perhaps"}, "effect"),
    ],
)
def test_a_bad_grant(cast, given, field):
    with pytest.raises(ValidationError) as error:
        grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice, **given)
    assert field in error.value.message_dict
    assert not Grant.objects.filter(user=cast.bob).exists()
    assert Event.objects.latest("id").outcome == "failed"


def test_no_grant_to_a_deactivated_person(cast):
    people.deactivate(cast.bob, by=cast.erin)
    with pytest.raises(ValidationError) as error:
        grants.give(role("reader"), User.objects.get(pk=cast.bob.pk), cast.scans, by=cast.alice)
    assert list(error.value.message_dict) == ["user"]


def test_no_grant_of_a_retired_role(cast):
    lab = roles.create(slug="lab", name="Lab", permissions=["read"], by=cast.erin)
    roles.retire(lab, by=cast.erin)
    with pytest.raises(ValidationError):
        grants.give(lab, cast.bob, cast.scans, by=cast.alice)


def test_a_revoked_grant_is_not_revoked_again(cast):
    grant = grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    grants.revoke(grant, by=cast.alice)
    with pytest.raises(ValidationError, match="revoked already"):
        grants.revoke(grant, by=cast.alice)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"permissions": []}, "permissions"),
        ({"permissions": ["read", "fly"]}, "permissions"),
        ({"slug": "two words"}, "slug"),
        ({"slug": "reader"}, "slug"),
        ({"name": ""}, "name"),
    ],
)
def test_a_bad_role(cast, given, field):
    stated: dict[str, Any] = {"slug": "lab", "name": "Lab", "permissions": ["read"]} | given
    before = Role.objects.count()
    with pytest.raises(ValidationError) as error:
        roles.create(by=cast.erin, **stated)
    assert list(error.value.message_dict) == [field]
    assert Role.objects.count() == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "bob"}, "username"),
        ({"username": "two words"}, "username"),
        ({"email": "bob@example.org"}, "email"),
        ({"email": "BOB@example.org"}, "email"),
        ({"email": "nonsense"}, "email"),
        ({"email": ""}, "email"),
    ],
)
def test_a_bad_invitation(cast, given, field):
    stated: dict[str, Any] = {"username": "nora", "email": "nora@example.org"} | given
    with pytest.raises(ValidationError) as error:
        people.invite(by=cast.erin, **stated)
    found = error.value.message_dict
    assert field in found or "e-mail" in str(found)


def test_nobody_goes_by_a_uuid(cast):
    """However it is spelled: gateways name people and services by it."""
    uid = cast.alice.pk
    for name in (str(uid), uid.hex, f"{uid.hex[:9]}--{uid.hex[9:]}", f"0x{uid.hex[2:]}"):
        with pytest.raises(ValidationError, match="reads as a uuid"):
            people.invite(username=name, email="x@example.org", by=cast.erin)
        with pytest.raises(ValidationError, match="reads as a uuid"):
            services.register(username=name, owner=cast.bob, by=cast.erin)
    people.invite(username=uid.hex[1:], email="x@example.org", by=cast.erin)


def test_a_bad_service(cast):
    with pytest.raises(ValidationError):
        services.register(username="bob", owner=cast.alice, by=cast.erin)
    assert User.objects.filter(kind="service").count() == 1


def test_a_group_has_a_name_of_its_own_and_a_member_once(cast):
    for name in ("", "researchers", "x" * 200):
        with pytest.raises(ValidationError):
            groups.create(name=name, by=cast.erin)
    with pytest.raises(ValidationError, match="already"):
        groups.add_member(cast.researchers, cast.bob, by=cast.erin)
    with pytest.raises(ValidationError, match="not in"):
        groups.remove_member(cast.researchers, cast.charlie, by=cast.erin)
    people.deactivate(cast.charlie, by=cast.erin)
    with pytest.raises(ValidationError):
        gone = User.objects.get(pk=cast.charlie.pk)
        groups.add_member(cast.researchers, gone, by=cast.erin)


def test_the_system_stays_and_nobody_deactivates_themselves(cast):
    for user in (User.objects.get(kind="system"), cast.erin):
        with pytest.raises(ValidationError):
            people.deactivate(user, by=cast.erin)


def test_a_role_that_is_held_is_not_retired(cast):
    lab = roles.create(slug="lab", name="Lab", permissions=["read"], by=cast.erin)
    grants.give(lab, cast.bob, cast.scans, by=cast.alice)
    with pytest.raises(ValidationError, match="still held"):
        roles.retire(lab, by=cast.erin)


@pytest.mark.parametrize(
    "address",
    ["/grants/?q=%00", "/people/?q=%00", "/requests/?q=%00", "/inbox/?q=%00", "/grants/?role=%00",
     "/requests/new/?resource=%00", "/explain/?resource=%00&permission=read"],
)  # fmt: skip
def test_no_page_breaks_on_what_no_database_holds(client, cast, address):
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    assert client.get(address).status_code in (200, 404, 422)


EDGES = {
    "9999-12-31T23:59:59-14:00": False, "0001-01-01T00:00+14:00": False,
    "9999-12-31T23:59-00:01": False, "9999-12-31T23:59:59.999999": True,
    "0001-01-01T00:00": True, "2026-05-03T10:00+23:59": True,
}  # fmt: skip


@pytest.mark.parametrize("at", EDGES)
def test_no_page_breaks_on_a_moment_at_the_edge_of_time(client, cast, at):
    client.force_login(cast.erin, "accounts.backend.SignInBackend")
    asked = {"permission": "read", "resource": "oncology/ct-scans", "at": at}
    for page in ("/explain/", "/explain/who/", "/explain/what/"):
        answer = client.get(page, asked)
        assert answer.status_code in (200, 422), page
        assert ("at" in answer.context["form"].errors) is not EDGES[at], page
    given = {"subject": "bob", "resource": "oncology/ct-scans", "role": "reader"}
    more = {"effect": "allow", "reason": "x"}
    for field in ("starts_at", "expires_at"):
        answer = client.post("/grants/new/", given | more | {field: at})
        assert answer.status_code in (302, 200, 422)
        if not EDGES[at]:
            assert field in answer.context["form"].errors
        elif answer.status_code == 302:
            assert client.get(answer["Location"]).status_code == 200
            assert client.get("/grants/?status=all").status_code == 200
            grants.revoke(Grant.objects.get(user=cast.bob, closed_at=None), by=cast.erin)
