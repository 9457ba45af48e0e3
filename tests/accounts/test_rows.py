"""The clock of grants: rows go at their end and no others; drift is found, told and mended."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts import queries
from accounts.actions import grants
from accounts.decision import decide
from accounts.grants import drift
from accounts.management.commands import reconcile
from accounts.models import Grant
from accounts.permissions import Permission
from accounts.tasks import sweep
from audit import trail
from audit.models import Event
from registry.actions import states
from tests.acting import rows
from tests.cast import role
from tests.deciding.remembered import MICRO, Clock, published
from tests.deciding.world import owner

HOUR = timedelta(hours=1)
SWEEP, MEND = "permission_row.sweep", "permission_row.reconcile"


def standing_rows() -> set[tuple[Any, ...]]:
    """Every row of both kinds, as it stands in its table."""
    found = set()
    for table in ("accounts_userpermission", "accounts_grouppermission"):
        found |= {(table, *row) for row in rows(f"select grant_id, id from {table}")}
    return found


def events(verb: str) -> list[Event]:
    return list(Event.objects.filter(verb=verb).order_by("pk"))


@pytest.fixture
def windows(cast) -> dict[str, Grant]:
    """What is over at `end`, what goes on, what has no end and what has not begun."""
    end = timezone.now() + HOUR
    states.set_state(cast.scans, "published", by=cast.alice)
    here = {"resource": cast.scans, "by": cast.alice}
    return {
        "over": grants.give(role("reader"), cast.charlie, expires_at=end, **here),
        "group over": grants.give(
            role("reader"), cast.researchers, cast.oncology, expires_at=end, by=cast.alice
        ),
        "live": grants.give(role("reader"), cast.bob, expires_at=end + MICRO, **here),
        "group live": grants.give(
            role("contributor"), cast.researchers, cast.scans, expires_at=end + HOUR, by=cast.alice
        ),
        "endless": grants.give(role("reader"), cast.petra, **here),
        "future": grants.give(
            role("contributor"), cast.bob, starts_at=end + HOUR, expires_at=end + 2 * HOUR, **here
        ),
    }


def test_rows_go_at_their_end_and_no_others(cast, windows, monkeypatch):
    clock, end = Clock(monkeypatch), windows["over"].expires_at
    before = standing_rows()
    clock.set(end - MICRO)
    assert sweep() == 0
    assert standing_rows() == before
    clock.set(end)
    over = {windows["over"].pk, windows["group over"].pk}
    going = {row for row in before if row[1] in over}
    assert len(going) == 2 * len(role("reader").codenames())
    assert sweep() == len(going)
    assert standing_rows() == before - going
    for name, grant in windows.items():
        kept = Grant.objects.get(pk=grant.pk)
        assert (kept.closed_at, kept.expires_at) == (None, grant.expires_at), name
    assert decide(cast.charlie, Permission.READ, cast.scans).reason == "grant_expired"
    clock.set(end + MICRO)
    assert sweep() == len(role("reader").codenames())
    assert standing_rows() == {row for row in before - going if row[1] != windows["live"].pk}


def test_what_it_does_is_recorded_and_nothing_is_not(windows, monkeypatch):
    """By the system, by a job, under the policy of the site, with the number of rows."""
    clock, end = Clock(monkeypatch), windows["over"].expires_at
    clock.set(end - MICRO)
    sweep()
    assert events(SWEEP) == []
    clock.set(end)
    removed = sweep()
    (act,) = (event for event in events(SWEEP) if event.kind == "act")
    assert (act.actor, act.door, act.outcome) == (queries.system(), "task", "ok")
    assert (act.message, act.data["removed"]) == (f"{removed} rows", removed)
    assert [one["permission"] for one in act.decision] == ["manage_policies"]
    recorded = events(SWEEP)
    sweep()
    assert events(SWEEP) == recorded
    assert trail.findings() == []


# --- drift

BOB = "(select id from accounts_user where username = 'bob')"
SCANS = "(select id from accounts_resource where path = '/oncology/ct-scans/')"
MINE = f"from accounts_userpermission where user_id = {BOB}"
DRIFTS = {
    "a row is missing": f"delete from accounts_userpermission where id = (select min(id) {MINE})",
    "a row too many": "insert into accounts_userpermission (permission_id, content_object_id,"
    " user_id, grant_id, starts_at) select permission_id, 1, user_id, grant_id, starts_at"
    f" from accounts_userpermission where id = (select min(id) {MINE})",
    "a row lasts longer": "update accounts_userpermission set expires_at = '2100-01-01'"
    f" where user_id = {BOB}",
    "a standing is another": "update accounts_standing set blocked = 'withdrawn'"
    f" where resource_id = {SCANS} and closed_at is null",
    "a spell is another": "update accounts_spell set closed_at = now()"
    f" where user_id = {BOB} and closed_at is null",
}


def run(*words: str) -> str:
    out = StringIO()
    call_command("reconcile", *words, stdout=out)
    return out.getvalue().strip()


def exit_code(*words: str) -> int:
    """As the shell gets it."""
    with pytest.raises(SystemExit) as ended:
        reconcile.Command().run_from_argv(["manage.py", "reconcile", *words])
    return int(str(ended.value.code))


@pytest.fixture
def mine(transactional_db, cast) -> Any:
    """Bob reads the scans, by rows of his own."""
    published(cast)
    return cast


@pytest.mark.parametrize("how", DRIFTS)
def test_drift_is_found_told_and_mended(mine, how, capsys):
    check = ("--check", "--as", "erin")
    assert run(*check) == "No drift: every row is what its grant says."
    with owner() as session:
        session.execute(DRIFTS[how])
    found = drift()
    assert found
    assert exit_code(*check) == 1
    told = capsys.readouterr().err
    assert f"{len(found)} rows have drifted. The first: " in told
    assert {*drift()} == {*found}, "it only looks"
    assert events(MEND) == []

    assert run("--as", "erin") == f"{len(found)} rows had drifted and were written anew."
    assert drift() == []
    assert run(*check).startswith("No drift")
    (act,) = (event for event in events(MEND) if event.kind == "act")
    assert (act.actor, act.door, act.outcome) == (mine.erin, "cli", "ok")
    assert act.message == f"{len(found)} had drifted"
    named = {f"{one.what}: {one.grant or one.resource}" for one in found}
    assert {*act.data["drift"]} == named
    assert decide(mine.bob, Permission.READ, mine.scans).allowed
    assert run("--as", "erin") == "0 rows had drifted and were written anew."


def test_who_may_not_mend_is_told_nothing(mine, capsys):
    with owner() as session:
        session.execute(DRIFTS["a row is missing"])
    for words in (["--check"], []):
        assert exit_code(*words, "--as", "alice") == 3
        assert "drifted" not in capsys.readouterr().err
        refused = Event.objects.filter(actor=mine.alice, outcome="denied").latest("pk")
        assert refused.door == "cli"
    assert drift()
