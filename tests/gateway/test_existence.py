"""What is hidden and what is not there: one answer, by the same work, at every gateway door."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.gateway.conftest import Program, program

CONTEXT = {"business_justification": "For the yearly report.", "purpose": "analytics"}
TOKEN = "1764200000.000000~" + "0" * 64
# The type, the name of something that is hidden from Charlie, and one that nothing bears.
NAMES = [
    ("dataset", "oncology/ct-scans", "oncology/nothing"),
    ("project", "oncology", "geology"),
    ("model", "oncology/ct-scans", "oncology/nothing"),
]


def asking(kind: str, name: str, subject: str = "charlie", **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": "download"},
        "resource": {"type": kind, "id": name},
        **more,
    }


def told(who: Program, path: str, body: Any) -> tuple[Any, ...]:
    """Status, words and the number of statements; without the ids that are new each time."""
    with CaptureQueriesContext(connection) as asked:
        answer = who.post(path, body)
    found = answer.json()
    found.pop("request_id", None)
    found.get("context", {}).pop("evaluation_id", None)
    kinds = [query["sql"].split()[0] for query in asked.captured_queries]
    return answer.status_code, found, kinds


@pytest.fixture
def charlie(cast: Any) -> Program:
    who = program(cast.charlie)
    # Warm: a key's first use is noted, and is no part of what is compared.
    who.post("requests", asking("dataset", "oncology/warm"))
    return who


@pytest.mark.parametrize(("kind", "hidden", "missing"), NAMES)
@pytest.mark.parametrize("token", ["", "x", TOKEN])
def test_asking_for_access_tells_nothing(charlie, kind, hidden, missing, token):
    rest: Any = {"context": CONTEXT, "denial": {"binding_token": token}}
    found = told(charlie, "requests", asking(kind, hidden, **rest))
    assert found[0] == 400
    assert found == told(charlie, "requests", asking(kind, missing, **rest))


def test_asking_tells_nothing_of_people_either(charlie):
    rest: Any = {"context": CONTEXT, "denial": {"binding_token": TOKEN}}
    one, other = (
        told(charlie, "requests", asking("dataset", "oncology/nothing", name, **rest))
        for name in ("alice", "nobody")
    )
    assert one[0] == 400
    assert one == other


@pytest.mark.parametrize("purpose", ["", "research", "foo", 7])
@pytest.mark.parametrize(("kind", "hidden", "missing"), NAMES)
def test_an_evaluation_tells_nothing(charlie, kind, hidden, missing, purpose):
    one, other = (
        told(charlie, "evaluation", asking(kind, name, context={"purpose": purpose}))
        for name in (hidden, missing)
    )
    assert one[0] == 200
    assert one[:2] == other[:2]


@pytest.mark.parametrize(("kind", "hidden", "missing"), NAMES)
def test_a_search_for_actions_tells_nothing(charlie, kind, hidden, missing):
    one, other = (told(charlie, "search/action", asking(kind, name)) for name in (hidden, missing))
    assert one[0] == 200
    assert one[:2] == other[:2]
