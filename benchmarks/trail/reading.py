"""Beside the searches: limits of a person, what stands above the list, the deepest page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit import queries
from audit.budget import budget
from audit.doors.cursor import after, fetch
from audit.exports import stream
from audit.models import Event
from audit.search import Search
from benchmarks.trail.pages import SIZE, laps, p95, worked
from benchmarks.trail.told import told


def figures(user: Any, rows: int) -> Iterator[bool]:
    yield watched(user)
    yield counted(user)
    yield deep(user)


def watched(user: Any) -> bool:
    """The limits of a person who reads the trail of some resources only."""
    sets = {"one": [150_001], "hot": [1], "200": range(1000, 1200), "5000": range(20000, 25000)}
    found = {}
    for name, ids in sets.items():
        mine = queries.within(Event.objects.defer("words"), list(ids))
        for text in ("", "quarterly", "actor:user1990"):
            search = Search.of(text)

            def read(mine: Any = mine, search: Search = search) -> list[Event]:
                with budget(30):
                    return fetch(mine.filter(search.condition()), stream.ORDER, SIZE)

            found[f"{name} {text}".strip()] = p95(laps(read))
    value = max(found.values())
    detail = f"{ {name: round(ms, 1) for name, ms in found.items()} }"
    question = "an auditor of some resources, slowest p95"
    return told(question, value, 100, detail, "ms")


def counted(user: Any) -> bool:
    """What stands above the list: a count of at most 10,000 and the chart made of it."""
    texts = ["", "actor:user1", "actor:user1990", "quarterly", "w500", "outcome:denied"]
    found, before = {}, worked()
    for text in texts:

        def read(text: str = text) -> list[Any]:
            with budget(30):
                return queries.per_hour(user, Search.of(text))

        found[text or "everything"] = p95(laps(read))
    value = max(found.values())
    work = (worked() - before) / (len(texts) * 15)
    detail = f"{ {name: round(ms, 1) for name, ms in found.items()} }, processor {work:.1f} ms each"
    question = "capped count and chart, slowest p95"
    return told(question, value, 300, detail, "ms")


def deep(user: Any) -> bool:
    """The last full page against the first one."""
    ratios = {}
    for text in ("", "actor:user1", "verb:grant.open", "resource:project7"):
        events = queries.events(user, Search.of(text))
        oldest = list(events.order_by("timestamp", "id")[: SIZE * 2])[-1]
        bottom = events.filter(after(stream.ORDER, [oldest.timestamp, oldest.pk]))

        def read(rows: Any, edge: Any) -> None:
            with budget(30):
                assert len(fetch(rows, stream.ORDER, SIZE, edge)) == SIZE

        first, last = (
            sorted(laps(lambda rows=rows, edge=edge: read(rows, edge), 21))[10]  # type: ignore[misc]
            for rows, edge in ((events, None), (bottom, oldest.timestamp))
        )
        ratios[text or "everything"] = (round(last / first, 2), round(first, 2), round(last, 2))
    value = max(ratio for ratio, _, _ in ratios.values())
    question = "deepest page / first page, slowest of four searches"
    detail = f"ratio, first ms, deepest ms: {ratios}"
    return told(question, value, 2, detail, "x")
