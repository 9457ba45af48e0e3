"""AuthZEN's certification scenario (openid/authzen, certification/), every level and test of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.conftest import asks

pytestmark = pytest.mark.usefixtures("loaded")

ALICE = {"type": "user", "id": "alice"}
BOB = {"type": "user", "id": "bob"}
ADMIN = BOB | {"properties": {"role": "admin"}}
FIRST = {"type": "record", "id": "record-1"}
SECOND = {"type": "record", "id": "record-2"}
ACTIVE = FIRST | {"properties": {"status": "active"}}
ARCHIVED = SECOND | {"properties": {"status": "archived"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}
READING = {"subject": ALICE, "action": READ, "resource": FIRST}

MANDATED = {  # c-1-4
    1: (asks("alice", "read", "record-1"), True),
    2: (asks("alice", "write", "record-1"), True),
    3: (asks("bob", "read", "record-1"), True),
    4: (asks("bob", "write", "record-1"), False),
    5: (asks("alice", "write", "record-2", on={"status": "archived"}), False),
    6: (asks("bob", "write", "record-2", of={"role": "admin"}, on={"status": "archived"}), True),
    7: (asks("alice", "delete", "record-1", by={"soft": True}), True),
    8: (asks("alice", "delete", "record-1", by={"soft": False}), False),
}


@pytest.mark.parametrize("rule", MANDATED)
def test_mandated_decisions(pep, rule):
    body, decision = MANDATED[rule]
    assert pep.decides(body) is decision
    assert pep.decides(body | {"context": CONTEXT}) is decision
    assert pep.decides(body) is decision  # c-2-6: again the same


# --- Basic


def test_optional_context_properties_and_unknown_fields(pep):  # c-2-2-3, c-2-2-8, c-2-2-9
    assert pep.decides(READING | {"context": CONTEXT})
    more = {
        "subject": ALICE | {"properties": {"department": "Sales", "role": "manager"}},
        "action": READ | {"properties": {"method": "GET"}},
        "resource": FIRST | {"properties": {"status": "active", "owner": "bob"}},
    }
    assert pep.decides(more)
    assert pep.decides(READING | {"foo": "bar", "futureField": {"nested": True}})


def test_response_format(pep):  # c-2-3
    found = pep.ask("evaluation", READING)
    assert isinstance(found["decision"], bool)
    assert isinstance(found["context"], dict)


WRONG: list[Any] = [
    *({k: v for k, v in READING.items() if k != name} for name in READING),  # c-2-4-1
    READING | {"subject": {"id": "alice"}},  # c-2-4-2
    READING | {"subject": {"type": "user"}},
    READING | {"action": {}},
    READING | {"resource": {"id": "record-1"}},
    READING | {"resource": {"type": "record"}},
    READING | {"subject": "alice"},  # c-2-4-6
    READING | {"action": {"name": 123}},
    b"{",  # c-2-4-4
    b"",  # c-2-4-5
]


@pytest.mark.parametrize("body", WRONG)
def test_bad_requests(pep, body):
    assert pep.post("evaluation", body).status_code == 400


def test_content_type(pep):  # c-2-4-3
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        assert pep.post("evaluation", READING, content_type=kind).status_code == 400
    kind = "application/json; charset=utf-8"
    assert pep.post("evaluation", READING, content_type=kind).status_code == 200


def test_request_id(pep):  # c-2-5
    asked = {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    for path, body in (("evaluation", READING), ("evaluation", {}), ("search/action", {})):
        assert pep.post(path, body, **asked)["X-Request-ID"] == asked["X-Request-ID"]
    assert pep.post("evaluation", READING)["X-Request-ID"]


# --- Batch


def decisions(pep: Any, body: dict[str, Any]) -> list[bool]:
    found = pep.ask("evaluations", body)
    assert "decision" not in found
    return [one["decision"] for one in found["evaluations"]]


def test_batches(pep):  # c-3-2, c-3-3
    each = [{"resource": FIRST}, {"resource": SECOND}]
    base = {"subject": ALICE, "action": READ}
    assert decisions(pep, base | {"evaluations": each})[0] is True
    with_context = [each[0], each[1] | {"context": {"source": "batch-override"}}]
    assert len(decisions(pep, base | {"context": CONTEXT, "evaluations": with_context})) == 2
    both = {"subject": BOB, "resource": FIRST, "evaluations": [{"action": READ}, {"action": WRITE}]}
    assert decisions(pep, both) == [True, False]
    whole = [READING, {"subject": BOB, "action": WRITE, "resource": FIRST}]
    assert decisions(pep, {"evaluations": whole}) == [True, False]


def test_batches_with_properties(pep):  # c-3-2-3, c-3-2-4, c-3-2-7
    base = {"subject": ALICE, "action": WRITE}
    each = [{"resource": ACTIVE}, {"resource": ARCHIVED}]
    assert decisions(pep, base | {"evaluations": each}) == [True, False]
    who = [{"subject": ALICE}, {"subject": ADMIN}]
    asked = {"action": WRITE, "resource": ARCHIVED, "evaluations": who}
    assert decisions(pep, asked) == [False, True]
    asked = base | {"resource": ACTIVE, "evaluations": [{}, {"resource": ARCHIVED}]}
    assert decisions(pep, asked) == [True, False]


def test_one_bad_item(pep):  # c-3-4-1
    asked = {
        "subject": ALICE,
        "action": READ,
        "options": {"evaluations_semantic": "execute_all"},
        "evaluations": [{"resource": FIRST}, {}],
    }
    found = pep.ask("evaluations", asked)["evaluations"]
    assert [one["decision"] for one in found] == [True, False]
    assert found[1]["context"]["error"]["status"] == 400


def test_no_batch_is_a_single_question(pep):  # c-3-4-2, c-3-4-3
    assert pep.ask("evaluations", READING)["decision"] is True
    assert pep.ask("evaluations", READING | {"evaluations": []})["decision"] is True


# --- Search


def found(pep: Any, what: str, body: dict[str, Any]) -> list[Any]:
    results: list[Any] = pep.ask(f"search/{what}", body)["results"]
    return results


WHO = {"subject": {"type": "user"}, "action": READ, "resource": FIRST}
WHAT = {"subject": ALICE, "action": READ, "resource": {"type": "record"}}
WHICH = {"subject": ALICE, "resource": FIRST}


def test_subject_search(pep):  # c-4-2
    expected = found(pep, "subject", WHO)
    assert ALICE in expected
    assert BOB in expected
    assert {one["type"] for one in expected} == {"user"}
    assert found(pep, "subject", WHO | {"context": CONTEXT}) == expected
    assert found(pep, "subject", WHO | {"subject": ALICE}) == expected
    archived = {"subject": {"type": "user"}, "action": WRITE, "resource": ARCHIVED}
    assert found(pep, "subject", archived) == [BOB]


def test_resource_search(pep):  # c-4-3
    expected = found(pep, "resource", WHAT)
    assert FIRST in expected
    assert found(pep, "resource", WHAT | {"context": CONTEXT}) == expected
    assert found(pep, "resource", WHAT | {"resource": FIRST}) == expected
    asked = {"subject": ADMIN, "action": WRITE, "resource": {"type": "record"}}
    assert found(pep, "resource", asked) == [SECOND]


def test_action_search(pep):  # c-4-4
    expected = found(pep, "action", WHICH)
    assert READ in expected
    assert WRITE in expected
    assert found(pep, "action", WHICH | {"context": CONTEXT}) == expected
    assert WRITE in found(pep, "action", {"subject": ADMIN, "resource": ARCHIVED})


def test_pages(pep):  # c-4-5
    first = pep.ask("search/subject", WHO | {"page": {"limit": 1}})
    assert len(first["results"]) == 1
    token = first["page"]["next_token"]
    assert token
    second = pep.ask("search/subject", WHO | {"page": {"token": token}})
    assert second["results"] != first["results"]
    assert isinstance(second["page"]["next_token"], str)
    seen, token = [], ""
    for _ in range(9):
        page = {"limit": 1, **({"token": token} if token else {})}
        got = pep.ask("search/subject", WHO | {"page": page})
        seen += got["results"]
        if not (token := got["page"]["next_token"]):
            break
    assert seen == found(pep, "subject", WHO)


def test_nothing_found(pep):  # c-4-6
    nobody, spaceship = {"type": "user", "id": "nonexistent-user"}, {"type": "spaceship"}
    lost = {"type": "record", "id": "record-9"}
    for what, body in (
        ("action", {"subject": nobody, "resource": FIRST}),
        ("action", {"subject": ALICE, "resource": lost}),
        ("action", {"subject": ALICE, "resource": {"type": "spaceship", "id": "x"}}),
        ("subject", {"subject": spaceship, "action": READ, "resource": FIRST}),
        ("subject", {"subject": {"type": "user"}, "action": READ, "resource": lost}),
        ("resource", {"subject": nobody, "action": READ, "resource": {"type": "record"}}),
        ("resource", {"subject": ALICE, "action": READ, "resource": spaceship}),
        ("resource", {"subject": ALICE, "action": {"name": "fly"}, "resource": {"type": "record"}}),
    ):
        assert found(pep, what, body) == []


def test_bad_searches(pep):  # c-4-7
    no_ids = {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}}
    for what, body in (
        ("subject", {"subject": {"type": "user"}, "resource": FIRST}),
        ("resource", {"action": READ, "resource": {"type": "record"}}),
        ("action", {"subject": ALICE}),
        ("subject", no_ids),
        ("resource", no_ids),
        ("action", {"subject": {"type": "user"}, "resource": FIRST}),
    ):
        assert pep.post(f"search/{what}", body).status_code == 400


# --- Discovery


def test_discovery(client, settings):  # c-6
    settings.PUBLIC_URL = "https://gate.example.org"
    answer = client.get("/.well-known/authzen-configuration")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    told = answer.json()
    assert told["policy_decision_point"] == settings.PUBLIC_URL
    assert told["access_evaluation_endpoint"] == f"{settings.PUBLIC_URL}/access/v1/evaluation"
    ends = [value for name, value in told.items() if name.endswith("_endpoint")]
    assert len(ends) == 6
    assert all(end.startswith("https://") for end in ends)
    assert all(isinstance(one, str) for one in told["capabilities"])
