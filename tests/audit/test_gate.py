"""Every way of writing around an action, tried: outside an act, and inside without a diff."""

from __future__ import annotations

import contextvars
import json
import threading
from typing import Any

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import ProgrammingError, connection, models, transaction
from django.db.models import ProtectedError

from accounts.models import Grant, Membership, Resource, User
from audit import trail
from audit.context import NoAct, Undiffed
from audit.models import Event
from registry.models import Dataset, Project
from tests.acting import do, governed_tables, nothing_written, rows
from tests.audit.attacks import INSIDE, OUTSIDE

# What stops an attack before the gate: a foreign key that protects, a manager without the method.
SOONER: dict[str, type[Exception]] = {
    "cascade_from_a_group": ProtectedError,
    "delete": ProtectedError,
    "createsuperuser": AttributeError,
    "guardian_assign_perm": AttributeError,
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_an_act_nothing_writes(cast, tmp_path, name):
    with pytest.raises((NoAct, Undiffed, SOONER.get(name, NoAct))), transaction.atomic():
        OUTSIDE[name](cast, tmp_path)
    assert nothing_written()


def test_update_or_create_of_an_old_row(cast):
    """Locks the row first, which counts as a write; so the row itself is looked at."""
    with pytest.raises(NoAct), transaction.atomic():
        User.objects.update_or_create(username="bob", defaults={"name": "x"})
    assert User.objects.get(username="bob").name == "Bob"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["changed", "made", "deleted"])
def test_what_was_refused_beside_an_act_leaves_no_change(cast, how):
    """The diff is made before the write comes to the gate, and a shell commits what stands."""
    row = Group(name="intruders")
    if how != "made":
        row = do(lambda: Group.objects.create(name="insiders"), by=cast.erin)
        row.name = "intruders"
    before = rows("select count(*) from audit_event")
    with pytest.raises(NoAct):
        row.delete() if how == "deleted" else row.save()
    assert rows("select count(*) from audit_event") == before
    assert trail.findings() == []


def test_the_proof_can_fail(cast):
    """`nothing_written` sees a write: else every test above would pass on an open gate."""
    do(lambda: Group(name="insiders").save(), by=cast.erin)
    assert not nothing_written()


def test_a_thread_does_not_inherit_the_act(cast):
    caught: list[BaseException] = []

    def intrude() -> None:
        try:
            Group(name="intruders").save()
        except NoAct as error:
            caught.append(error)
        finally:
            connection.close()

    def work() -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()

    do(work, by=cast.erin)
    assert len(caught) == 1


def test_a_generator_consumed_after_the_act(cast):
    def late():
        Group(name="intruders").save()
        yield

    with pytest.raises(NoAct):
        list(do(late, by=cast.erin))


def test_a_context_copied_inside_the_act(cast):
    copied = do(contextvars.copy_context, by=cast.erin)
    with pytest.raises(NoAct):
        copied.run(Group(name="intruders").save)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["orm", "sql"])
def test_work_after_the_commit_is_outside(cast, how):
    caught: list[BaseException] = []

    def intrude() -> None:
        try:
            if how == "orm":
                Group(name="intruders").save()
            else:
                rows("insert into auth_group (name) values ('intruders') returning id")
        except (NoAct, ProgrammingError) as error:
            caught.append(error)

    do(lambda: transaction.on_commit(intrude), by=cast.erin)
    assert len(caught) == 1
    assert not Group.objects.filter(name="intruders").exists()


# --- inside an act, what would leave no diff


@pytest.mark.parametrize("name", INSIDE)
def test_inside_an_act_nothing_writes_without_a_diff(cast, tmp_path, name):
    before = Event.objects.count()
    with pytest.raises(Undiffed):
        do(lambda: INSIDE[name](cast, tmp_path), by=cast.erin)
    failed = Event.objects.latest("id")
    assert (failed.outcome, failed.data["reason"]) == ("failed", "Undiffed")
    assert Event.objects.count() == before + 1


def test_what_does_leave_diffs_passes(cast):
    """The count of rows against diffs is no wall: one by one, all the same value twice."""

    def write() -> None:
        Group.objects.create(name="insiders")
        address = EmailAddress.objects.create(user=cast.bob, email="b@example.org")
        for other in ("c@example.org", "c@example.org"):
            address.email = other
            address.save()
        EmailAddress.objects.filter(pk=address.pk).delete()

    do(write, by=cast.erin)
    act = Event.objects.filter(kind="act").latest("id").act
    diffs = Event.objects.filter(act=act, kind="change").order_by("id")
    assert [diff.action for diff in diffs] == [0, 0, 1, 2]


def test_what_a_savepoint_undid_needs_no_diff(cast):
    """A row that was taken back is none that was written."""

    def write() -> None:
        with pytest.raises(LookupError), transaction.atomic():
            Group.objects.bulk_create([Group(name="insiders")])
            models.QuerySet(EmailAddress)._raw_delete("default")
            raise LookupError

    do(write, by=cast.erin)
    assert not Group.objects.filter(name="insiders").exists()


@pytest.mark.parametrize("kind", [User, Grant, Project, Dataset, Membership])
def test_a_new_object_with_an_old_key_rewrites_nothing(cast, kind):
    """Neither its own table nor, for a child of the tree, the parent's."""
    twin = kind(
        **{
            f.attname: getattr(old, f.attname)
            for f in kind._meta.concrete_fields
            if (old := kind.objects.first()) is not None
        }
    )
    with pytest.raises(Exception, match="try again"):
        do(twin.save, by=cast.erin)


def test_a_child_of_an_existing_resource_rewrites_no_parent(cast):
    intruder = Project(
        id=cast.scans.pk,
        kind="project",
        path="/x/",
        slug="x",
        state="active",
        parent_id=cast.scans.parent_id,
    )
    with pytest.raises(Exception, match="try again"):
        do(intruder.save, by=cast.erin)
    assert Resource.objects.get(pk=cast.scans.pk).slug == "ct-scans"


# --- the same, for whoever writes SQL

FORGED_CHANGE = """insert into audit_event (kind, event_class, verb, outcome, actor_repr,
  on_behalf_of, key, object_pk, object_repr, action, resource_path, decision, purpose, door, agent,
  message, data) select 'change', event_class, verb, 'ok', '', '', '', '', '', 1, '', '[]', '',
  'cli', '', '', '{}' from audit_event limit 1"""


@pytest.fixture
def tables(db):
    return governed_tables()


STATEMENTS = {
    "insert": 'insert into "{0}" ("{1}") select "{1}" from "{0}" where false',
    "update": 'update "{0}" set "{1}" = "{1}" where false',
    "delete": 'delete from "{0}" where false',
    "truncate": 'truncate "{0}" cascade',
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_sql_of_the_application_is_refused_on_every_governed_table(tables, statement):
    assert len(tables) > 25
    for table in tables:
        column = connection.introspection.get_primary_key_column(connection.cursor(), table)
        sql = STATEMENTS[statement].format(table, column)
        refused = pytest.raises(ProgrammingError, match=r"outside an act|permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_manager_raw_is_sql_too(cast):
    with pytest.raises(ProgrammingError, match="outside an act"), transaction.atomic():
        list(Group.objects.raw("update auth_group set name = 'x' returning *"))


def test_every_governed_table_has_its_triggers(tables):
    found = rows("""select t.relname, array_agg(g.tgname::text) from pg_class t
        join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal and g.tgenabled <> 'D'
        group by 1""")
    triggers = {table: set(names) for table, names in found}
    three = {"gate", "out_of_band", "settle"}
    missing = [t for t in tables if not three <= triggers.get(t, set())]
    assert missing == []


def test_the_act_leaves_no_open_gate_behind(cast):
    do(lambda: None, by=cast.erin)
    assert rows("select current_setting('gate.act', true)") == [""]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("also", ["select 1", FORGED_CHANGE])
def test_an_act_that_was_made_up_in_sql_does_not_commit(cast, also):
    """Setting `gate.act` opens the gate for the statement; without the act's event it is undone."""
    refused = pytest.raises(ProgrammingError, match="accounts_user in an act that left no event")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', uuidv7()::text, true)")
        cursor.execute("update accounts_user set name = 'Mallory' where username = 'bob'")
        cursor.execute(also)
        cursor.execute("select set_config('gate.act', '', true)")
    assert User.objects.get(username="bob").name == "Bob"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whole", ["act", "event"])
def test_a_statement_that_closes_the_gate_behind_itself_is_refused(cast, whole):
    """The gate looks when the statement begins; the row is looked at when it was written."""
    refused = pytest.raises(ProgrammingError, match="accounts_user outside an act")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', uuidv7()::text, true)")
        if whole == "event":
            cursor.execute(FORGED_CHANGE.replace("'change'", "'act'"))
        cursor.execute(
            "update accounts_user set name = 'Mallory' || set_config('gate.act', '', true)"
            " where username = 'bob'"
        )
    assert User.objects.get(username="bob").name == "Bob"
    assert rows(
        "select count(*) from audit_event where verb = 'db.out_of_band'"
        " and object_repr = 'accounts_user' and actor_repr = current_user"
    ) == [0]


@pytest.mark.django_db(transaction=True)
def test_an_act_that_a_whole_connection_names_opens_nothing(cast):
    with psycopg.connect(**connection.get_connection_params()) as thief:
        thief.execute("select set_config('gate.act', uuidv7()::text, false)")
        thief.commit()
        thief.execute("update accounts_user set name = 'Mallory' where username = 'bob'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="that left no event"):
            thief.commit()
    assert User.objects.get(username="bob").name == "Bob"


@pytest.mark.django_db(transaction=True)
def test_the_event_of_another_transaction_does_not_count(cast):
    """Neither an older act nor one that commits at the same time."""
    act = str(rows("select act from audit_event where kind = 'act' order by id desc limit 1")[0])
    refused = pytest.raises(ProgrammingError, match="auth_group in an act that left no event")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('gate.act', %s, true)", [act])
        cursor.execute("update auth_group set name = 'intruders'")
        with psycopg.connect(**connection.get_connection_params()) as neighbour:
            neighbour.execute(FORGED_CHANGE.replace("'change'", "'act'"))
    assert Group.objects.get().name == "researchers"


# --- other roles: recorded, not refused


def events_of(owner: Any) -> list[tuple[str, str, Any]]:
    found = owner.execute(
        "select verb, data ->> 'operation', changes from audit_event"
        " where kind = 'out_of_band' and timestamp >= transaction_timestamp() order by id"
    )
    return [(verb, operation, json.loads(changes or "null")) for verb, operation, changes in found]


def test_what_the_owner_changes_is_recorded_with_its_values(owner):
    owner.execute("update accounts_user set name = 'Mallory' where username = 'bob'")
    [(verb, operation, changes)] = events_of(owner)
    assert (verb, operation) == ("db.out_of_band", "UPDATE")
    assert changes == {"name": ["Bob", "Mallory"]}


def test_secrets_are_masked(owner):
    owner.execute("update accounts_user set password = 'pbkdf2$x' where username = 'bob'")
    [(_, _, changes)] = events_of(owner)
    assert changes == {"password": ["(secret)", "(secret)"]}


def test_truncate_by_the_owner_is_recorded(owner):
    owner.execute("truncate account_emailaddress cascade")
    assert {operation for _, operation, _ in events_of(owner)} == {"TRUNCATE"}
