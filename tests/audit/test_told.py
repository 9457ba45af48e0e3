"""A diff pays for the one row that it is about, in its table, with its values; for no other."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from auditlog.context import disable_auditlog
from auditlog.signals import post_log
from django.contrib.auth.models import Group
from django.db import connections, models, transaction
from django.utils import timezone

from accounts.models import Grant, Resource, User
from audit.context import Undiffed
from audit.models import Event
from registry.models import Asset
from tests.acting import do

pytestmark = pytest.mark.django_db(transaction=True)


def changed() -> list[tuple[int, str]]:
    """What the last act did to which row, by its diffs."""
    act = Event.objects.filter(kind="act").latest("id").act
    diffs = Event.objects.filter(act=act, kind="change").order_by("id")
    return [(diff.action, diff.object_repr) for diff in diffs]


def groups(by: Any, *names: str) -> list[Group]:
    made: list[Group] = do(lambda: [Group.objects.create(name=name) for name in names], by=by)
    return made


def past(model: Any) -> Any:
    """A plain queryset, which refuses nothing."""
    return models.QuerySet(model)


# --- rows that are new


@pytest.mark.parametrize("told", ["before", "after"])
def test_one_object_inserted_twice_is_two_rows(cast, told):
    def insert(row: Group, name: str) -> None:
        row.pk, row.name, row._state.adding = None, name, True
        row.save() if name == "harmless" else past(Group).bulk_create([row])

    def work() -> None:
        row, names = Group(), ["harmless", "intruders"]
        for name in names if told == "before" else reversed(names):
            insert(row, name)

    with pytest.raises(Undiffed, match="Group"):
        do(work, by=cast.erin)
    assert not Group.objects.filter(name="intruders").exists()


def test_a_row_that_takes_the_place_of_another_is_told_too(cast):
    """Deleted, and inserted again under the same key past `save`."""
    [row] = groups(cast.erin, "x")

    def work(*, told: bool) -> None:
        key = row.pk
        Group.objects.get(pk=key).delete()
        twin = Group(pk=key, name="y")
        twin.save() if told else past(Group).bulk_create([twin])

    with pytest.raises(Undiffed, match="Group"):
        do(lambda: work(told=False), by=cast.erin)
    do(lambda: work(told=True), by=cast.erin)
    assert changed() == [(2, "x"), (0, "y")]


# --- rows that are gone


def test_a_delete_of_nothing_pays_for_no_other_row(cast):
    [victim] = groups(cast.erin, "victim")

    def work() -> None:
        Group(pk=10**6, name="a ghost").delete()
        past(Group).filter(pk=victim.pk)._raw_delete("default")

    with pytest.raises(Undiffed, match="Group"):
        do(work, by=cast.erin)
    assert Group.objects.filter(pk=victim.pk).exists()


@pytest.mark.parametrize("how", ["by name", "all but the key", "by key or name", "all"])
def test_a_delete_that_names_no_keys_is_told_by_no_diff(cast, how):
    _, other = groups(cast.erin, "victim", "other")
    chosen: dict[str, Any] = {
        "by name": models.Q(name="victim"),
        "all but the key": ~models.Q(pk=other.pk),
        "by key or name": models.Q(pk=other.pk) | models.Q(name="victim"),
        "all": models.Q(),
    }

    def work() -> None:
        other.delete()
        past(Group).filter(chosen[how])._raw_delete("default")

    with pytest.raises(Undiffed, match="Group"):
        do(work, by=cast.erin)
    assert Group.objects.filter(name="victim").exists()


def test_many_at_once_and_none_at_all_are_deleted_honestly(cast):
    groups(cast.erin, *(f"g{n}" for n in range(150)))

    def work() -> None:
        Group.objects.filter(name__startswith="g").delete()
        Group.objects.filter(name__startswith="g").delete()
        past(Group).filter(pk__in=[])._raw_delete("default")

    do(work, by=cast.erin)
    assert [action for action, _ in changed()] == [2] * 150


# --- rows that are rewritten


def test_a_key_may_be_text(cast):
    def work() -> None:
        row = Group.objects.get(name="researchers")
        row.pk, row.name = str(row.pk), "searchers"
        row.save()

    do(work, by=cast.erin)
    assert changed() == [(1, "searchers")]


def test_an_object_that_becomes_another_row_pays_for_none(cast):
    """The diff stays with the key that it was made for."""
    [mine, victim] = groups(cast.erin, "mine", "victim")

    def work() -> None:
        events: Any = Event.objects
        events.log_create(mine, action=1, changes={"name": ["mine", "renamed"]})
        mine.pk = victim.pk
        rows = past(Group).filter(pk=victim.pk)
        rows._update([(Group._meta.get_field("name"), None, "renamed")])

    with pytest.raises(Undiffed, match="Group"):
        do(work, by=cast.erin)
    victim.refresh_from_db()
    assert victim.name == "victim"


def renamed(row: Any, name: str) -> None:
    """Past `save`, as whoever wants no diff would."""
    rows = past(type(row)).filter(pk=row.pk)
    rows._update([(type(row)._meta.get_field("name"), None, name)])


@pytest.mark.parametrize("how", ["past save", "switched off"])
def test_a_diff_of_the_childs_table_pays_for_none_in_the_parents(cast, how):
    def work() -> None:
        scans = Asset.objects.get(pk=cast.scans.pk)
        scans.card = "honest"
        scans.save(update_fields=["card"])
        parent = Resource.objects.get(pk=scans.pk)
        parent.name = "Mallory's"
        with disable_auditlog():
            parent.save() if how == "switched off" else renamed(parent, "Mallory's")

    with pytest.raises(Undiffed, match="name: written with another value than its diff tells"):
        do(work, on=cast.scans, by=cast.alice)
    assert Resource.objects.get(pk=cast.scans.pk).name != "Mallory's"


def test_an_older_diff_takes_nothing_back(cast):
    """What stood there when it was made no longer does."""

    def work() -> None:
        scans = Asset.objects.get(pk=cast.scans.pk)
        before, scans.card = scans.name, "honest"
        scans.save(update_fields=["card"])
        parent = Resource.objects.get(pk=scans.pk)
        parent.name = "told"
        parent.save()
        renamed(parent, before)

    with pytest.raises(Undiffed, match="no diff"):
        do(work, on=cast.scans, by=cast.alice)


def test_a_value_that_changes_after_its_diff_was_made_is_not_written(cast):
    def swap(instance: Any, **told: Any) -> None:
        if instance.name == "shown":
            instance.name = "written"

    def work() -> None:
        row = Group.objects.get(name="researchers")
        row.name = "shown"
        row.save()

    post_log.connect(swap)
    try:
        with pytest.raises(Undiffed, match=r"Group\.name"):
            do(work, by=cast.erin)
    finally:
        post_log.disconnect(swap)
    assert Group.objects.filter(name="researchers").exists()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("categories", (["personal"], ("personal",), [], ["health", "personal"])),
        ("name", ("n", "m", "m")),
        ("card", ("", "c")),
    ],
)
def test_whatever_form_a_value_has_it_is_told(cast, field, values):
    def work() -> None:
        for only in (None, [field]):
            for value in values:
                row = Asset.objects.get(pk=cast.scans.pk)
                setattr(row, field, value)
                row.save(update_fields=only)

    do(work, on=cast.scans, by=cast.alice)


def test_times_as_text_and_rows_without_all_their_fields_are_told(cast):
    def work() -> None:
        grant = Grant.objects.latest("pk")
        for until in ("2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", timezone.now()):
            grant.expires_at = until
            grant.save()
        for row in (User.objects.only("pk", "name"), User.objects.defer("name")):
            bob = row.get(pk=cast.bob.pk)
            bob.email = f"{len(bob.get_deferred_fields())}@example.org"
            bob.save()

    do(work, by=cast.erin)


# --- savepoints of two connections, which have the same names


@pytest.fixture
def both(cast: Any) -> Any:
    connections["owner"].savepoint_state = connections["default"].savepoint_state = 0
    return cast


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_another_connection_undoes_takes_no_diff_with_it(both):
    def work() -> None:
        with transaction.atomic("owner"), suppress(LookupError), transaction.atomic("owner"):
            Group.objects.create(name="there")
            raise LookupError

    do(work, by=both.erin)
    assert changed() == [(0, "there")]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_another_connection_keeps_leaves_no_diff_of_what_never_was(both):
    def work() -> None:
        with suppress(LookupError), transaction.atomic():
            Group.objects.create(name="never")
            with transaction.atomic("owner"), transaction.atomic("owner"):
                pass
            raise LookupError

    do(work, by=both.erin)
    assert changed() == []
