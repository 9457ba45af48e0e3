"""A batch costs no more statements than one question, and each of its answers stays recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import refusals
from audit.models import Event
from gateway.models import DecisionCount
from registry.actions import assets, states
from tests.gateway.conftest import Program, program

pytestmark = pytest.mark.usefixtures("loaded")
MANY = 200


def asking(subject: str, action: str, kind: str, name: str) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": kind, "id": name},
    }


def asks(who: Program, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = who.ask("evaluations", {"evaluations": questions})["evaluations"]
    return found


def events(outcome: str = "denied") -> Any:
    return Event.objects.filter(verb="gateway.evaluate", outcome=outcome).order_by("id")


@pytest.fixture
def bob(cast: Any) -> Program:
    return program(cast.bob)


MADE_UP = [
    lambda n: asking("bob", "read", "dataset", f"y{n}/z{n}"),
    lambda n: asking("bob", "read", "dataset", f"00000000-0000-4000-8000-{n:012d}"),
    lambda n: asking("bob", f"a{n}", f"t{n}", f"z{n}"),
    lambda n: asking("bob", f"a{n}", "dataset", f"z{n}"),
]


@pytest.mark.parametrize("made_up", MADE_UP, ids=["names", "uuids", "types", "actions"])
def test_made_up_names_cost_a_handful_of_statements(bob, made_up):
    asks(bob, [made_up(MANY)])
    before = events().count()
    with CaptureQueriesContext(connection) as seen:
        found = asks(bob, [made_up(n) for n in range(MANY)])
    assert len(seen) <= 12
    kept = [event.data["evaluation_id"] for event in events()[before:]]
    assert kept == [one["context"]["evaluation_id"] for one in found]


def test_made_up_people_cost_a_handful_of_statements(pep):
    asks(pep, [asking("warm", "read", "dataset", "warm")])
    before = events().count()
    with CaptureQueriesContext(connection) as seen:
        asks(pep, [asking(f"x{n}", "read", "dataset", f"y{n}") for n in range(MANY)])
    assert len(seen) <= 12
    told = [event.data["subject"] for event in events()[before:]]
    assert told == [f"user:x{n}" for n in range(MANY)]


def test_what_is_hidden_stays_recorded_and_repeats_are_counted(cast):
    charlie = program(cast.charlie)
    hidden = asking("charlie", "download", "dataset", "oncology/ct-scans")
    other = asking("charlie", "read", "dataset", "oncology/ct-scans")
    asks(charlie, [hidden, other, hidden, hidden])
    first = [(event.resource_path, event.data["permission"]) for event in events()]
    assert first == [("/oncology/ct-scans/", "download"), ("/oncology/ct-scans/", "read")]
    asks(charlie, [hidden])
    refusals.flush()
    later = events().last()
    assert (later.data["permission"], later.data["count"], later.actor) == (
        "download",
        3,
        cast.charlie,
    )
    assert events().count() == 3


def test_yeses_are_counted_and_those_on_restricted_data_kept_one_by_one(pep, cast):
    costs = assets.register(cast.oncology, "dataset", slug="costs", by=cast.alice)
    states.set_state(costs, "published", by=cast.alice)
    usual = asking("alice", "read", "dataset", "oncology/costs")
    strict = asking("alice", "read", "dataset", "oncology/ct-scans")
    with CaptureQueriesContext(connection) as seen:
        found = asks(pep, [usual, strict] * (MANY // 2))
    assert all(one["decision"] for one in found)
    assert sum(one.count for one in DecisionCount.objects.filter(resource=costs)) == MANY // 2
    kept = [event.data["evaluation_id"] for event in events("ok")]
    assert kept == [one["context"]["evaluation_id"] for one in found[1::2]]
    assert len([one for one in seen if "gateway_decisioncount" in one["sql"]]) <= 1


def test_what_was_answered_before_a_refusal_of_the_whole_is_recorded(bob):
    batch = [asking("bob", "read", "dataset", "x/y"), asking("alice", "read", "dataset", "x/y")]
    assert bob.post("evaluations", {"evaluations": batch}).status_code == 403
    assert [event.data["resource"] for event in events()] == ["dataset:x/y"]
