"""Grants, roles, people, groups, services, keys and decisions over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import grants, keys
from accounts.models import Grant
from audit.models import Event
from tests.cast import role
from tests.rest import Caller, caller, refused

NOW = timezone.now()


@pytest.fixture
def erin(cast) -> Caller:
    return caller(cast.erin)


@pytest.fixture
def alice(cast) -> Caller:
    return caller(cast.alice)


@pytest.fixture
def charlie(cast) -> Caller:
    return caller(cast.charlie)


GIVE = {"role": "reader", "user": "bob", "resource": "oncology/ct-scans"}


# --- grants


def test_a_grant_is_given_seen_and_revoked(cast, alice):
    until = (timezone.now() + timedelta(days=3)).isoformat()
    made = alice.post("grants", {**GIVE, "expires_at": until, "purpose": "research"})
    assert made.status_code == 201, made.content
    grant = made.json()
    assert (grant["subject"], grant["status"], grant["opened_by"]) == ("bob", "active", "alice")
    assert made["Location"].endswith(f"/api/v1/grants/{grant['id']}")
    assert grant in caller(cast.bob).list("grants")
    assert grant in alice.list("grants?subject=bob&role=reader&status=active&q=bob")
    revoke = f"grants/{grant['id']}/revoke"
    assert alice.post(revoke, {"reason": "done"}).json()["status"] == "revoked"
    refused(alice.post(revoke), 409)


def test_a_group_by_name_and_everything_by_site(cast, erin):
    made = erin.post("grants", {"role": "auditor", "group": "researchers", "resource": "site"})
    assert (made.json()["subject"], made.json()["resource"]) == ("group:researchers", "site")
    by_uid = {"role": "reader", "group": "researchers", "resource": str(cast.oncology.uid)}
    assert caller(cast.alice).post("grants", by_uid).json()["resource"] == "oncology"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"role": "king"}, "role"),
        ({"role": "system"}, "role"),
        ({"user": "nobody"}, "user"),
        ({"user": ""}, "user"),
        ({"user": 7.5}, "user"),
        ({"user": ["bob"]}, "user"),
        ({"group": "researchers"}, "user"),
        ({"resource": "nowhere"}, "resource"),
        ({"purpose": "fun"}, "purpose"),
        ({"effect": "maybe"}, "effect"),
        ({"expires_at": (NOW - timedelta(days=1)).isoformat()}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        (
            {
                "starts_at": (NOW + timedelta(days=2)).isoformat(),
                "expires_at": (NOW + timedelta(days=1)).isoformat(),
            },
            "expires_at",
        ),
    ],
)
def test_what_is_wrong_with_a_grant_is_named(alice, wrong, field):
    before = Grant.objects.count()
    refused(alice.post("grants", {**GIVE, **wrong}), 422, field)
    assert Grant.objects.count() == before


def test_a_grant_to_a_deactivated_person(cast, erin, alice):
    assert erin.post(f"users/{cast.bob.pk}/deactivate", {"reason": "left"}).status_code == 200
    refused(erin.post("grants", {**GIVE, "role": "auditor", "resource": "site"}), 422, "user")
    assert erin.post(f"users/{cast.bob.pk}/reactivate").json()["is_active"] is True


def test_nobody_gives_to_themselves(alice):
    told = refused(alice.post("grants", {**GIVE, "user": "alice"}), 403)
    assert told["reason"] == "own_access"


# --- roles


def test_a_role_is_made_edited_and_retired(erin, charlie):
    asked = {"slug": "labeller", "name": "Labeller", "permissions": ["discover", "read"]}
    assert erin.post("roles", asked).status_code == 201
    refused(erin.post("roles", asked), 409, "slug")
    edited = erin.patch("roles/labeller", {"permissions": ["discover"]}).json()
    assert (edited["name"], edited["permissions"]) == ("Labeller", ["discover"])
    assert erin.post("roles/labeller/retire").json()["retired_at"]
    refused(erin.post("roles", {**asked, "slug": "x", "permissions": ["fly"]}), 422)
    refused(erin.post("roles", {**asked, "slug": "x", "permissions": []}), 422, "permissions")
    refused(erin.patch("roles/reader", {"name": "Mine"}), 422)
    refused(charlie.post("roles", {**asked, "slug": "x"}), 403)
    assert charlie.get("roles/reader").json()["built_in"] is True
    refused(charlie.get("roles/system"), 404)


# --- people, groups, services


def test_people_are_invited(cast, erin, charlie, mailoutbox):
    asked = {"username": "frida", "email": "frida@example.org", "name": "Frida"}
    made = erin.post("users", asked)
    assert (made.status_code, made.json()["kind"]) == (201, "human")
    refused(erin.post("users", {**asked, "email": "f@example.org"}), 409, "username")
    refused(erin.post("users", {**asked, "username": "f", "email": "no"}), 422, "email")
    refused(erin.post("users", {**asked, "username": "a b"}), 422)
    assert [row["username"] for row in erin.list("users?q=frida")] == ["frida"]
    refused(charlie.post("users", {**asked, "username": "mine"}), 403)
    refused(charlie.post(f"users/{cast.bob.pk}/deactivate"), 404)
    refused(erin.post(f"users/{cast.erin.pk}/deactivate"), 422)


def test_groups_and_their_members(cast, erin, charlie):
    made = erin.post("groups", {"name": "readers"}).json()
    members = f"groups/{made['id']}/members"
    refused(erin.post("groups", {"name": "readers"}), 409, "name")
    added = erin.post(members, {"user": "bob"})
    assert (added.status_code, added.json()["user"]) == (201, "bob")
    assert added["Location"].endswith(f"{members}/bob")
    refused(erin.post(members, {"user": "bob"}), 409, "user")
    assert [row["user"] for row in erin.list(members)] == ["bob"]
    assert caller(cast.bob).list("groups") != []
    refused(charlie.get(members), 404)
    assert charlie.list("groups") == []
    assert erin.delete(f"{members}/bob").status_code == 204
    refused(erin.delete(f"{members}/bob"), 404)
    refused(erin.post(members, {"user": "erin"}), 403)
    assert erin.patch(f"groups/{made['id']}", {"name": "r2"}).json()["name"] == "r2"
    refused(erin.get(f"groups/{2**70}"), 404)


def test_services_have_an_owner(cast, erin, alice, charlie):
    made = erin.post("service-accounts", {"username": "nightly", "owner": "alice"})
    assert (made.status_code, made.json()["owner"]) == (201, "alice")
    path = f"service-accounts/{made.json()['id']}"
    assert made.json() in alice.list("service-accounts")
    refused(charlie.get(path), 404)
    assert erin.post(f"{path}/hand-over", {"owner": "bob"}).json()["owner"] == "bob"
    refused(erin.post(f"{path}/hand-over", {"owner": "erin"}), 403)
    refused(erin.post(f"{path}/hand-over", {"owner": "scoring"}), 422, "owner")
    refused(alice.get(path), 404)


# --- keys


def asked_key(**stated):
    until = (timezone.now() + timedelta(minutes=30)).isoformat()
    return {"name": "laptop", "scopes": ["read"], "expires_at": until, **stated}


def test_a_secret_is_shown_once(cast, alice):
    made = alice.post("keys", asked_key())
    assert made.status_code == 201, made.content
    assert made["Cache-Control"] == "no-store"
    secret = made.json()["secret"]
    assert Caller(secret).get("whoami").json()["key"]["scopes"] == ["read"]
    path = f"keys/{made.json()['id']}"
    for answer in (alice.get(path), alice.get("keys")):
        assert secret.encode() not in answer.content
    assert alice.get(path).json()["key_ids"][0] in secret
    assert alice.post(f"{path}/revoke").json()["status"] == "revoked"
    refused(alice.post(f"{path}/revoke"), 409)
    refused(Caller(secret).get("whoami"), 401)


def test_keys_of_one_s_service(alice, charlie):
    made = alice.post("keys", asked_key(owner="scoring", kind="c", within="oncology"))
    assert (made.json()["owner"], made.json()["within"]) == ("scoring", "oncology")
    path = f"keys/{made.json()['id']}"
    refused(charlie.get(path), 404)
    refused(charlie.post(f"{path}/revoke"), 404)
    refused(charlie.post("keys", asked_key(owner="scoring")), 422, "owner")
    refused(charlie.post("keys", asked_key(within="oncology")), 422, "within")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["fly"]}, "scopes.0"),
        ({"scopes": "read"}, "scopes"),
        ({"expires_at": (NOW - timedelta(days=1)).isoformat()}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"kind": "t"}, "kind"),
        ({"kind": "s"}, "kind"),
        ({"name": ""}, "name"),
        ({"owner": "bob"}, "owner"),
    ],
)
def test_what_is_wrong_with_a_key_is_named(alice, wrong, field):
    refused(alice.post("keys", asked_key(**wrong)), 422, field)


def test_a_key_makes_no_wider_key(cast):
    narrow = caller(cast.alice, "read", "manage_keys")
    assert narrow.post("keys", asked_key()).status_code == 201
    told = refused(narrow.post("keys", asked_key(scopes=["grant"])), 403)
    assert told["reason"] == "own_access"


# --- decisions


def decided(who: Caller, **asked):
    answer = who.post("decide", {"permission": "read", "resource": "oncology/ct-scans", **asked})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_decide_names_its_grant(cast, alice):
    published(cast)
    given = grants.give(role("reader"), cast.bob, cast.scans, purpose="research", by=cast.alice)
    bob = caller(cast.bob)
    told = decided(bob, permission="download")
    assert told == {
        "allowed": True,
        "reason": "allowed",
        "grant": str(given.pk),
        "role": "reader",
        "purpose": "research",
    }
    told = decided(bob, permission="download", purpose="marketing")
    assert (told["allowed"], told["reason"]) == (False, "purpose_not_permitted")
    assert decided(bob, permission="edit")["reason"] == "no_grant"
    assert decided(bob, resource=str(cast.scans.uid))["allowed"] is True
    assert decided(caller(cast.bob, "download"), permission="download")["allowed"] is True


def published(cast) -> None:
    from_draft = caller(cast.alice).post(f"datasets/{cast.scans.uid}/state", {"state": "published"})
    assert from_draft.status_code == 200


def test_decide_about_another_needs_review(cast, alice, charlie):
    published(cast)
    assert decided(alice, subject="bob")["allowed"] is False
    assert decided(caller(cast.petra), subject="alice")["allowed"] is True
    refused(
        alice.post("decide", {"permission": "read", "resource": "oncology", "subject": "x"}),
        422,
        "subject",
    )
    about = {"permission": "read", "resource": "oncology/ct-scans", "subject": "alice"}
    refused(caller(cast.bob).post("decide", about), 403)
    refused(charlie.post("decide", about), 404)
    refused(caller(cast.alice, "discover").post("decide", {**about, "subject": "bob"}), 403)
    assert Event.objects.filter(verb="decision.ask", outcome="denied", actor=cast.bob).exists()


def test_decide_tells_charlie_nothing(cast, charlie):
    hidden = charlie.post("decide", {"permission": "read", "resource": "oncology/ct-scans"})
    absent = charlie.post("decide", {"permission": "read", "resource": "oncology/nothing"})
    told = [{**refused(answer, 404), "request_id": ""} for answer in (hidden, absent)]
    assert told[0] == told[1]
    refused(
        charlie.post("decide", {"permission": "fly", "resource": "oncology"}), 422, "permission"
    )
    refused(charlie.post("decide", {"permission": "read"}), 422, "resource")


# --- Charlie by id, list, count and cursor


def test_charlie_sees_himself_only(cast, charlie, alice):
    grant = Grant.objects.filter(user=cast.alice)[0]
    key = keys.issue(
        cast.bob,
        name="k",
        scopes=["read"],
        by=cast.bob,
        expires_at=timezone.now() + timedelta(days=1),
    ).key
    paths = [
        f"grants/{grant.pk}",
        f"users/{cast.bob.pk}",
        f"groups/{cast.researchers.pk}",
        f"service-accounts/{cast.scoring.pk}",
        f"keys/{key.pk}",
    ]
    for path in paths:
        refused(charlie.get(path), 404)
    assert [row["username"] for row in charlie.list("users")] == ["charlie"]
    assert charlie.list("users?q=bob") == []
    assert charlie.list("grants?q=alice") == charlie.list("grants?resource=oncology") == []
    assert charlie.list("service-accounts") == []
    assert [row["owner"] for row in charlie.list("keys")] == ["charlie"]
    cursor = caller(cast.erin).get("users?limit=1").json()["next"]
    assert [row["username"] for row in charlie.list(f"users?cursor={cursor}")] == ["charlie"]
    refused(charlie.post(f"grants/{grant.pk}/revoke"), 404)


def test_whoami(cast):
    me = caller(cast.bob, "read").get("whoami").json()
    assert (me["username"], me["groups"], me["key"]["scopes"]) == ("bob", ["researchers"], ["read"])
