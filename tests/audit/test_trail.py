"""The trail is append-only for everybody, and without it nothing happens."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from accounts.actions import people
from accounts.models import User
from audit.models import Event
from audit.tasks import AHEAD, partitions
from registry.actions import files, versions
from registry.models import Asset, File
from tests.acting import rows
from tests.conftest import superuser


def this_month() -> str:
    return f"audit_event_{timezone.now():%Y_%m}"


TAMPERING = [
    "update {0} set message = 'x'",
    "update {0} set message = 'x' where false",
    "delete from {0}",
    "truncate {0}",
    "alter table {0} disable trigger keep",
    "alter table {0} disable trigger all",
    "drop table {0}",
    "create or replace function trail_keep() returns trigger language plpgsql"
    " as 'begin return null; end'",
    "set session_replication_role = replica",
    "set role gatehouse_owner",
]


@pytest.mark.parametrize("table", ["audit_event", this_month()])
@pytest.mark.parametrize("sql", TAMPERING)
def test_the_application_cannot_tamper(cast, table, sql):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))


@pytest.mark.parametrize("table", ["audit_event", this_month()])
@pytest.mark.parametrize("sql", TAMPERING[:4])
def test_the_owner_is_refused_by_the_trigger(owner, table, sql):
    with pytest.raises(InsufficientPrivilege, match="append-only"):
        owner.execute(sql.format(table))


def test_an_event_is_not_saved_twice(cast):
    event = Event.objects.latest("id")
    event.message = "x"
    with pytest.raises(ProgrammingError), transaction.atomic():
        event.save()
    with pytest.raises(ProgrammingError), transaction.atomic():
        event.delete()


@pytest.fixture
def without_trail(transactional_db):
    """The application may no longer write the trail; the clone that follows may again."""
    yield lambda: set_privilege("revoke insert on audit_event from")


def set_privilege(sql: str) -> None:
    with superuser(str(connection.settings_dict["NAME"])) as server:
        server.execute(psycopg.sql.SQL(f"{sql} gatehouse_app"))


def test_without_a_trail_nothing_changes(without_trail, cast):
    without_trail()
    with pytest.raises(ProgrammingError, match="audit_event"):
        people.invite(username="mallory", email="mallory@example.org", by=cast.erin)
    assert not User.objects.filter(username="mallory").exists()


def test_without_a_trail_nothing_is_downloaded(without_trail, cast):
    scans = Asset.objects.get(pk=cast.scans.pk)
    version = versions.open_version(scans, by=cast.alice)
    file = files.upload(version, "a.csv", [b"a"], by=cast.alice)
    assert files.download(file, by=cast.alice) == file
    without_trail()
    with pytest.raises(ProgrammingError, match="audit_event"):
        files.download(file, by=cast.alice)
    assert File.objects.get() == file


def months(count: int) -> list[str]:
    today = date.today().replace(day=1)
    steps = [(today.year * 12 + today.month - 1) + n for n in range(count)]
    return [f"audit_event_{step // 12}_{step % 12 + 1:02}" for step in steps]


def test_the_coming_months_have_their_partitions(db):
    found = set(
        rows(
            "select inhrelid::regclass::text from pg_inherits"
            " where inhparent = 'audit_event'::regclass"
        )
    )
    assert set(months(AHEAD + 1)) <= found
    kept = rows(
        "select count(*) from pg_trigger where tgname = 'keep' and tgenabled = 'A'"
        " and tgrelid in (select inhrelid from pg_inherits)"
    )
    assert kept == [len(found)]


def test_the_application_makes_partitions_through_the_function_only(db):
    assert partitions() == 0
    assert rows("select audit_partitions(%s)", AHEAD + 2) == [2]
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "create table audit_event_2099_01 partition of audit_event"
            " for values from ('2099-01-01') to ('2099-02-01')"
        )
    new = months(AHEAD + 3)[-1]
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"update {new} set message = 'x'")


def test_nobody_else_may_call_the_function(db):
    grantees = rows(
        "select coalesce(grantee::regrole::text, 'public') from pg_proc,"
        " aclexplode(proacl) where proname = 'audit_partitions'"
    )
    assert set(grantees) == {"gatehouse_owner", "gatehouse_app"}
