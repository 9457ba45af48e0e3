"""The listener, the database or Redis is gone: half a second at most, then nothing is believed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection

from accounts.actions import grants
from accounts.decision import decide
from accounts.models import Grant
from accounts.permissions import Permission
from accounts.point import listener, point, stamps
from accounts.point.stamps import clock
from tests.cast import gathered, role
from tests.deciding.remembered import (
    believed,
    believed_until,
    has_heard,
    remembered,
    wait_until,
)
from tests.deciding.world import owner
from tests.gone import database_gone

P = Permission


# --- the listener


@pytest.fixture
def frozen(transactional_db, settings, tmp_path) -> Any:
    """A listener as a process of its own, that can be stopped where it stands."""
    settings.DECISION_STAMPS = tmp_path / "stamps"
    point.forget()
    name = connection.settings_dict["NAME"]
    code = (
        "import os, django; django.setup()\n"
        "from django.db import connections\n"
        f"connections['default'].settings_dict['NAME'] = {name!r}\n"
        "from accounts.point.listener import listen\nlisten(lambda: False)"
    )
    environment = os.environ | {
        "DECISION_STAMPS": str(settings.DECISION_STAMPS),
        "DJANGO_SETTINGS_MODULE": "governance.settings",
    }
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    wait_until(lambda: point.current() is not None)
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()
    point.forget()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)


def last_asked(allowed: Callable[[], bool]) -> int:
    """When a yes was last asked for; by the clock of the stamps."""
    last = 0
    while (asked := clock()) and allowed():
        last = asked
        assert asked < believed_until() + 10**9, "believed for ever"
    return last


def test_frozen_it_is_believed_for_half_a_second_at_most(frozen):
    cast = gathered()
    grant = grants.give(role("reader"), cast.bob, cast.oncology, by=cast.alice)
    has_heard(stamps.clock())
    assert remembered(cast.bob, P.READ, cast.oncology).allowed
    with owner() as session:
        session.execute("delete from accounts_userpermission where grant_id = %s", [grant.pk])
        stop(frozen)
        session.commit()
    assert last_asked(lambda: decide(cast.bob, P.READ, cast.oncology).allowed) <= believed_until()
    assert point.current() is None
    assert not decide(cast.bob, P.READ, cast.oncology).allowed
    frozen.send_signal(signal.SIGCONT)
    wait_until(lambda: point.current() is not None)
    assert not remembered(cast.bob, P.READ, cast.oncology).allowed


def test_killed_it_is_not_believed_and_a_new_one_makes_all_be_read_again(frozen):
    cast = gathered()
    grant = grants.give(role("reader"), cast.bob, cast.oncology, by=cast.alice)
    assert remembered(cast.bob, P.READ, cast.oncology).allowed
    frozen.kill()
    frozen.wait()
    wait_until(lambda: point.current() is None)
    with owner() as session:
        session.execute("delete from accounts_userpermission where grant_id = %s", [grant.pk])
        session.commit()
    thread, stop = listener.in_thread()
    wait_until(lambda: point.current() is not None)
    assert not remembered(cast.bob, P.READ, cast.oncology).allowed
    stop.set()
    thread.join(5)


def test_a_stranger_cannot_beat_for_it(cast, scans):
    """Anybody may send on the channel: it makes things be read again, and nothing else."""
    found = believed()
    far = stamps.clock() + 10**12
    with owner() as session:
        for payload in (f"beat {far}", "beat x", "*", "", "1", "2,999999999", "-1", "\u0664"):
            session.execute("select pg_notify('accounts_touched', %s)", [payload])
            session.commit()
    wait_until(lambda: found.view[stamps.BEAT] > stamps.clock() - 200_000_000)
    assert found.view[stamps.BEAT] < far
    assert remembered(cast.bob, P.READ, scans).allowed


# --- the database


def test_without_the_database_it_holds_half_a_second_and_then_nothing_is_said(cast, scans):
    """In that half second nothing can change, and who was not remembered is refused already."""
    assert remembered(cast.bob, P.READ, scans).allowed
    with database_gone():
        with pytest.raises((OperationalError, InterfaceError)):
            decide(cast.charlie, P.READ, scans)
        asked, until = clock(), believed_until()
        refused = 0
        while asked <= until + 200_000_000:
            try:
                allowed = decide(cast.bob, P.READ, scans).allowed
            except (OperationalError, InterfaceError):
                assert clock() > until, "what is remembered holds"
                refused += 1
            else:
                assert allowed
                assert asked <= until, "remembered for too long"
            asked = clock()
        assert refused
        assert point.current() is None
    wait_until(lambda: point.current() is not None)
    assert decide(cast.bob, P.READ, scans).allowed
    grants.revoke(Grant.objects.get(user=cast.bob), by=cast.alice)
    assert not remembered(cast.bob, P.READ, scans).allowed
