"""A whole save beside another act: what it takes back of the other's, its diff tells."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Resource, User
from audit.models import Event
from registry.models import Asset, Dataset
from tests.acting import do
from tests.together import both

pytestmark = pytest.mark.django_db(transaction=True)


def newest() -> Any:
    return Event.objects.filter(kind="change", verb="test.do").latest("id").changes


@pytest.mark.parametrize(
    ("kind", "other", "field", "new"),
    [
        (User, User, "email", "new@example.org"),
        (Asset, Asset, "card", "new"),
        (Asset, Resource, "description", "new"),
        (Asset, Asset, "description", "new"),
        (Dataset, Asset, "card", "new"),
        (Dataset, Resource, "description", "new"),
    ],
)
def test_what_a_whole_save_takes_back_is_told(cast, kind, other, field, new):
    row = cast.bob if kind is User else cast.scans
    [stood] = kind.objects.filter(pk=row.pk).values_list(field, flat=True)

    def change() -> None:
        one = other.objects.get(pk=row.pk)
        setattr(one, field, new)
        do(lambda: one.save(update_fields=[field]), by=cast.erin)

    def rename() -> None:
        one = kind.objects.get(pk=row.pk)  # does not see what is not committed
        one.name = "renamed"
        do(one.save, by=cast.erin)

    assert both(change, rename) == [None, None]
    there = kind.objects.get(pk=row.pk)
    assert (there.name, getattr(there, field)) == ("renamed", stood)
    assert newest()[field] == [new, stood]


def test_a_save_of_some_fields_takes_nothing_back(cast):
    def save(field: str) -> None:
        one = Asset.objects.get(pk=cast.scans.pk)
        setattr(one, field, "new")
        do(lambda: one.save(update_fields=(name for name in [field])), by=cast.erin)

    assert both(lambda: save("card"), lambda: save("name")) == [None, None]
    there = Asset.objects.get(pk=cast.scans.pk)
    assert (there.card, there.name) == ("new", "new")
    assert newest().keys() == {"name"}
