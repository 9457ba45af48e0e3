"""Pages of the trail: all of it once, forwards and backwards, however small the window is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict

from audit import queries
from audit.doors.page import page
from audit.exports import stream
from audit.models import Event
from audit.search import Search
from tests.rest import caller

WINDOWS = [timedelta(0), timedelta(milliseconds=5), timedelta(days=45), timedelta(days=10_000)]


@pytest.fixture(params=WINDOWS, ids=str)
def window(request, monkeypatch) -> None:
    monkeypatch.setattr(Event, "window", request.param)


def everything(user) -> list[int]:
    return list(queries.events(user).order_by("-timestamp", "-id").values_list("pk", flat=True))


def walk(user, way: str, start: str = "") -> tuple[list[list[int]], str]:
    """The pages to the end, and the query string of the last one that had a neighbour."""
    pages, at = [], start
    while True:
        found = page(queries.events(user), QueryDict(at.removeprefix("?")), size=7)
        pages.append([event.pk for event in found.rows])
        following = found.older if way == "older" else found.newer
        if not following:
            return pages, at
        at = following


def test_both_ways(cast, window):
    pages, last = walk(cast.dana, "older")
    assert [pk for one in pages for pk in one] == everything(cast.dana)
    back, _ = walk(cast.dana, "newer", last)
    assert [pk for one in reversed(back) for pk in one] == everything(cast.dana)


def test_over_rest(cast, window):
    dana = caller(cast.dana)
    before = Search.of("until:2199-01-01 -verb:trail -verb:key")
    expected = [str(e.uid) for e in queries.events(cast.dana, before)]
    found, at = [], f"trail?q={str(before).replace(' ', '%20')}&limit=9"
    while at:
        answer = dana.get(at).json()
        found += [row["uid"] for row in answer["results"]]
        cursor = answer["next"]
        at = f"trail?q={str(before).replace(' ', '%20')}&limit=9&cursor={cursor}" if cursor else ""
    assert found == expected


def test_exported(cast, window, monkeypatch):
    monkeypatch.setattr(stream, "CHUNK", 6)
    found = list(stream.chunks(queries.events(cast.dana), None))
    assert [event.pk for chunk in found for event in chunk] == everything(cast.dana)


def test_a_search_that_ends_long_ago(cast, window):
    assert list(page(queries.events(cast.dana, search := Search.of("until:2020-01-01")),
                     QueryDict(), edge=search.end).rows) == []  # fmt: skip
