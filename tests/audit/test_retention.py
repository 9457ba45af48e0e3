"""Old months leave archived, signed for and provable; young, held and unsealed ones stay."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from accounts.actions import grants
from accounts.decision import site
from audit.actions import exports, keeping
from audit.acts import set_gate
from audit.models import Event, SinkCursor
from audit.seal import keys, retention, retired, rounds
from audit.search import Search
from audit.sinks import shipping, targets
from audit.tasks import write_export
from registry.actions import assets, projects
from tests.acting import do, rows
from tests.audit.sealing import act, as_superuser, told
from tests.cast import role
from tests.conftest import superuser

pytestmark = pytest.mark.django_db(transaction=True)

MONTH, FIRST = "audit_event_2019_05", date(2019, 5, 1)
OLD = """insert into audit_event (kind, event_class, act, verb, outcome, actor_id, actor_repr,
  on_behalf_of, key, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,
  message, data, "timestamp") select 'act', event_class, uuidv7(), verb, outcome, actor_id,
  actor_repr, on_behalf_of, key, object_pk, object_repr, action, '/oncology/', decision, purpose,
  door, agent, 'long ago', '{"ratio": 1.50, "many": 12345678901234567890}',
  '2019-05-03'::timestamptz + make_interval(mins => n::int)
  from audit_event, generate_series(1, 40) n where kind = 'act' and outcome = 'ok'
  order by audit_event.id limit 40"""


def make_month(first: str, end: str) -> str:
    name = f"audit_event_{first[:4]}_{first[5:7]}"
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(
            f"create table {name} partition of audit_event for values from ('{first}') to ('{end}')"
        )
        server.execute(f"alter table {name} owner to gatehouse_owner")
    return name


@pytest.fixture
def old(cast):
    """A trail that began in May 2019, sealed in one go."""
    make_month("2019-05-01", "2019-06-01")
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(OLD)
    rounds.once()
    assert told() == ""
    return cast


def retire(by: Any) -> str:
    out = StringIO()
    call_command("retire", "--as", by.username, stdout=out)
    rounds.once()
    return out.getvalue()


def test_a_month_that_is_old_enough_leaves_and_no_seal_breaks(old):
    number = Event.objects.count()
    assert f"{MONTH}: 40 events in {MONTH}.jsonl" in retire(old.erin)
    assert rows("select to_regclass(%s) is null", MONTH) == [True]
    assert Event.objects.filter(message="long ago").count() == 0
    assert Event.objects.count() == number - 40 + 1, "the act of retiring it, no more"
    assert told() == ""
    act(old, 1)
    rounds.once()
    assert told() == ""
    assert Event.objects.get(verb="trail.retire", kind="act").message == f"40 events of {MONTH}"


def test_the_archive_can_be_read_and_proved(old):
    retire(old.erin)
    lines = (retired.folder() / f"{MONTH}.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["what"]["value"]["message"] == "long ago"
    assert first["what"]["value"]["data"] == {"many": "12345678901234567890", "ratio": "1.50"}
    [(record, note, _)] = retired.records()
    assert (record.events, record.first) == (40, FIRST)
    assert note.startswith(f"{keys.trusted()[0].name}/retired\n{MONTH}\n")


def test_an_event_is_proved_from_its_archive(old, tmp_path):
    uid = str(Event.objects.filter(message="long ago").earliest("id").uid)
    retire(old.erin)
    archive = retired.folder() / f"{MONTH}.jsonl"
    out = StringIO()
    call_command("prove", uid, "--archive", str(archive), "--as", "dana", stdout=out)
    program: dict[str, Any] = {"__name__": "program"}
    exec((Path(settings.BASE_DIR) / "static" / "verify_bundle.py").read_text(), program)
    known = keys.trusted_file().read_text()
    assert program["check"](json.loads(out.getvalue()), known).startswith(f"Event {uid} is")
    with pytest.raises(CommandError, match="There is no event"):
        call_command("prove", uid, "--archive", __file__, "--as", "dana")
    forged = tmp_path / "forged.jsonl"
    forged.write_text(archive.read_text().replace("long ago", "never"))
    with pytest.raises(CommandError, match="not what was sealed"):
        call_command("prove", uid, "--archive", str(forged), "--as", "dana")


@pytest.mark.parametrize("harm", ["line", "order", "missing"])
def test_a_changed_archive_is_named(old, harm):
    retire(old.erin)
    place = retired.folder() / f"{MONTH}.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    if harm == "line":
        lines[3] = lines[3].replace("long ago", "never")
    elif harm == "order":
        lines[3], lines[4] = lines[4], lines[3]
    else:
        lines.pop()
    place.write_text("".join(lines))
    assert f"the archive {MONTH}.jsonl " in told()
    place.unlink()
    assert told() == "", "it may be kept elsewhere"


def test_an_event_that_is_deleted_as_if_it_had_been_retired_is_found(old):
    """Its leaf is given a time in the month that lawfully left."""
    retire(old.erin)
    with as_superuser() as server:
        server.execute(
            "delete from audit_event where id = (select event_id from audit_leaf where seq = 20)"
        )
        server.execute("update audit_leaf set at = '2019-05-09' where seq = 20")
    assert f"41 events of {MONTH} are gone and 40 were retired" in told(anchored=False)


def test_a_forged_retirement_is_found(old):
    with as_superuser() as server:
        server.execute(f"alter table audit_event detach partition {MONTH}")
        server.execute("alter table audit_retirement disable trigger all")
        server.execute(
            "insert into audit_retirement values"
            " (%s, '2019-05-01', '2019-06-01', 40, 'x', 'x', 'x\n\n— x x\n', now())",
            [MONTH],
        )
    assert "no trusted key signed this" in told(anchored=False)


# --- what stays


@pytest.mark.parametrize("months", [0, 1, 11])
def test_no_setting_goes_below_the_floor(old, settings, months):
    settings.TRAIL_KEEP_MONTHS = months
    with pytest.raises(CommandError, match="kept for 12 months at least"):
        retire(old.erin)


def test_six_years_by_default(old, settings):
    assert settings.TRAIL_KEEP_MONTHS == 72
    today = date.today()
    young = date(today.year - 5, 1, 1)
    make_month(f"{young}", f"{date(today.year - 5, 2, 1)}")
    out = StringIO()
    call_command("retire", "--dry-run", "--as", "erin", stdout=out)
    assert out.getvalue().split() == [MONTH]
    name = f"audit_event_{young:%Y_%m}"
    with pytest.raises(ValidationError, match="not old enough: 72 months"):
        keeping.retire(name, young, by=old.erin)


def test_the_database_says_no_by_itself(old):
    """Whatever the application's role asks for."""
    month = rows("select to_char(now(), 'YYYY_MM')")[0]
    for name, problem in ((MONTH, "no record of its"), (f"audit_event_{month}", "no record of")):
        with pytest.raises(ProgrammingError, match=problem):
            do(partial(rows, "select audit_retire(%s)::text", name), by=old.erin)
    first = date.today().replace(day=1)
    forged = [f"audit_event_{month}", first, first, 0, "x", "x", "x"]
    with pytest.raises(ProgrammingError, match="12 months at least"):
        do(lambda: forge(forged), by=old.erin)
    with pytest.raises(ProgrammingError, match="retired in an act"):
        rows("select audit_retire(%s)::text", MONTH)


def forge(values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into audit_retirement (partition, first_day, end_day, events, sha256, archive,"
            " note) values (%s, %s, %s::date + interval '1 month', %s, %s, %s, %s)",
            values,
        )
        cursor.execute("select audit_retire(%s)", [values[0]])


@pytest.mark.parametrize("path", ["/", "/oncology/", "/oncology"])
def test_what_is_held_stays_until_another_person_lifts_the_hold(old, path):
    hold = keeping.place_hold(path, "inquiry 7", by=old.erin)
    with pytest.raises(CommandError, match=r"hold .* is open"):
        retire(old.erin)
    out = StringIO()
    call_command("hold", "--as", "erin", stdout=out)
    assert "inquiry 7" in out.getvalue()
    with pytest.raises(CommandError, match="second person"):
        call_command("hold", "--lift", str(hold.pk), "--as", "erin")
    keeping.lift_hold(hold, by=second_admin(old))
    retire(old.erin)
    assert told() == ""


@pytest.mark.parametrize("path", ["/cardio/", "/oncology/ct-scans/"])
def test_a_hold_follows_what_was_moved(old, path):
    """Of 2019 are events of a dataset under another address than the hold has now."""
    cardio = projects.register(slug="cardio", owner=old.alice, by=old.erin)
    assets.move(old.scans, cardio, by=old.alice)
    moved = OLD.replace("resource_path, decision", "resource_path, resource_id, decision")
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(moved.replace("'/oncology/'", f"'/elsewhere/', {old.scans.pk}"))
    keeping.place_hold(path, "inquiry 9", by=old.petra)
    rounds.once()
    with pytest.raises(CommandError, match=r"hold .* is open"):
        retire(old.erin)
    with pytest.raises(ProgrammingError, match="a hold is open"):
        do(lambda: forge([MONTH, FIRST, FIRST, 80, "x", "x", "x"]), by=old.erin)


def second_admin(cast: Any) -> Any:
    grants.give(role("admin"), cast.petra, site(), by=cast.erin)
    return type(cast.petra).objects.get(pk=cast.petra.pk)


def test_a_hold_on_something_else_holds_nothing(old):
    projects.register(slug="cardio", owner=old.alice, by=old.erin)
    keeping.place_hold("/cardio/", "inquiry 8", by=old.erin)
    rounds.once()
    assert MONTH in retire(old.erin)


def test_what_is_not_sealed_stays(old):
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(OLD)
    with pytest.raises(CommandError, match="40 events are not sealed yet"):
        retire(old.erin)


def test_what_a_sink_has_yet_to_get_stays(old, settings, tmp_path):
    settings.TRAIL_SINKS = [f"file://{tmp_path}/gone/trail.jsonl#name=siem"]
    shipping.ship(targets.configured()[0])
    with pytest.raises(CommandError, match="sink siem has yet to get 40 of its events"):
        retire(old.erin)
    assert Event.objects.filter(message="long ago").count() == 40

    (tmp_path / "gone").mkdir()
    SinkCursor.objects.update(retry_at=None)
    shipping.ship(targets.configured()[0])
    assert MONTH in retire(old.erin)
    shipping.ship(targets.configured()[0])
    lines = (tmp_path / "gone" / "trail.jsonl").read_text().splitlines()
    told_of = [json.loads(line)["uid"] for line in lines]
    kept = Event.objects.exclude(kind="change").values_list("uid", flat=True)
    assert {str(uid) for uid in kept} < set(told_of) and len(told_of) == len(set(told_of))


def test_a_sink_that_was_taken_out_holds_nothing(old, settings):
    SinkCursor.objects.create(name="siem")
    settings.TRAIL_SINKS = []
    assert MONTH in retire(old.erin)


def test_what_somebody_waits_for_stays_until_it_is_written(old, settings, tmp_path):
    settings.EXPORT_ROOT = tmp_path
    asked = exports.export(Search.of("long ago"), format="jsonl", by=old.dana)
    rounds.once()
    with pytest.raises(CommandError, match="is being written: wait for it"):
        retire(old.erin)
    write_export(str(asked.pk))
    rounds.once()
    assert MONTH in retire(old.erin)
    asked.refresh_from_db()
    assert asked.path.read_text().count("long ago") == asked.manifest["rows"] == 40


def test_a_crash_in_between_leaves_everything(old):
    def crash() -> None:
        set_gate("x")
        retention.retire(MONTH, FIRST)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        crash()
    assert Event.objects.filter(message="long ago").count() == 40
    assert retired.records() == []
    retire(old.erin)
    assert told() == ""
