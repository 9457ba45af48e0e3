"""What fails, fails closed: refused, or asked of the database. Times hold to the millisecond."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone
from redis import Redis

from accounts.actions import grants, groups, keys, people, roles
from accounts.decision import Decision, decide
from accounts.models import Grant, Membership
from accounts.permissions import Permission
from accounts.point import listener, loading, point, stamps
from registry.actions import states, versions
from registry.models import Asset
from tests.acting import do
from tests.cast import gathered, role
from tests.deciding.race import beside
from tests.deciding.world import owner

P = Permission


@pytest.fixture
def cast(heard) -> Any:
    return gathered()


@pytest.fixture
def scans(cast) -> Any:
    """Published, and Bob is its reader."""
    found = states.set_state(Asset.objects.get(pk=cast.scans.pk), "published", by=cast.alice)
    grants.give(role("reader"), cast.bob, found, by=cast.alice)
    return found


def remembered(subject, permission, resource, **stated) -> Decision:
    """Out of memory, or the test is about nothing."""
    found = point.current()
    assert found is not None
    before = found.asked - found.left
    decision = decide(subject, permission, resource, **stated)
    assert found.asked - found.left == before + 1
    return decision


def test_a_revoke_counts_before_the_call_returns(cast, scans):
    for _ in range(5):
        assert remembered(cast.bob, P.DOWNLOAD, scans).allowed
        grants.revoke(Grant.objects.filter(user=cast.bob).latest("opened_at"), by=cast.alice)
        assert not decide(cast.bob, P.DOWNLOAD, scans).allowed
        grants.give(role("reader"), cast.bob, scans, by=cast.alice)


def test_leaving_a_group(cast, scans):
    grants.give(role("reader"), cast.researchers, scans, by=cast.alice)
    grants.revoke(Grant.objects.get(user=cast.bob), by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).allowed
    groups.remove_member(cast.researchers, cast.bob, by=cast.erin)
    assert remembered(cast.bob, P.READ, scans).reason == "no_grant"


def test_a_group_that_is_deleted(cast, scans):
    """By the owner of the database: the application has no such action."""
    group = groups.create(name="night shift", by=cast.erin)
    groups.add_member(group, cast.charlie, by=cast.erin)
    grants.give(role("reader"), group, scans, by=cast.alice)
    assert remembered(cast.charlie, P.READ, scans).allowed
    with owner() as session:
        for table in ("accounts_grouppermission", "accounts_grant", "accounts_membership"):
            beside(session, f"delete from {table} where group_id = {group.pk}")
            assert remembered(cast.charlie, P.READ, scans).reason == "no_grant"
        beside(session, f"delete from auth_group where id = {group.pk}")
    assert remembered(cast.charlie, P.READ, scans).reason == "no_grant"


def test_a_role_that_is_edited(cast, scans):
    lab = roles.create(slug="lab", name="Lab", permissions=["discover", "download"], by=cast.erin)
    grants.give(lab, cast.charlie, scans, by=cast.alice)
    assert remembered(cast.charlie, P.DOWNLOAD, scans).allowed
    roles.edit(lab, name="Lab", permissions=["discover"], by=cast.erin)
    assert remembered(cast.charlie, P.DOWNLOAD, scans).reason == "no_grant"


def test_whoever_answers_for_a_service_is_deactivated(cast, scans):
    grants.give(role("steward"), cast.dana, cast.oncology, by=cast.erin)
    grants.give(role("reader"), cast.scoring.user, scans, by=cast.dana)
    assert remembered(cast.scoring.user, P.DOWNLOAD, scans).allowed
    people.deactivate(cast.alice, by=cast.erin)
    assert remembered(cast.scoring.user, P.DOWNLOAD, scans).reason == "subject_inactive"


def test_a_version_that_is_withdrawn_and_one_that_lies_below(cast, scans):
    version = versions.open_version(scans, by=cast.alice)
    assert remembered(cast.alice, P.DOWNLOAD, version).allowed
    states.set_state(scans, "withdrawn", by=cast.alice)
    assert remembered(cast.alice, P.DOWNLOAD, version).reason == "resource_withdrawn"


def test_a_key_that_is_revoked(cast, scans):
    end = timezone.now() + timedelta(hours=1)
    key = keys.issue(cast.bob, name="k", scopes=["read"], expires_at=end, by=cast.bob).key
    assert remembered(cast.bob, P.READ, scans, key=key).allowed
    assert remembered(cast.bob, P.DOWNLOAD, scans, key=key).reason == "key_scope"
    keys.revoke(key, by=cast.bob)
    assert remembered(cast.bob, P.READ, scans, key=key).reason == "key_revoked"


def window(cast, scans, start, end) -> None:
    grants.give(role("reader"), cast.charlie, scans, starts_at=start, expires_at=end, by=cast.alice)
    for _ in range(3):
        decide(cast.charlie, P.READ, scans)  # remembered, while it is not time


def moment(cast, scans, is_open: bool) -> float:
    """When the answer turns, as seconds of the epoch."""
    while decide(cast.charlie, P.READ, scans).allowed != is_open:
        before = time.time()
        assert before < time.time() + 5
    return time.time()


def test_a_window_opens_and_closes_to_the_millisecond(cast, scans):
    """No clock job, no stamp: the times are compared at each question."""
    start = timezone.now() + timedelta(seconds=0.5)
    end = start + timedelta(seconds=0.4)
    window(cast, scans, start, end)
    while (now := timezone.now()) < end + timedelta(milliseconds=100):
        allowed = decide(cast.charlie, P.READ, scans).allowed
        after = timezone.now()
        if allowed:
            assert after >= start and now < end, (now, after)
        else:
            assert now < start or after >= end, (now, after)
    assert point.current() is not None


def test_a_clock_that_is_set_back_brings_nothing_back(cast, scans, monkeypatch):
    """What was over when it was read was left out, a deny too: then it is read again."""
    deny = grants.give(role("reader"), cast.bob, scans, effect="deny", by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).reason == "deny_grant"
    with owner() as session:
        over = "starts_at = now() - interval '1 hour', expires_at = now() - interval '1 second'"
        beside(session, f"update accounts_grant set {over} where id = '{deny.pk}'")
    assert remembered(cast.bob, P.READ, scans).allowed
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 1_500_000_000)
    assert remembered(cast.bob, P.READ, scans).reason == "deny_grant"


def test_a_clock_that_is_set_forward_ends_what_it_passes(cast, scans, monkeypatch):
    grants.revoke(Grant.objects.get(user=cast.bob), by=cast.alice)
    end = timezone.now() + timedelta(hours=1)
    grants.give(role("reader"), cast.bob, scans, expires_at=end, by=cast.alice)
    assert remembered(cast.bob, P.READ, scans).allowed
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 3600 * 10**9 + 1)
    found = point.current()
    assert found is not None
    told = found.answer(cast.bob.pk, P.READ, scans.pk, "", None)
    assert told is None or told[0] != "allowed"


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


def wait_until(holds) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_heard(at: int) -> None:
    """Whatever was committed by then; or it would be stamped, and read again, later."""
    wait_until(lambda: stamps.shared().view[stamps.BEAT] > at)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)


def test_frozen_it_is_believed_for_half_a_second_at_most(frozen):
    cast = gathered()
    grant = grants.give(role("reader"), cast.bob, cast.oncology, by=cast.alice)
    has_heard(stamps.clock())
    assert remembered(cast.bob, P.READ, cast.oncology).allowed
    with owner() as session:
        session.execute("delete from accounts_userpermission where grant_id = %s", [grant.pk])
        stop(frozen)
        session.commit()
    start = time.monotonic()
    while decide(cast.bob, P.READ, cast.oncology).allowed:
        assert time.monotonic() - start < 0.55
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
    found = point.current()
    assert found is not None
    far = stamps.clock() + 10**12
    with owner() as session:
        for payload in (f"beat {far}", "beat x", "*", "", "1", "2,999999999", "-1", "\u0664"):
            session.execute("select pg_notify('accounts_touched', %s)", [payload])
            session.commit()
    wait_until(lambda: found.view[stamps.BEAT] > stamps.clock() - 200_000_000)
    assert found.view[stamps.BEAT] < far
    assert remembered(cast.bob, P.READ, scans).allowed


# --- the servers


def test_without_the_database_nothing_new_is_allowed(cast, scans):
    """What is remembered holds half a second, in which nothing can change; then nothing is said."""
    assert remembered(cast.bob, P.READ, scans).allowed
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "gone"
    try:
        with pytest.raises(OperationalError):
            decide(cast.charlie, P.READ, scans)
        wait_until(lambda: True)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def test_redis_is_not_on_the_way(cast, scans, settings):
    settings.REDIS_URL = "unix:///nowhere"
    with pytest.raises(Exception, match="nowhere"):
        Redis.from_url(settings.REDIS_URL).ping()
    assert remembered(cast.bob, P.READ, scans).allowed


# --- what must not be remembered


def test_inside_a_transaction_the_database_answers(cast, scans, monkeypatch):
    """It sees what is not committed, and what is remembered is everybody's."""
    found = point.current()
    assert found is not None

    def inside() -> Decision:
        Membership(user=cast.charlie, group=cast.researchers).save()
        return decide(cast.charlie, P.DISCOVER, cast.oncology)

    with monkeypatch.context() as patch:
        patch.setattr(found, "answer", None)  # not to be called
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            assert do(inside, by=cast.erin).allowed
            raise ZeroDivisionError
    assert not remembered(cast.charlie, P.DISCOVER, cast.oncology).allowed


def test_inside_a_transaction_where_an_event_loop_runs(cast, scans, monkeypatch):
    """Django keeps other connections there."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    found = point.current()

    async def inside() -> Decision:
        try:
            with transaction.atomic():
                return decide(cast.bob, P.READ, scans)
        finally:
            connections["default"].close()

    assert remembered(cast.bob, P.READ, scans).allowed
    monkeypatch.setattr(found, "answer", None)  # not to be called
    assert asyncio.run(inside()).allowed


def test_of_several_grants_in_one_place_the_oldest_that_fits_is_named(cast, scans):
    first, second, third = (
        grants.give(role(name), cast.charlie, scans, purpose=purpose, by=cast.alice)
        for name, purpose in (("reader", "research"), ("reader", "model_training"), ("member", ""))
    )

    def named(permission: str, stated: str = "") -> Any:
        return remembered(cast.charlie, permission, scans, purpose=stated).grant_id

    assert named(P.DOWNLOAD) == named(P.DOWNLOAD, "research") == named(P.DISCOVER) == first.pk
    assert named(P.DOWNLOAD, "model_training") == second.pk
    grants.revoke(first, by=cast.alice)
    assert named(P.DOWNLOAD) == named(P.DISCOVER) == second.pk
    assert decide(cast.charlie, P.DOWNLOAD, scans, purpose="research").reason == "grant_purpose"
    grants.revoke(second, by=cast.alice)
    assert named(P.DISCOVER) == third.pk


def test_too_much_to_remember_is_left_to_the_database(cast, scans, monkeypatch):
    monkeypatch.setattr(loading, "MOST", 0)
    found = point.current()
    assert found is not None
    point.forget()
    assert decide(cast.bob, P.READ, scans).allowed
    found = point.current()
    assert found is not None
    assert found.left == found.asked == 1


def test_off_by_a_setting(cast, scans, settings):
    settings.DECISION_POINT = "off"
    point.forget()
    assert decide(cast.bob, P.READ, scans).allowed
    assert point.current() is None
