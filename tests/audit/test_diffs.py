"""Diffs wait for the end of their act: by one statement, in the order of what was written."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Resource
from audit.models import Event
from tests.acting import do


def save_as(row: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def newest() -> list[Event]:
    act = Event.objects.filter(kind="act").latest("id").act
    return list(Event.objects.filter(act=act).order_by("id"))


def test_all_of_an_act_is_one_statement_in_the_order_it_was_done(cast):
    def rename() -> None:
        for number in range(20):
            save_as(cast.bob, name=f"Bob {number}")

    with CaptureQueriesContext(connection) as queries:
        do(rename, by=cast.erin)
    inserts = [q for q in queries if q["sql"].strip().lower().startswith("insert into audit_event")]
    *diffs, act = newest()
    assert (len(inserts), act.kind) == (1, "act")
    assert [diff.changes["name"][1] for diff in diffs] == [f"Bob {n}" for n in range(20)]
    assert len({event.uid for event in (*diffs, act)}) == 21


def test_what_a_savepoint_undid_leaves_no_diff(cast):
    def undo() -> None:
        with transaction.atomic():
            save_as(cast.bob, name="before")
        try:
            with transaction.atomic():
                save_as(cast.bob, name="undone")
                with transaction.atomic():
                    save_as(cast.bob, name="undone within")
                raise LookupError
        except LookupError:
            save_as(cast.bob, name="after")

    do(undo, by=cast.erin)
    cast.bob.refresh_from_db()
    diffs = [event for event in newest() if event.kind == "change"]
    assert cast.bob.name == "after"
    assert [diff.changes["name"][1] for diff in diffs] == ["before", "after"]


def test_a_list_that_changes_in_place_afterwards_changes_no_diff(cast):
    place = Resource.objects.get(pk=cast.oncology.pk)

    def edit() -> None:
        save_as(place, required_agreements=["dua"])
        place.required_agreements.append("never saved")

    do(edit, by=cast.erin)
    [diff, _] = newest()
    assert diff.changes["required_agreements"][1] == ["dua"]
