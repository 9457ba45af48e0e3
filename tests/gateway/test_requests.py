"""A denial that could be asked for: hint, request, task, approval, and the same question again."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from access.actions import requests
from access.models import AccessRequest
from gateway import hints
from registry.actions import assets, states
from tests.gateway.conftest import Program, program

pytestmark = pytest.mark.usefixtures("loaded")

URN = "urn:openid:authzen:access-request:error:"


@pytest.fixture
def table(records: Any) -> Any:
    """Something that Bob, as a member of the project, finds but may not read; no health data."""
    found = assets.register(records.oncology, "dataset", slug="costs", by=records.alice)
    return states.set_state(found, "published", by=records.alice)


def question(subject: str = "bob", action: str = "download", name: str = "costs") -> Any:
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "dataset", "id": f"oncology/{name}"},
    }


def denial(pep: Program, asked: Any) -> Any:
    answer = pep.ask("evaluation", asked)
    assert answer["decision"] is False
    hint = answer["context"]["access_request"]
    return {
        "binding_token": hint["binding_token"],
        "expires_at": hint["expires_at"],
        "evaluation_id": answer["context"]["evaluation_id"],
    }


def asking(pep: Program, asked: Any, **more: Any) -> Any:
    context = {"business_justification": "For the yearly report.", "purpose": "analytics"}
    return asked | {"denial": denial(pep, asked), "context": context} | more


def problem(answer: Any, status: int, name: str) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == URN + name


def test_from_no_to_yes(pep, table, records):
    asked = question()
    bob = program(records.bob)
    hint = pep.ask("evaluation", asked)["context"]["access_request"]
    assert hint["endpoint"].endswith("/access/v1/requests")
    assert hint["roles"] == ["reader", "contributor"]
    assert "resource=oncology/costs" in hint["form_url"]
    answer = bob.post("requests", asking(pep, asked))
    assert answer.status_code == 202, answer.content
    task = answer.json()["task"]
    assert answer["Location"] == task["status_endpoint"]
    assert task["status"] == "pending"
    request = AccessRequest.objects.get(pk=task["id"])
    assert (request.subject, request.role.slug, request.purpose) == (
        records.bob,
        "reader",
        "analytics",
    )
    place = f"/access/v1/requests/{request.pk}"
    key = {"Authorization": f"Bearer {bob.secret}"}
    assert bob.client.get(place, headers=key).json()["task"]["status"] == "pending"
    requests.approve(request, by=records.alice)
    done = bob.client.get(place, headers=key).json()
    assert done["task"]["status"] == "approved"
    assert done["result"]["mode"] == "reevaluate"
    approval = {"context": {"approval": done["result"]["approval"]}}
    assert pep.decides(asked | approval)
    problem(bob.post(f"requests/{request.pk}/cancel", {}), 409, "invalid_task_state")


def test_an_approval_alone_opens_nothing(pep, table):
    claim = {"context": {"approval": {"id": "made-up", "approved_until": "2099-01-01T00:00:00Z"}}}
    answer = pep.ask("evaluation", question() | claim)
    assert answer["decision"] is False
    assert answer["context"]["next_action"] == "request"
    nobody = pep.ask("evaluation", question("charlie") | claim)
    assert nobody["context"]["next_action"] == "none"


def test_no_hint_where_asking_is_no_use(pep, table, records):
    def hinted(asked: Any) -> bool:
        return "access_request" in pep.ask("evaluation", asked)["context"]

    assert hinted(question())
    assert not hinted(question("charlie"))  # does not find it
    assert not hinted(question(action="approve_version"))  # no role on offer holds it
    assert not hinted(question(name="ct-scans"))  # a draft: not there for Bob


def test_nobody_asks_in_anothers_name(pep, table, records):
    """The gateway hands the hint on; whoever sends it in is asked who they are."""
    body = asking(pep, question())
    dana = program(records.dana)
    answer = dana.post("requests", body)
    assert answer.status_code == 422
    assert "yourself" in answer.json()["detail"]
    assert pep.post("requests", body).status_code == 403
    assert Program().post("requests", body).status_code == 401
    assert not AccessRequest.objects.exists()


def later(token: str) -> str:
    """As somebody would write it whose denial has grown old."""
    until, proof = token.split("~")
    return f"{float(until) + 3600:.6f}~{proof}"


def test_a_denial_is_bound_to_what_was_denied(pep, table, records, monkeypatch):
    bob = program(records.bob)
    body = asking(pep, question())
    changes: tuple[dict[str, Any], ...] = (
        {"action": {"name": "upload"}},
        {"resource": {"type": "dataset", "id": "oncology/ct-scans"}},
        {"resource": {"type": "dataset", "id": "oncology/nowhere"}},
        {"denial": {}},
        {"denial": {"binding_token": "x"}},
        {"denial": {"binding_token": ["x"]}},
        {"denial": {"binding_token": later(body["denial"]["binding_token"])}},
    )
    for changed in changes:
        problem(bob.post("requests", body | changed), 400, "invalid_denial_binding")
    role = {"requested_access": {"role": "steward"}}
    problem(bob.post("requests", body | role), 400, "not_requestable")
    monkeypatch.setattr(hints, "FRESH", timedelta(seconds=0.01))
    body = asking(pep, question())
    time.sleep(0.05)
    problem(bob.post("requests", body), 410, "expired_denial")
    assert not AccessRequest.objects.exists()


def test_what_is_missing_is_said(pep, table, records):
    bob = program(records.bob)
    body = asking(pep, question())
    for context in ({}, {"business_justification": "x"}, {"purpose": "analytics"}):
        assert bob.post("requests", body | {"context": context}).status_code == 400
    for until in ("tomorrow", 7, "2026-11-26", "2020-01-01T00:00:00Z"):
        wanted = {"requested_access": {"requested_until": until}}
        assert bob.post("requests", body | wanted).status_code in (400, 422)
    until = (timezone.now() + timedelta(days=6, hours=12)).isoformat()
    answer = bob.post("requests", body | {"requested_access": {"requested_until": until}})
    assert AccessRequest.objects.get(pk=answer.json()["task"]["id"]).days == 7


def test_tasks_of_others_are_not_there(pep, table, records):
    bob = program(records.bob)
    task = bob.post("requests", asking(pep, question())).json()["task"]
    charlie = program(records.charlie)
    place = f"/access/v1/requests/{task['id']}"
    headers = {"Authorization": f"Bearer {charlie.secret}"}
    problem(charlie.client.get(place, headers=headers), 404, "unknown_task")
    problem(charlie.post(f"requests/{task['id']}/cancel", {}), 404, "unknown_task")
    cancelled = bob.post(f"requests/{task['id']}/cancel", {})
    assert cancelled.json()["task"]["status"] == "cancelled"


def test_a_purpose_that_is_none_asks_for_nothing(pep, table, records):
    bob, asked = program(records.bob), asking(pep, question())
    for stated in ("foo", "\x00", "x" * 5000, "", 7, ["research"], None):
        body = asked | {"context": asked["context"] | {"purpose": stated}}
        answer = bob.post("requests", body)
        assert answer.status_code in (400, 422), answer.content
    assert not AccessRequest.objects.exists()


WORDS = (
    ("subject", "id"),
    ("context", "business_justification"),
    ("context", "purpose"),
    ("context", "never read"),
    ("requested_access", "role"),
    ("denial", "binding_token"),
)


@pytest.mark.parametrize("where", WORDS, ids=".".join)
def test_what_no_database_holds_is_refused_wherever_it_stands(pep, table, records, where):
    bob, asked = program(records.bob), asking(pep, question())
    part, name = where
    for bad in ("\ud800", "a\x00b", "\\\x00", ["\udfff"]):
        body = asked | {part: asked.get(part, {}) | {name: bad}}
        answer = bob.post("requests", body)
        assert answer.status_code == 400, answer.content
        assert "NUL" in answer.json()["detail"]
    assert not AccessRequest.objects.exists()


def test_words_that_only_look_like_nul_are_kept(pep, table, records):
    bob, asked = program(records.bob), asking(pep, question())
    words = "The \\u0000 in our files, \\ud800, \\\\ and é"
    context = asked["context"] | {"business_justification": words}
    assert bob.post("requests", asked | {"context": context}).status_code == 202
    assert AccessRequest.objects.get().justification == words


@pytest.mark.parametrize(
    "token", ["\u00e9~\u00e9", "\u0663~" + "0" * 64, "nan~x", "inf~x", "~", "nan"]
)
def test_a_token_that_nobody_made_is_none(pep, table, records, token):
    bob, asked = program(records.bob), asking(pep, question())
    answer = bob.post("requests", asked | {"denial": {"binding_token": token}})
    problem(answer, 400, "invalid_denial_binding")


def test_half_a_pair_is_no_token_for_whoever_asks(table, records):
    with pytest.raises(hints.Unbound):
        hints.require_bound("\ud800", records.bob, "download", table)
