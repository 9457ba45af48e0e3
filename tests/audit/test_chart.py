"""The chart of a search: every event in one bar, in the unit in which they can be told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit import queries
from audit.chart import LEAST, MOST, chart
from audit.models import Event
from audit.search import Search

SPANS = {"hour": timedelta(hours=30), "day": timedelta(days=40), "week": timedelta(days=300),
         "month": timedelta(days=800)}  # fmt: skip


@pytest.mark.parametrize("unit", SPANS)
def test_the_unit_fits_the_span(unit):
    now = timezone.now()
    hours = [(now - SPANS[unit] * part / 10, part % 3 == 0, part + 1) for part in range(11)]
    found = chart(hours)
    assert found is not None and found.unit == unit
    assert LEAST <= len(found.bars) <= MOST
    assert sum(found.totals) == sum(range(1, 12))
    assert found.starts == sorted(found.starts)


def test_of_nothing_there_is_none():
    assert chart([]) is None


def test_hours_count_what_the_list_shows(cast, monkeypatch):
    search = Search.of("verb:group")
    every = queries.events(cast.dana, search).count()
    found = queries.per_hour(cast.dana, search)
    assert sum(count for _, _, count in found) == every > 1
    Event.objects.create(kind="act", verb="group.x", outcome="denied")
    assert sum(n for _, ok, n in queries.per_hour(cast.dana, search) if not ok) == 1
    monkeypatch.setattr(queries, "COUNTED", 1)
    assert sum(count for _, _, count in queries.per_hour(cast.dana, search)) == 2


def test_more_than_anybody_counts_is_said(client, cast, monkeypatch):
    monkeypatch.setattr(queries, "COUNTED", 3)
    client.force_login(cast.dana)
    page = client.get("/trail/")
    assert (page.context["count"], page.context["more"]) == (3, True)
    assert "the newest 3 of more than 3" in page.content.decode()
