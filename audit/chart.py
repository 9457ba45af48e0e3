"""Moments as the bars of a chart, in the unit in which they can be told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

LEAST, MOST = 24, 62  # bars


@dataclass(frozen=True)
class Chart:
    """Bars from the first to now: allowed below, refused or failed on top."""

    unit: str
    starts: list[datetime]
    bars: list[tuple[int, int]]

    @property
    def totals(self) -> tuple[int, int]:
        return sum(ok for ok, _ in self.bars), sum(bad for _, bad in self.bars)


def hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def week(at: datetime) -> datetime:
    return day(at) - timedelta(days=at.weekday())


def month(at: datetime) -> datetime:
    return day(at).replace(day=1)


UNITS: list[tuple[str, Callable[[datetime], datetime], timedelta]] = [
    ("hour", hour, timedelta(hours=1)),
    ("day", day, timedelta(days=1)),
    ("week", week, timedelta(days=7)),
    ("month", month, timedelta(days=31)),
]


def chart(hours: Sequence[tuple[datetime, bool, int]]) -> Chart | None:
    """Of nothing there is none."""
    if not hours:
        return None
    now = timezone.localtime()
    local = [(timezone.localtime(at), ok, count) for at, ok, count in hours]
    oldest = min(at for at, _, _ in local)
    name, start, _ = next((u for u in UNITS if (now - oldest) / u[2] < MOST - 1), UNITS[-1])
    counted: Counter[tuple[datetime, bool]] = Counter()
    for at, ok, count in local:
        counted[start(at), ok] += count
    starts = [start(now)]
    while starts[0] > oldest or len(starts) < LEAST:
        starts.insert(0, start(starts[0] - timedelta(microseconds=1)))
    bars = [(counted[at, True], counted[at, False]) for at in starts]
    return Chart(name, starts, bars)
