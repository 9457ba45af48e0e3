"""A hold stands until a second person's act lifts it, whatever the application's role sends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, connection, connections, transaction

from accounts.decision import check, site
from accounts.permissions import Permission
from audit import acts
from audit.actions import keeping
from audit.acts import action
from audit.models import Event, Hold
from audit.seal import rounds
from tests.acting import do, rows
from tests.audit.test_retention import MONTH, OLD, forge, make_month
from tests.conftest import superuser

FALSE_ACT = "019f0000-0000-7000-8000-000000000000"
LIFT = "update audit_hold set lifted_by_id = %s, lifted_at = now()"
PLACE_AGAIN = "update audit_hold set lifted_by_id = null, lifted_at = null"


@pytest.fixture
def hold(cast):
    return keeping.place_hold("oncology", "inquiry 7", by=cast.erin)


def by_sql(sql: str, *values: Any) -> None:
    """Inside an act of somebody else: the gate lets it through, the hold's own does not."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "sql",
    [
        "delete from audit_hold",
        "update audit_hold set path = '/cardio/'",
        "update audit_hold set reason = 'x'",
        "update audit_hold set placed_by_id = lifted_by_id",
        "update audit_hold set id = uuidv7()",
        "update audit_hold set path = '/cardio/', lifted_by_id = placed_by_id, lifted_at = now()",
    ],
)
def test_a_hold_is_never_deleted_or_changed(cast, hold, sql):
    with pytest.raises(ProgrammingError, match="a hold is lifted, and stays"):
        do(lambda: by_sql(sql), by=cast.petra)
    hold.refresh_from_db()
    assert (hold.path, hold.lifted_at) == ("/oncology/", None)


@pytest.mark.django_db(transaction=True)
def test_nobody_lifts_it_without_a_word(cast, hold, monkeypatch):
    """Neither under another act, nor as somebody else than who acts, nor one's own."""
    monkeypatch.setitem(acts.ACTIONS, "trail.lift_hold", keeping.lift_hold)  # put back at the end
    refused = "lifted by who the trail says"
    with pytest.raises(ProgrammingError, match=refused):
        do(lambda: by_sql(LIFT, cast.petra.pk), by=cast.petra)

    @action("trail.lift_hold", Event.Class.MANAGEMENT)
    def lift_as(hold: Hold, name: Any, *, by: Any) -> Hold:
        keeping.require_keeper(by)
        by_sql(LIFT, name.pk)
        return hold

    @action("trail.lift_hold", Event.Class.MANAGEMENT)
    def lift_unasked(hold: Hold, *, by: Any) -> Hold:
        check(by, Permission.DISCOVER, site())
        by_sql(LIFT, by.pk)
        return hold

    with pytest.raises(ProgrammingError, match=refused):
        lift_as(hold, cast.petra, by=cast.erin)
    with pytest.raises(ProgrammingError, match=refused):
        lift_unasked(hold, by=cast.petra)
    hold.refresh_from_db()
    assert hold.lifted_at is None
    keeping.lift_hold(hold, by=cast.petra)
    with pytest.raises(ProgrammingError, match="a hold is lifted, and stays"):
        do(
            lambda: by_sql("update audit_hold set lifted_by_id = null, lifted_at = null"),
            by=cast.erin,
        )


@pytest.mark.django_db(transaction=True)
def test_two_lift_it_at_once_and_one_did(cast, hold):
    """Who comes second waits, and then finds it lifted, whatever they had read before."""
    stale = Hold.objects.get(pk=hold.pk)

    def second() -> str:
        try:
            keeping.lift_hold(stale, by=cast.petra)
        except ValidationError as error:
            return error.messages[0]
        finally:
            connections.close_all()
        return "lifted twice"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            keeping.lift_hold(hold, by=cast.petra)
            answer = pool.submit(second)
            wait_for_lock()
        assert answer.result(30) == "This hold was lifted already."
    assert Event.objects.filter(verb="trail.lift_hold", kind="act", outcome="ok").count() == 1


def wait_for_lock() -> None:
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(0.02)")
            cursor.execute(
                "select count(*) from pg_locks where not granted and pid <> pg_backend_pid()"
            )
            if cursor.fetchone()[0]:
                return
    raise TimeoutError


@pytest.mark.django_db(transaction=True)
def test_a_month_does_not_leave_while_a_hold_is_placed(cast):
    """The hold is placed and not committed when the month goes: the month waits, and stays."""
    make_month("2019-05-01", "2019-06-01")
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(OLD)
    rounds.once()

    def retire() -> str:
        try:
            first = date(2019, 5, 1)
            do(lambda: forge([MONTH, first, first, 40, "x", "x", "x"]), by=cast.erin)
        except ProgrammingError as error:
            return str(error)
        finally:
            connections.close_all()
        return "gone"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            keeping.place_hold("oncology", "inquiry 7", by=cast.petra)
            answer = pool.submit(retire)
            wait_for_lock()
        assert "a hold is open" in answer.result(30)
    assert rows("select to_regclass(%s) is not null", MONTH) == [True]
