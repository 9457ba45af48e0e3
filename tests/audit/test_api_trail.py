"""The trail over REST: filtered, one event with its changes, and the viewing recorded."""

from __future__ import annotations

import pytest

from accounts.actions import grants
from audit.models import Event
from tests.cast import role
from tests.rest import Caller, caller, refused


@pytest.fixture
def dana(cast) -> Caller:
    return caller(cast.dana)


@pytest.fixture
def given(cast):
    return grants.give(role("reader"), cast.bob, cast.scans, reason="asked", by=cast.alice)


def test_the_auditor_finds_an_act_with_its_changes(dana, given):
    (found,) = dana.list("trail?actor=alice&verb=grant.open&resource=oncology/ct-scans&text=bob")
    assert (found["outcome"], found["door"], found["message"]) == ("ok", "system", "asked")
    assert found["decision"][0]["permission"] == "grant"
    whole = dana.get(f"trail/{found['uid']}").json()
    assert {key: whole[key] for key in found} == found
    (change,) = whole["changes"]
    assert (change["table"], change["object_pk"]) == ("grant", str(given.pk))
    assert change["changes"]["reason"][1] == "asked"


def test_what_else_the_same_call_left(cast, dana):
    bob = caller(cast.bob)
    refused(bob.post("grants", {"role": "reader", "user": "bob", "resource": "oncology"}), 403)
    (denied,) = dana.list("trail?actor=bob&outcome=denied&door=rest&verb=grant")
    whole = dana.get(f"trail/{denied['uid']}").json()
    assert whole["changes"] == whole["same_request"] == []
    assert whole["data"]["reason"] == "no_grant"


def test_looking_is_recorded(cast, dana, given):
    def looks(verb: str) -> int:
        found: int = Event.objects.filter(verb=verb, actor=cast.dana, outcome="ok").count()
        return found

    rows = dana.list("trail?verb=grant.open")
    assert looks("trail.view") == 1
    dana.get(f"trail/{rows[0]['uid']}")
    assert looks("trail.view_event") == 1
    assert "grant.open" in Event.objects.get(verb="trail.view").message


def test_a_steward_reads_what_is_theirs_to_watch(cast, given):
    found = caller(cast.alice).list("trail?limit=100")
    assert found
    assert all(row["resource"].startswith("/oncology/") for row in found)


def test_to_charlie_there_is_no_trail(cast, dana, given):
    event = dana.list("trail?verb=grant.open")[0]["uid"]
    cursor = dana.get("trail?limit=1").json()["next"]
    charlie = caller(cast.charlie)
    for path in ("trail", f"trail/{event}", "trail?text=bob", f"trail?cursor={cursor}"):
        refused(charlie.get(path), 404)
    assert Event.objects.filter(actor=cast.charlie, verb="trail.view", outcome="denied").exists()
    narrow = caller(cast.dana, "discover")
    refused(narrow.get("trail"), 404)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome=maybe", "outcome"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("text=%00", None),
        (f"actor={'x' * 501}", None),
    ],
)
def test_a_filter_that_is_wrong_is_named(dana, query, field):
    refused(dana.get(f"trail?{query}"), 422, *([field] if field else []))


def test_the_trail_is_read_only(dana, given):
    event = dana.list("trail?verb=grant.open")[0]["uid"]
    for method in ("post", "put", "patch", "delete"):
        refused(dana.send(method, f"trail/{event}", b"{}", content_type="application/json"), 405)
