"""How soon a revoke is seen: by its call, by another process, with a frozen listener."""

from __future__ import annotations

import os
import signal
import time
from statistics import median

from accounts.actions import grants
from accounts.decision import decide
from accounts.models import Resource
from accounts.point import point
from benchmarks import world
from benchmarks.crowd import Questions
from benchmarks.laps import p, told
from tests.cast import gathered, role
from tests.deciding.world import owner


def figures(questions: Questions) -> list[bool]:
    return [own_call(), other_process(), frozen()]


def own_call() -> bool:
    cast = gathered()
    late = 0
    for _ in range(100):
        grant = grants.give(role("reader"), cast.charlie, cast.oncology, by=cast.alice)
        assert decide(cast.charlie, "read", cast.oncology).allowed
        grants.revoke(grant, by=cast.alice)
        late += decide(cast.charlie, "read", cast.oncology).allowed
    return world.figure(
        "revokes not seen when the call returns, same host",
        late,
        "of 100",
        "0",
        late == 0,
        "asked in the next statement",
    )


def other_process() -> bool:
    waits = through_notify()
    return world.figure(
        "a revoke beside the application is seen, p99",
        p(waits, 99) * 1e3,
        "ms",
        "<= 50",
        p(waits, 99) <= 0.05,
        f"by the next decision, through NOTIFY: {told(waits, 1e3, 'ms')}, max"
        f" {waits[-1] * 1e3:.1f} ms",
    )


def through_notify(times: int = 200) -> list[float]:
    """Seconds from the commit of the database's owner to the first refusal: nothing but NOTIFY, and
    the listener, which is another process, tells of it."""
    cast, waits = gathered(), []
    place = Resource.objects.get(pk=cast.oncology.pk)
    with owner() as session:
        for _ in range(times):
            grant = grants.give(role("reader"), cast.charlie, place, by=cast.alice)
            assert decide(cast.charlie, "read", place).allowed
            session.execute("delete from accounts_userpermission where grant_id = %s", [grant.pk])
            session.commit()
            start = time.perf_counter()
            while decide(cast.charlie, "read", place).allowed:
                pass
            waits.append(time.perf_counter() - start)
            grants.revoke(grant, by=cast.alice)
    return sorted(waits)


def frozen() -> bool:
    cast, waits = gathered(), []
    place = Resource.objects.get(pk=cast.oncology.pk)
    for _ in range(5):
        grant = grants.give(role("reader"), cast.charlie, place, by=cast.alice)
        world.until(lambda: point.current() is not None)
        assert decide(cast.charlie, "read", place).allowed
        with owner() as session:
            session.execute("delete from accounts_userpermission where grant_id = %s", [grant.pk])
            os.kill(world.listener, signal.SIGSTOP)
            session.commit()
        start = time.perf_counter()
        while decide(cast.charlie, "read", place).allowed:
            pass
        waits.append((time.perf_counter() - start) * 1e3)
        os.kill(world.listener, signal.SIGCONT)
        world.until(lambda: point.current() is not None)
        grants.revoke(grant, by=cast.alice)
    worst = max(waits)
    return world.figure(
        "a change is seen with the listener frozen, worst of 5",
        worst,
        "ms",
        "<= 500",
        worst <= 500,
        f"median {median(waits):.0f} ms",
    )
