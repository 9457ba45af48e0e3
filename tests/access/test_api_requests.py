"""Requests over REST: asked, decided by two, taken back; nothing of them for others."""

from __future__ import annotations

import pytest

from access.models import AccessRequest
from accounts.models import Grant
from registry.actions import states
from registry.models import Asset
from tests.rest import Caller, caller, refused

ASK = {
    "resource": "oncology/ct-scans",
    "role": "reader",
    "purpose": "model_training",
    "justification": "Train the nodule detector",
    "days": 30,
}


@pytest.fixture
def bob(cast) -> Caller:
    states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    return caller(cast.bob)


@pytest.fixture
def path(bob) -> str:
    made = bob.post("requests", ASK)
    assert made.status_code == 201, made.content
    assert made["Location"].endswith(f"/api/v1/requests/{made.json()['id']}")
    return f"requests/{made.json()['id']}"


def test_two_decide_and_then_it_opens(cast, bob, path):
    alice, petra = caller(cast.alice), caller(cast.petra)
    assert [step["who"] for step in bob.get(path).json()["steps"]] == ["steward", "privacy"]
    assert len(alice.list("requests?inbox=1")) == len(petra.list("requests?inbox=1")) == 1
    assert alice.post(f"{path}/approve", {"comment": "fine"}).json()["status"] == "pending"
    assert alice.list("requests?inbox=1") == []
    assert not Grant.objects.filter(origin="request").exists()
    done = petra.post(f"{path}/approve").json()
    assert done["status"] == "approved"
    assert str(Grant.objects.get(origin="request").pk) == done["grant_id"]
    assert [step["decided_by"] for step in done["steps"]] == ["alice", "petra"]
    refused(petra.post(f"{path}/approve"), 409)
    refused(petra.post(f"{path}/reject", {"comment": "late"}), 409)
    refused(bob.post(f"{path}/cancel"), 409)
    refused(bob.post("requests", ASK), 409, "role")


def test_four_eyes(cast, bob, path):
    refused(bob.post(f"{path}/approve"), 403)
    alice = caller(cast.alice)
    alice.post(f"{path}/approve")
    assert refused(alice.post(f"{path}/approve"), 403)["reason"] == "four_eyes"


def test_a_rejection_says_why(cast, path):
    petra = caller(cast.petra)
    refused(petra.post(f"{path}/reject"), 422, "comment")
    refused(petra.post(f"{path}/reject", {"comment": "  "}), 422, "comment")
    done = petra.post(f"{path}/reject", {"comment": "not this purpose"}).json()
    assert (done["status"], done["grant_id"]) == ("rejected", None)


def test_only_who_asked_takes_it_back(cast, bob, path):
    refused(caller(cast.alice).post(f"{path}/cancel"), 403)
    assert bob.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert bob.list("requests?status=cancelled&q=nodule") != []
    assert bob.list("requests?status=pending") == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"resource": "nowhere"}, "resource"),
        ({"resource": "site"}, "resource"),
        ({"role": "steward"}, "role"),
        ({"role": "king"}, "role"),
        ({"purpose": "marketing"}, "purpose"),
        ({"purpose": "fun"}, "purpose"),
        ({"justification": ""}, "justification"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": "1e400"}, "days"),
        ({"subject": "scoring"}, "subject"),
        ({"status": "approved"}, "status"),
    ],
)
def test_what_is_wrong_is_named(bob, wrong, field):
    refused(bob.post("requests", {**ASK, **wrong}), 422, field)
    assert not AccessRequest.objects.exists()


def test_alice_asks_for_her_service(cast, bob):
    made = caller(cast.alice).post("requests", {**ASK, "subject": "scoring"})
    # Alice is the steward: somebody else would have to decide, and there is nobody.
    told = refused(made, 422)
    assert "Nobody could decide" in told["detail"]


def test_charlie_sees_none(cast, path):
    charlie = caller(cast.charlie)
    for verb in ("", "/approve", "/cancel"):
        answer = charlie.post(path + verb) if verb else charlie.get(path)
        refused(answer, 404)
    assert charlie.list("requests") == charlie.list("requests?inbox=1") == []
    assert charlie.list("requests?q=nodule") == []
    refused(charlie.post("requests", ASK), 422, "resource")
