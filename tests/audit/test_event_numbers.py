"""The application's database role writes events, and does not say their number or their time."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from audit.models import Event
from audit.seal import rounds
from audit.tasks import AHEAD
from tests.acting import rows
from tests.audit.sealing import seal_all, told

NAMES = (
    "kind, event_class, act, verb, outcome, actor_repr, on_behalf_of, key, object_pk, object_repr,"
    " action, resource_path, decision, purpose, door, agent, message, data"
)
FORGED = f"""insert into {{table}} ({NAMES}{{also}}) select
  'act', 'management', uuidv7(), 'test.forged', 'ok', 'dana', '', '', '', 'forged', 3, '/',
  '[{{{{"path": "/"}}}}]', '', 'cli', '', '', '{{{{}}}}' {{value}} returning id"""
MONTH = "audit_event_" + timezone.now().strftime("%Y_%m")


def forge(table: str = "audit_event", also: str = "", value: str = "") -> None:
    given = {"also": also and f", {also}", "value": value and f", {value}"}
    rows(FORGED.format(table=table, **given))


CHOSEN = {
    "id": "2::bigint ^ 62",
    "uid": "(select uid from audit_event limit 1)",
    '"timestamp"': "now() - interval '1 second'",
    "xact": "pg_current_xact_id()",
}


@pytest.mark.parametrize("column", CHOSEN)
def test_what_the_database_says_is_not_chosen(cast, column):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        forge(also=column, value=CHOSEN[column])


def test_a_month_is_not_written_past_the_table(cast):
    """Neither an old one nor one that its function makes."""
    assert rows("select audit_partitions(%s)", AHEAD + 1) == [1]
    months = rows(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'audit_event'::regclass"
    )
    assert len(months) == AHEAD + 2 and MONTH in months
    for month in months:
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            forge(month)


@pytest.mark.parametrize("given", [{"id": 2**62}, {"id": 1}])
def test_nor_through_the_models(cast, given):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Event(kind="act", verb="test.forged", **given).save()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Event.objects.bulk_create([Event(kind="act", verb="test.forged", **given)])


def test_the_numbers_are_not_moved_on(cast):
    [sequence] = rows("select pg_get_serial_sequence('audit_event', 'id')")
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select setval(%s, 4611686018427387904)", [sequence])


@pytest.mark.django_db(transaction=True)
def test_what_is_not_chosen_is_written_and_sealed(cast):
    """By SQL, by the models and by the code of every act."""
    seal_all()
    forge()
    uid = UUID("019f0000-0000-7000-8000-000000000000")
    Event(kind="act", verb="test.made", uid=uid).save()
    made = Event.objects.get(verb="test.made")
    assert made.uid != uid and made.pk > Event.objects.get(verb="test.forged").pk
    assert rounds.once() == 2
    assert told() == ""
