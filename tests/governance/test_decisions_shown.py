"""Where decisions come from, and how much is remembered: for doctor, monitoring and Prometheus."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from django.test import Client

from accounts.actions import grants
from accounts.permissions import Permission
from accounts.point import point
from accounts.point.point import Point
from governance import health
from tests.cast import gathered, role
from tests.deciding.remembered import believed, remembered, wait_until
from tests.gone import Ear
from tests.rest import caller, refused

A = TypeVar("A")
NAMES = ["from_memory", "heard_seconds_ago", "questions", "reads", "entries"]


@pytest.fixture
def cast(heard) -> Any:
    return gathered()


@pytest.fixture
def unheard(transactional_db, settings, tmp_path) -> Any:
    """A host on which no listener was started."""
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    return gathered()


def asked(cast: Any) -> tuple[int, int, int]:
    """Questions, reads and entries, of this process alone; and one entry is read again."""
    for person in (cast.bob, cast.bob, cast.charlie):
        remembered(person, Permission.READ, cast.oncology)
    grants.give(role("reader"), cast.charlie, cast.oncology, by=cast.alice)
    assert remembered(cast.charlie, Permission.READ, cast.oncology).allowed
    found = believed()
    found.report()
    assert found.asked >= 4 and found.loaded > entries(found) >= 4
    return found.asked, found.loaded, entries(found)


def entries(found: Point) -> int:
    shelves = found.subjects, found.groups, found.places, found.keys
    more = found.secrets, found.addresses, found.names
    return sum(len(shelf) for shelf in (*shelves, *more))


def metrics(user: Any) -> dict[str, float]:
    answer = caller(user).get("decide/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    text = answer.content.decode()
    assert re.findall(r"^# TYPE gatehouse_decisions_(\w+) gauge$", text, re.MULTILINE) == NAMES
    values = re.findall(r"^gatehouse_decisions_(\w+) ([\d.]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in values}


def once(ask: Callable[[], A], holds: Callable[[A], bool]) -> A:
    """Where all else waits, so may the listener for once: then it is asked again."""
    for _ in range(20):
        believed()
        found = ask()
        if holds(found):
            break
    return found


def readiness() -> tuple[int, str]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["decisions"]


def test_the_doctor_tells_what_is_remembered(cast):
    questions, reads, kept = asked(cast)
    found = once(health.CHECKS["decisions"], lambda one: one.status == "OK")
    told = re.fullmatch(r"come out of memory, heard (\d+) ms ago; (.*)", found.found)
    assert told and int(told[1]) <= 500
    assert told[2].endswith(f": {questions} questions, {reads} reads, {kept} entries")


def test_prometheus_reads_the_same(cast):
    asked(cast)
    found = once(lambda: metrics(cast.dana), lambda one: one["from_memory"] == 1)
    assert list(found) == NAMES
    assert 0 <= found["heard_seconds_ago"] <= 0.5
    mine = believed()
    told = found["questions"], found["reads"], found["entries"]
    assert told == (mine.asked, mine.loaded, entries(mine))
    before = found["questions"]
    remembered(cast.bob, Permission.READ, cast.oncology)
    assert metrics(cast.dana)["questions"] > before


def test_it_is_told_to_those_who_read_the_trail(cast):
    for user in (cast.charlie, cast.alice, cast.bob):
        refused(caller(user).get("decide/metrics"), 404)
    assert Client().get("/api/v1/decide/metrics").status_code == 401
    refused(caller(cast.dana).get("decide/metrics?a=1"), 422, "a")


def test_monitoring_hears_of_memory_and_stays_ready_without(cast, settings):
    assert once(readiness, lambda one: one[1] == "memory") == (200, "memory")
    settings.DECISION_POINT = "off"
    point.forget()
    assert readiness() == (200, "database")


def test_without_a_listener(unheard):
    assert readiness() == (200, "database")
    found = health.decisions()
    assert found.status == "WARN"
    assert found.found == "come from the database: no listener is heard"
    assert found.fix == "./manage.py listen"
    told = metrics(unheard.dana)
    assert told == {"from_memory": 0, "questions": 0, "reads": 0, "entries": 0}


def test_a_listener_that_fell_silent(unheard):
    ear = Ear()
    asked(unheard)
    ear.end()
    wait_until(lambda: point.current() is None)
    assert readiness() == (200, "database")
    assert health.decisions().status == "WARN"
    told = metrics(unheard.dana)
    assert told["from_memory"] == 0
    assert told["heard_seconds_ago"] > 0.5
    assert told["questions"] >= 3  # this process still is, and remembers


def test_switched_off(cast, settings):
    settings.DECISION_POINT = "off"
    found = health.decisions()
    assert (found.status, found.found) == (
        "OK",
        "come from the database: DECISION_POINT is off",
    )
    assert metrics(cast.dana)["from_memory"] == 0
