"""Over REST: grants that change, agreements, moving, previews, and why, who and what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from accounts.actions import agreements, grants, roles
from accounts.models import Grant
from registry.actions import assets, projects, states, versions
from registry.models import Asset
from tests.cast import role
from tests.rest import Caller, caller, refused

RANGE = ("first_version", "last_version", "new_versions")
GIVEN = {"role": "reader", "user": "bob", "resource": "oncology/ct-scans"}


def in_days(n: int) -> str:
    return (timezone.now() + timedelta(days=n)).isoformat()


@pytest.fixture
def alice(cast) -> Caller:
    states.set_state(cast.scans, "published", by=cast.alice)
    return caller(cast.alice)


def given(alice: Caller, **more: Any) -> str:
    made = alice.post("grants", GIVEN | more)
    assert made.status_code == 201, made.content
    return f"grants/{made.json()['id']}"


def test_a_grant_on_some_versions(alice):
    path = given(alice, first_version=2)
    told = alice.get(path).json()
    assert (told["first_version"], told["last_version"], told["new_versions"]) == (
        2,
        None,
        "inherit",
    )
    fewer = {"expires_at": None, "first_version": 1, "last_version": 4}
    refused(alice.post(f"{path}/extend", fewer), 422, "first_version")
    bounded = alice.post(f"{path}/narrow", {"first_version": 2, "last_version": 4})
    assert bounded.json()["new_versions"] == "ask"
    everything = {"expires_at": None, "first_version": None}
    path = f"grants/{bounded.json()['id']}"
    assert alice.post(f"{path}/extend", everything).json()["first_version"] is None
    refused(
        alice.post("grants", GIVEN | {"first_version": 3, "last_version": 1}), 422, "last_version"
    )
    refused(alice.post("grants", GIVEN | {"versions": "1-3"}), 422, "versions")


def test_suspend_resume_narrow_extend(cast, alice):
    path = given(alice)
    refused(alice.post(f"{path}/suspend", {}), 422, "reason")
    told = alice.post(f"{path}/suspend", {"reason": "vote is late"}).json()
    assert (told["status"], told["suspended_for"]) == ("suspended", "vote is late")
    assert [row["id"] for row in alice.list("grants?status=suspended")] == [told["id"]]
    refused(alice.post(f"{path}/suspend", {"reason": "again"}), 409)
    refused(caller(cast.bob).post(f"{path}/resume"), 403)
    assert alice.post(f"{path}/resume").json()["status"] == "active"
    end = in_days(5)
    after = caller(cast.bob).post(f"{path}/narrow", {"expires_at": end}).json()
    assert after["replaces"] == told["id"] and alice.get(path).json()["status"] == "replaced"
    later = alice.post(f"grants/{after['id']}/extend", {"expires_at": in_days(50)}).json()
    assert later["replaces"] == after["id"]
    refused(
        alice.post(f"grants/{later['id']}/narrow", {"expires_at": in_days(90)}), 422, "expires_at"
    )
    refused(
        alice.post(f"grants/{later['id']}/extend", {"expires_at": end, "role": "x"}), 422, "role"
    )
    refused(alice.post(f"grants/{later['id']}/extend", {}), 422, "expires_at")


def test_the_verbs_are_not_there_for_an_outsider(cast, alice):
    path, charlie = given(alice), caller(cast.charlie)
    for verb in ("suspend", "resume", "narrow", "extend"):
        refused(charlie.post(f"{path}/{verb}", {"reason": "x", "expires_at": in_days(1)}), 404)
    assert Grant.objects.get(pk=path.rpartition("/")[2]).status == "active"


AGREEMENT = {"slug": "dua", "kind": "data_use", "title": "Data use", "text": "…", "days": 30}


def test_agreements_and_signatures(cast, alice):
    erin, bob = caller(cast.erin), caller(cast.bob)
    refused(alice.post("agreements", AGREEMENT), 403)
    assert erin.post("agreements", AGREEMENT)["Location"].endswith("/agreements/dua")
    refused(erin.post("agreements", AGREEMENT), 409, "slug")
    assert bob.get("agreements/dua").json()["days"] == 30
    refused(bob.post("signatures", {"agreement": "dua", "user": "bob"}), 403)
    refused(erin.post("signatures", {"agreement": "dua", "user": "erin"}), 403)
    refused(erin.post("signatures", {"agreement": "nda", "user": "bob"}), 422, "agreement")
    refused(erin.post("signatures", {"agreement": "dua", "user": "scoring"}), 422, "user")
    made = erin.post("signatures", {"agreement": "dua", "user": "bob", "evidence": "file 7"})
    assert made.status_code == 201 and made.json()["status"] == "active"
    path = f"signatures/{made.json()['id']}"
    assert [row["user"] for row in bob.list("signatures?agreement=dua")] == ["bob"]
    assert alice.list("signatures") == []
    refused(alice.get(path), 404)
    assert bob.post(f"{path}/withdraw", {"reason": "left"}).json()["status"] == "withdrawn"
    refused(erin.post(f"{path}/withdraw"), 409)


def test_required_agreements_and_what_is_inherited(cast, alice):
    agreements.define(slug="dua", kind="data_use", title="Data use", by=cast.erin)
    path = f"datasets/{cast.scans.uid}"
    refused(alice.patch(path, {"required_agreements": ["nda"]}), 422, "required_agreements")
    assert alice.patch(path, {"required_agreements": ["dua"]}).json()["required_agreements"] == [
        "dua"
    ]
    effective = caller(cast.bob).get(path).json()["effective"]
    assert effective["required_agreements"] == ["dua"] and not effective["made_from_withdrawn"]
    assert "marketing" in effective["barred_purposes"]
    refused(alice.patch(path, {"required_agreements": []}), 403)


def test_a_dataset_moves_and_keeps_its_uid(cast, alice):
    cardio = projects.register(slug="cardio", owner=cast.bob, by=cast.erin)
    path = f"datasets/{cast.scans.uid}/move"
    refused(alice.post(path, {"project": "cardio"}), 422, "project")  # not there for Alice yet
    grants.give(role("member"), cast.alice, cardio, by=cast.bob)
    refused(alice.post(path, {"project": "cardio"}), 403)
    grants.give(role("contributor"), cast.alice, cardio, by=cast.bob)
    assert alice.post(path, {"project": "cardio"}).json()["address"] == "cardio/ct-scans"
    assert Asset.objects.get(uid=cast.scans.uid).path == "/cardio/ct-scans/"


def test_a_preview_changes_nothing(cast, alice):
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "read"], by=cast.erin)
    grants.give(lab, cast.dana, cast.scans, by=cast.alice)
    grants.give(lab, cast.bob, cast.scans, by=cast.alice)
    grants.give(role("reader"), cast.bob, cast.scans, by=cast.alice)
    refused(alice.post("roles/lab/preview", {"permissions": ["discover"]}), 404)
    told = caller(cast.erin).post("roles/lab/preview", {"permissions": ["discover"]}).json()
    assert told["counts"]["loses"] == {"people": 1, "resources": 1}
    assert [(e["user"], e["permission"], e["change"]) for e in told["effects"]] == [
        ("dana", "read", "loses"),
        ("bob", "read", "keeps"),
    ]
    assert lab.codenames() == {"discover", "read"}


ASK = {"permission": "download", "resource": "oncology/ct-scans"}


def test_why_with_every_gate_and_every_grant(cast, alice):
    before = timezone.now().isoformat()
    grant = given(alice).rpartition("/")[2]
    told = alice.post("explain", ASK | {"subject": "bob"}).json()
    assert told["allowed"] and told["grant"] == grant
    assert [gate["name"] for gate in told["gates"]][:3] == ["subject", "resource", "blocked"]
    assert [(p["outcome"], p["grant"]["id"]) for p in told["paths"]] == [("gives", grant)]
    assert alice.get(f"trail/{told['paths'][0]['event']}").json()["verb"] == "grant.open"
    past = alice.post("explain", ASK | {"subject": "bob", "at": before}).json()
    assert (past["allowed"], past["reason"], past["paths"]) == (False, "no_grant", [])
    mine = caller(cast.bob).post("explain", ASK).json()
    assert mine["allowed"] and mine["paths"][0]["event"] is None


def test_why_not_names_each_deny_and_who_gave_it(cast, alice):
    given(alice)
    bob = {"user": "bob", "resource": "oncology/ct-scans", "effect": "deny"}
    denies = [
        alice.post("grants", bob | {"role": name, "reason": "looked into"}).json()["id"]
        for name in ("reader", "contributor")
    ]
    told = alice.post("explain", ASK | {"subject": "bob"}).json()
    assert (told["allowed"], told["reason"], told["grant"]) == (False, "deny_grant", None)
    outcomes = [(path["outcome"], path["grant"]["id"]) for path in told["paths"]]
    assert outcomes[:2] == [("denies", deny) for deny in denies]
    assert [outcome for outcome, _ in outcomes[2:]] == ["gives"]
    assert all(alice.get(f"trail/{path['event']}").json()["verb"] == "grant.open"
               for path in told["paths"])  # fmt: skip


def test_before_somebody_was_there_they_were_unknown(cast, alice):
    past = alice.post("explain", ASK | {"subject": "bob", "at": "2020-01-01T00:00:00Z"}).json()
    assert past["reason"] == "subject_unknown"


def test_others_are_for_reviewers_and_the_hidden_is_not_there(cast, alice):
    bob, charlie = caller(cast.bob), caller(cast.charlie)
    refused(bob.post("explain", ASK | {"subject": "alice"}), 403)
    refused(bob.get("who-can?permission=read&resource=oncology/ct-scans"), 403)
    refused(charlie.post("explain", ASK), 404)
    refused(charlie.get("who-can?permission=read&resource=oncology/ct-scans"), 404)
    refused(charlie.get("what-can?permission=read&subject=alice"), 422, "subject")
    refused(alice.post("explain", ASK | {"subject": "nobody"}), 422, "subject")
    refused(alice.post("explain", ASK | {"why": True}), 422, "why")
    refused(alice.get("who-can?permission=read&resource=oncology&why=1"), 422, "why")
    refused(alice.get("who-can?permission=read"), 422, "resource")
    refused(alice.get("what-can?permission=fly"), 422, "permission")


def test_who_and_what_page_by_key(cast, alice):
    given(alice)
    who = "who-can?permission=download&resource=oncology/ct-scans"
    first = alice.get(f"{who}&limit=1").json()
    assert [row["username"] for row in first["results"]] == ["alice"]
    second = alice.get(f"{who}&limit=1&cursor={first['next']}").json()
    assert [row["username"] for row in second["results"]] == ["bob"] and second["next"] is None
    what = alice.list("what-can?permission=download&subject=bob&kind=dataset")
    assert [row["address"] for row in what] == ["oncology/ct-scans"]
    long_ago = "2020-01-01T00:00:00Z"
    assert alice.list(f"what-can?permission=download&at={long_ago}") == []


def test_what_is_told_of_others_is_what_one_reviews(cast, alice):
    """Bob also holds his own project: Alice, who does not review it, is not told."""
    cardio = projects.register(slug="cardio", owner=cast.bob, by=cast.erin)
    assets.register(cardio, "dataset", slug="x", by=cast.bob)
    given(alice)
    of_bob = "what-can?permission=read&subject=bob"
    assert [row["address"] for row in alice.list(of_bob)] == ["oncology/ct-scans"]
    assert len(caller(cast.dana).list(of_bob)) > 1


def test_the_past_is_asked_by_the_addresses_of_then(cast, alice):
    """What moved is found by what it was called; where nothing may be seen, by neither."""
    versions.open_version(cast.scans, by=cast.alice)
    before = timezone.now().isoformat()
    elsewhere = projects.register(slug="elsewhere", owner=cast.alice, by=cast.erin)
    assets.move(Asset.objects.get(pk=cast.scans.pk), elsewhere, by=cast.alice)
    dana, charlie = caller(cast.dana), caller(cast.charlie)
    for tail in ("", "@v1"):
        asked = {"permission": "read", "subject": "alice", "resource": f"oncology/ct-scans{tail}"}
        told = dana.post("explain", asked | {"at": before}).json()
        assert (told["allowed"], told["resource"]) == (True, f"elsewhere/ct-scans{tail}")
        assert told["resource_then"] == f"oncology/ct-scans{tail}"
        who = f"who-can?permission=read&resource={asked['resource']}"
        past = f"{who}&at={quote(before)}"
        assert "alice" in [row["username"] for row in dana.get(past).json()["results"]]
        assert dana.post("explain", asked).status_code == dana.get(who).status_code == 404
        assert charlie.post("explain", asked | {"at": before}).status_code == 404
        assert charlie.get(past).status_code == 404
    for none in ("oncology/ct-scans@v2", "oncology/ct-scans@v1/x", "elsewhere/ct-scans/v1/x"):
        asked = {"permission": "read", "resource": none, "at": before}
        assert dana.post("explain", asked).status_code == 404
    early = {"permission": "read", "resource": "oncology/ct-scans", "at": "2020-01-01T00:00:00Z"}
    assert dana.post("explain", early).status_code == 404


def test_a_reviewer_of_one_dataset_reads_no_more_of_a_grant_above_than_what_decides(cast, alice):
    """What `/grants/…` keeps to itself, the reasons first, `explain` does not tell either."""
    why = "SECRET: under investigation"
    above = given(alice, resource="oncology", reason=why)
    grants.give(role("reviewer"), cast.charlie, cast.scans, by=cast.alice)
    charlie = caller(cast.charlie)
    assert charlie.get(above).status_code == 404
    asked = {"permission": "read", "subject": "bob", "resource": "oncology/ct-scans"}
    answer = charlie.post("explain", asked)
    assert answer.json()["allowed"] and why not in answer.content.decode()
    grant = next(p["grant"] for p in answer.json()["paths"] if p["grant"]["id"] in above)
    assert (grant["role"], grant["resource"], grant["opened_by"]) == ("reader", "oncology", "")
    own = alice.post("explain", asked)
    assert why in own.content.decode()


def test_where_it_lay_then_is_named_to_whom_that_is_there(client, cast, alice):
    before = timezone.now().isoformat()
    elsewhere = projects.register(slug="elsewhere", owner=cast.alice, by=cast.erin)
    moved = assets.move(Asset.objects.get(pk=cast.scans.pk), elsewhere, by=cast.alice)
    grants.give(role("reviewer"), cast.charlie, moved, by=cast.alice)
    asked = {"permission": "read", "subject": "alice", "resource": "elsewhere/ct-scans"}
    then = caller(cast.charlie).post("explain", asked | {"at": before})
    assert then.json()["allowed"] and then.json()["resource_then"] == ""
    assert "oncology" not in then.content.decode()
    client.force_login(cast.charlie)
    page = client.get("/explain/", asked | {"at": before}).content.decode()
    assert "What it lay in then" in page and "/oncology" not in page.split("<main", 1)[1]
    client.force_login(cast.dana)
    page = client.get("/explain/", asked | {"at": before}).content.decode()
    assert "It was <code>oncology/ct-scans</code> at that time." in page
