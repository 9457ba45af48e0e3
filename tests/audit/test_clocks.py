"""Clocks that differ, step back or run ahead accuse no honest trail; those too far off are told."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import pytest
from django.core.management import CommandError, call_command

from audit.seal import rounds, sealer
from tests.acting import rows
from tests.audit.sealing import act, seal_all, told

pytestmark = pytest.mark.django_db(transaction=True)


def host(hours: float) -> type[datetime]:
    def now(_: type[datetime], tz: tzinfo | None = None) -> datetime:
        return datetime.now(tz) + timedelta(hours=hours)

    return type("Off", (datetime,), {"now": classmethod(now)})


def database(away: str) -> str:
    return f"select clock_timestamp() + interval '{away}'"


@pytest.mark.parametrize("hours", [-1 / 3600, -1, 1])
def test_hosts_whose_clocks_differ_seal_in_turns(cast, monkeypatch, hours):
    for _ in range(3):
        act(cast, 1)
        rounds.once()
        act(cast, 1)
        with monkeypatch.context() as other:
            other.setattr(sealer, "datetime", host(hours))
            rounds.once()
    assert told() == ""


def test_a_database_whose_clock_steps_back_seals_on(cast, monkeypatch):
    seal_all()
    before = rows("select max(at) from audit_checkpoint")[0]
    monkeypatch.setattr(sealer, "CLOCK", database("-9 minutes"))
    for number in (1, 2):
        act(cast, 1)
        assert rounds.once() > 0
        assert rows("select max(at) from audit_checkpoint") == [
            before + timedelta(microseconds=number)
        ]
    monkeypatch.undo()
    act(cast, 1)
    rounds.once()
    assert told() == ""


def test_many_in_one_moment_come_one_after_the_other(cast, monkeypatch):
    act(cast, 5)
    now = rows("select clock_timestamp()::text")[0]
    monkeypatch.setattr(sealer, "CLOCK", f"select timestamptz '{now}'")
    seal_all(5)
    assert rows("select count(*) = count(distinct at) and count(*) > 3 from audit_checkpoint") == [
        True
    ]
    assert told() == ""


def test_a_clock_that_is_far_behind_the_last_checkpoint_signs_nothing(cast, monkeypatch):
    seal_all()
    before = rows("select count(*) from audit_checkpoint")
    act(cast, 1)
    monkeypatch.setattr(sealer, "CLOCK", database("-11 minutes"))
    with pytest.raises(CommandError, match=r"the clock of PostgreSQL says .* is behind, or was"):
        call_command("seal")
    assert rows("select count(*) from audit_checkpoint") == before
    monkeypatch.undo()
    assert rounds.once() > 0, "and once it is right, it goes on"
    assert told() == ""
