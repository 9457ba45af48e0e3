"""An answer out of memory, and how long to wait until this host has heard of everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import grants
from accounts.decision import Decision, decide
from accounts.point import point, stamps
from registry.actions import states
from registry.models import Asset
from tests.cast import Cast, role

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
HALF_A_SECOND = 500_000_000  # nanoseconds


def published(cast: Cast) -> Any:
    """The scans, and Bob is their reader."""
    found = states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, found, by=cast.alice)
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def believed() -> point.Point:
    wait_until(lambda: point.current() is not None)
    found = point.current()
    assert found is not None
    return found


def remembered(subject: Any, permission: str, resource: Any, **stated: Any) -> Decision:
    """Out of memory, or the test is about nothing. Where all else waits, so may the listener for
    once: then it is asked again."""
    for _ in range(5):
        found = believed()
        before = found.asked - found.left
        decision = decide(subject, permission, resource, **stated)
        if found.asked - found.left == before + 1:
            return decision
    raise AssertionError("the database answered")


def has_heard(at: int) -> None:
    """Whatever was committed by then; or it would be stamped, and read again, later."""
    wait_until(lambda: stamps.shared().view[stamps.BEAT] > at)


def believed_until() -> int:
    """Half a second after the last sign of the listener, by the clock of the stamps."""
    return stamps.shared().view[stamps.BEAT] + HALF_A_SECOND


class Clock:
    """What both ways of deciding take for now, once it is set."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def set(self, at: datetime) -> None:
        passed = (at - EPOCH) // MICRO
        self.patch.setattr(time, "time_ns", lambda: passed * 1000)
        self.patch.setattr(timezone, "now", lambda: at)
