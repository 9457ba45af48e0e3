"""Two workers that write the counted refusals at once write each of them once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from audit import refusals
from audit.acts import describe
from audit.context import Act
from audit.models import Event
from governance.celery import app
from tests.acting import rows

WORKERS, COUNTED = 3, 30


def refused(person: Any, number: int) -> dict[str, Any]:
    row = describe(Act("test.refused", "authorization", person), None)
    return row | {"outcome": "denied", "resource_path": f"/{number}/", "data": {"reason": "x"}}


@pytest.mark.django_db(transaction=True)
def test_workers_that_flush_at_once_double_nothing(cast):
    start = Barrier(WORKERS)

    def flush(_: int) -> int:
        start.wait()
        try:
            return refusals.flush()
        finally:
            connections.close_all()

    for turn in range(1, 6):
        for number in range(COUNTED):
            row = refused(cast.charlie, turn * COUNTED + number)
            assert [refusals.is_repeat(row) for _ in range(3)] == [False, True, True]
        with ThreadPoolExecutor(WORKERS) as pool:
            assert sum(pool.map(flush, range(WORKERS))) == COUNTED
        assert Event.objects.filter(verb="test.refused").count() == turn * COUNTED
    assert set(rows("select data ->> 'count' from audit_event where verb = 'test.refused'")) == {
        "2"
    }


def test_rounds_that_a_worker_missed_are_not_made_up():
    entry = app.conf.beat_schedule["fold refusals"]
    assert entry["options"]["expires"] <= entry["schedule"]
