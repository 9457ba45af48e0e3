"""Two acts that meet: both are done, or the later one is told so; never an error of ours."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

from accounts.decision import check, site
from accounts.models import Resource, User
from accounts.permissions import Permission
from audit.acts import Steps, action, slow_action
from audit.clash import Clash
from audit.models import Event
from registry.actions import assets, projects, versions
from registry.models import Asset, Lineage, Version
from tests.cast import Cast, gathered
from tests.rest import Caller, caller
from tests.together import both, closed

ROW = "select 1 from accounts_resource where id = %s for update"


def circle() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = DeadlockDetected("deadlock detected")
    return error


def look(by: User) -> None:
    check(by, Permission.MANAGE_PEOPLE, site())


@action("test.crossing")
def crossing(order: list[Resource], meet: threading.Barrier, *, by: User) -> str:
    """Two of them in opposite order wait for each other, for sure."""
    look(by)
    first, then = order
    with connection.cursor() as cursor:
        cursor.execute(ROW, [first.pk])
        wait(meet)
        cursor.execute(ROW, [then.pk])
    return "done"


def wait(meet: threading.Barrier) -> None:
    """Both the first time; whoever comes again, or after the other, comes alone."""
    try:
        meet.wait(2)
    except threading.BrokenBarrierError:
        return
    meet.abort()


def test_a_deadlock_is_no_error(transactional_db):
    cast, meet = gathered(), threading.Barrier(2)
    pair = [cast.oncology, cast.scans]

    def run(order: list[Any]) -> str:
        with closed():
            return crossing(order, meet, by=cast.erin)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [pair, pair[::-1]])) == ["done", "done"]
    outcomes = Event.objects.filter(verb="test.crossing").values_list("outcome", flat=True)
    assert list(outcomes) == ["ok", "ok"]


@action("test.unlucky")
def unlucky(times: list[int], *, by: User) -> str:
    look(by)
    times.append(1)
    if len(times) <= 2:
        raise circle()
    return "done"


def test_who_meets_another_twice_is_told_so_and_once_in_the_trail(cast: Cast):
    times: list[int] = []
    with pytest.raises(Clash, match="try again"):
        unlucky(times, by=cast.erin)
    assert len(times) == 2
    event = Event.objects.get(verb="test.unlucky")
    assert (event.outcome, event.data["reason"]) == ("failed", "Clash")
    assert unlucky(times, by=cast.erin) == "done"


def test_what_waits_for_somebody_else_is_not_done_twice(cast: Cast):
    times: list[int] = []

    @slow_action("test.slow_and_unlucky")
    def slow(*, by: User) -> Steps[None]:
        times.append(1)
        yield
        raise circle()

    with pytest.raises(Clash):
        slow(by=cast.erin)
    assert len(times) == 1


# --- over REST, where it was a 500


@pytest.fixture
def scene(transactional_db: None) -> Any:
    cast = gathered()
    project = projects.register(slug="cardiology", owner=cast.alice, by=cast.erin)
    costs = assets.register(cast.oncology, "dataset", slug="costs", by=cast.alice)
    return cast, project, costs


CHANGES = [
    ("patch", "datasets/{uid}", {"description": "new"}, 200),
    ("post", "datasets/{uid}/versions", {}, 201),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), CHANGES)
def test_what_moves_meanwhile_is_changed_where_it_lies_now(scene, method, path, body, status):
    cast, project, costs = scene
    alice = caller(cast.alice)
    _, answer = both(
        lambda: assets.move(Asset.objects.get(pk=costs.pk), project, by=cast.alice),
        lambda: alice.send(method, path.format(uid=costs.uid), body),
    )
    assert answer.status_code == status, answer.content
    assert answer.json()["address"].startswith("cardiology/costs")
    last = Event.objects.filter(kind="act", outcome="ok").order_by("id").last()
    assert last is not None
    assert last.decision[0]["path"] == "/cardiology/costs/"


def test_each_made_from_the_other_is_one_made_from_the_other(scene, monkeypatch):
    cast, _, costs = scene
    other = assets.register(cast.oncology, "dataset", slug="bills", by=cast.alice)
    one, two = (versions.open_version(each, by=cast.alice) for each in (costs, other))
    alice, meet, looked = caller(cast.alice), threading.Barrier(2), versions.is_made_from

    def is_made_from(version: Version, source: Version) -> bool:
        found = looked(version, source)
        wait(meet)
        return found

    monkeypatch.setattr(versions, "is_made_from", is_made_from)

    def record(child: Version, parent: Version) -> int:
        body = {"parent": parent.address, "relation": "derived_from"}
        with closed():
            answer = Caller(alice.secret).post(f"versions/{child.uid}/lineage", body)
            return int(answer.status_code)

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(record, (one, two), (two, one)))
    assert found == [201, 422]
    assert Lineage.objects.count() == 1
