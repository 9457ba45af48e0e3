"""Is the proof kept up? What monitoring asks, each by one cheap query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from audit.seal import anchors

LATE = timedelta(minutes=1)  # an event without its leaf
UNANCHORED = timedelta(minutes=15)
UNVERIFIED = timedelta(hours=24)
AHEAD = 60  # days for which there are partitions

WAITING = """
select now() - min(e."timestamp") from audit_event e
 where e.id > coalesce((select floor from audit_checkpoint order by id desc limit 1), 0)
   and not exists (select from audit_leaf l where (l.event_id, l.at) = (e.id, e."timestamp"))
"""
ANCHORED = """
select t.target, clock_timestamp() - (select max(a.at) from audit_anchor a
                                       where a.target = t.target and a.at <= clock_timestamp())
  from unnest(%s::text[]) as t (target)
"""
VERIFIED = """
select e."timestamp", coalesce((e.data ->> 'problems')::int, 0) from audit_event e
 where e.verb = 'trail.verify' and e.outcome = 'ok' and e.kind = 'act'
   and e.data ->> 'scope' = 'full' order by e."timestamp" desc limit 1
"""
PARTITION = """
select to_regclass('audit_event_' || to_char(now() + make_interval(days => %s), 'YYYY_MM'))
       is not null
"""


@dataclass(frozen=True)
class Status:
    """How long the oldest event waits, each target was not reached, nobody verified."""

    waiting: timedelta
    anchored: dict[str, timedelta | None]
    verified: timedelta | None
    problems: int
    partitions: bool

    @property
    def sealed(self) -> bool:
        return self.waiting < LATE

    @property
    def unreached(self) -> list[str]:
        """Targets that have not taken a checkpoint for too long; all of them at first."""
        return [t for t, age in self.anchored.items() if age is None or age > UNANCHORED]

    def brief(self) -> dict[str, bool]:
        return {
            "sealed": self.sealed,
            "anchored": not self.unreached,
            "verified": self.verified is not None
            and self.verified < UNVERIFIED
            and not self.problems,
            "partitions": self.partitions,
        }


def status() -> Status:
    targets = [anchors.FILE, *settings.SEAL_ANCHORS]
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        waiting = cursor.fetchone()[0] or timedelta(0)
        cursor.execute(ANCHORED, [targets])
        anchored = dict(cursor.fetchall())
        if not anchors.anchors_file().exists():
            anchored[anchors.FILE] = None
        cursor.execute(VERIFIED)
        at, problems = cursor.fetchone() or (None, 0)
        cursor.execute(PARTITION, [AHEAD])
        partitions = cursor.fetchone()[0]
    verified = None if at is None else datetime.now(UTC) - at
    return Status(waiting, anchored, verified, problems, partitions)
