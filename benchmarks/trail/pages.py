"""A page of every kind of search, as the doors read it."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection

from audit import queries
from audit.budget import budget
from audit.doors.cursor import fetch
from audit.exports import stream
from audit.models import Event
from audit.search import Search
from benchmarks.trail.searches import FILTERS, WORDS, tickets
from benchmarks.trail.told import told

SIZE = 41  # a page of forty, and one that says there is more


def figures(user: Any, rows: int) -> Iterator[bool]:
    page(user, "")
    words = {"a ticket number": tickets(rows)} | WORDS
    for kind, searches, limit in (("filter", FILTERS, 50), ("text", words, 100)):
        found = {name: timed(f"{kind}: {name}", user, texts) for name, texts in searches.items()}
        slowest = max(found, key=lambda name: found[name])
        question = f"{rows:,} events: every {kind}, slowest p95"
        yield told(question, found[slowest], limit, f"{slowest}, of {len(found)} kinds", "ms")


def laps(work: Callable[[], Any], times: int = 15) -> list[float]:
    """Milliseconds, the first touch included."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1e3)
    return found


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def page(user: Any, text: str) -> list[Event]:
    """As the doors read it: with the decision, the limits and the budget."""
    with budget(30):
        search = Search.of(text)
        return fetch(queries.events(user, search), stream.ORDER, SIZE, search.end)


def worked() -> float:
    """Milliseconds of processor time: this process and its database session."""
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    ticks = stat.read_text().rsplit(")", 1)[1].split()[11:13] if stat.exists() else []
    return time.process_time() * 1e3 + sum(map(int, ticks)) * 1e3 / os.sysconf("SC_CLK_TCK")


def timed(name: str, user: Any, texts: list[str]) -> float:
    """By the clock; beside it the time of the processor, which neighbours do not change."""
    before = worked()
    each = {text: laps(lambda text=text: page(user, text)) for text in texts}  # type: ignore[misc]
    work = (worked() - before) / sum(map(len, each.values()))
    value = p95([lap for found in each.values() for lap in found])
    middle = {text: round(statistics.median(found), 1) for text, found in each.items()}
    rows = [len(page(user, text)) for text in texts]
    load = round(os.getloadavg()[0], 1)
    detail = f"medians {middle}, rows {rows}, processor {work:.1f} ms a page, load {load}"
    told(f"{name}, p95", value, None, detail, "ms")
    return value
