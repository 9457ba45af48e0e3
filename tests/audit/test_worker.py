"""A real Celery worker: a task is a door like any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from celery.contrib.testing.worker import start_worker
from celery.signals import task_failure
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied

from audit.context import NoAct
from audit.models import Event
from governance.celery import app
from tests.audit import jobs


@pytest.fixture
def failures(transactional_db) -> Iterator[list[BaseException]]:
    """What tasks died of, while a worker runs against the database of this test."""
    caught: list[BaseException] = []

    def remember(exception: BaseException, **kwargs: object) -> None:
        caught.append(exception)

    task_failure.connect(remember)
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        yield caught
    task_failure.disconnect(remember)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "the worker did nothing"
        time.sleep(0.05)


def test_the_door_of_tasks(failures, cast):
    jobs.intrude.delay("intruders")
    wait_for(lambda: bool(failures))
    assert isinstance(failures[0], NoAct)
    assert not Group.objects.filter(name="intruders").exists()

    jobs.found.delay("nurses", "charlie")
    wait_for(lambda: len(failures) == 2)
    assert isinstance(failures[1], PermissionDenied)

    jobs.found.delay("nurses", "erin")
    wait_for(Group.objects.filter(name="nurses").exists)
    events = Event.objects.filter(verb="group.create", door="task").order_by("id")
    assert [(e.outcome, e.actor_repr) for e in events.filter(kind="act")] == [
        ("denied", "charlie"),
        ("ok", "erin"),
    ]
    assert events.filter(object_repr="nurses").exclude(door="task").count() == 0
