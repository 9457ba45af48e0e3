"""Which events a sink has not got yet: the trail is the outbox, a durable cursor says how far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit.models import Event, SinkCursor

BATCH = 200  # events
LEASE = timedelta(seconds=90)  # longer than the longest batch
LONGEST_WAIT = timedelta(minutes=10)
SETTLED = timedelta(seconds=2)  # between taking an id from the sequence and a transaction's number
COUNTED = 10_000
SNAPSHOT = """
select pg_snapshot_xmin(now)::text::bigint, pg_snapshot_xmax(now)::text::bigint,
       (select coalesce(max(id), 0) from audit_event) from pg_current_snapshot() as now
"""


@contextmanager
def leased(name: str) -> Iterator[SinkCursor | None]:
    """The cursor, for one worker at a time; one that died gives it back by the clock."""
    cursor, _ = SinkCursor.objects.get_or_create(name=name)
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    due = Q(retry_at=None) | Q(retry_at__lte=now)
    mine = SinkCursor.objects.filter(free, due, name=name).update(leased_until=now + LEASE)
    if not mine:
        yield None
        return
    cursor.refresh_from_db()
    try:
        yield cursor
    finally:
        cursor.leased_until = None
        cursor.save()


def missing(cursor: SinkCursor) -> QuerySet[Event]:
    """Acts, and what came beside the application; diffs travel inside their act."""
    events = Event.objects.filter(id__gt=cursor.floor).exclude(kind=Event.Kind.CHANGE)
    return events.exclude(id__in=cursor.above).defer("words").order_by("id")


def batch(cursor: SinkCursor) -> list[Event]:
    return list(missing(cursor)[:BATCH])


def delivered(cursor: SinkCursor, events: list[Event]) -> None:
    """Written down after the other side has them: a crash in between sends them again."""
    cursor.above = [*cursor.above, *(event.pk for event in events)]
    cursor.delivered += len(events)
    cursor.delivered_at = timezone.now()
    cursor.leased_until = cursor.delivered_at + LEASE
    cursor.failures, cursor.retry_at, cursor.last_error = 0, None, ""
    rise(cursor)
    cursor.save()


def rise(cursor: SinkCursor) -> None:
    """Ids commit out of order; below a horizon that every transaction has passed, none is new."""
    with connection.cursor() as sql:
        sql.execute(SNAPSHOT)
        oldest, next_one, newest = sql.fetchone()
    now = timezone.now()
    noted = cursor.horizon_at
    if noted is not None:
        if oldest < cursor.horizon_xmax or now - noted < SETTLED:
            return
        if missing(cursor).filter(id__lte=cursor.horizon).exists():
            return
        cursor.floor = max(cursor.floor, cursor.horizon)
        cursor.above = [pk for pk in cursor.above if pk > cursor.floor]
    cursor.horizon, cursor.horizon_xmax, cursor.horizon_at = newest, next_one, now


def failed(cursor: SinkCursor, reason: str) -> None:
    """Waits twice as long each time; nothing is skipped."""
    cursor.failures = min(cursor.failures + 1, 1000)
    wait = min(timedelta(seconds=2 ** min(cursor.failures, 12)), LONGEST_WAIT)
    cursor.retry_at = timezone.now() + wait
    cursor.last_error = reason[:200]


@dataclass(frozen=True)
class Lag:
    """How far behind a sink is."""

    name: str
    pending: int  # events, counted up to 10,000
    seconds: float  # since the oldest of them
    failures: int
    error: str
    delivered_at: datetime | None


def between(name: str, first: date, end: date) -> int:
    """How many events of these days have not arrived, counted up to 10,000."""
    cursor = SinkCursor.objects.filter(name=name).first() or SinkCursor(name=name)
    days = [datetime.combine(day, time(), UTC) for day in (first, end)]
    found = missing(cursor).filter(timestamp__gte=days[0], timestamp__lt=days[1])
    return found.order_by()[:COUNTED].count()


def lag(name: str) -> Lag:
    cursor = SinkCursor.objects.filter(name=name).first() or SinkCursor(name=name)
    first = missing(cursor).first()
    behind = (timezone.now() - first.timestamp).total_seconds() if first else 0.0
    pending = missing(cursor).order_by()[:COUNTED].count() if first else 0
    seconds = max(behind, 0.0)
    return Lag(name, pending, seconds, cursor.failures, cursor.last_error, cursor.delivered_at)
