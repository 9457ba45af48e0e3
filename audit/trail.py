"""Does the trail hold together? Each change has its act, each act its decision, all their seal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from audit.seal import anchors, keys, sample
from audit.seal.verify import Report, verify

# Each finds events that break one promise; `e` is the event at fault, `a` the act it names.
ACT_OF = "select 1 from audit_event a where a.act = e.act and a.kind = 'act'"
DECIDED = "jsonb_array_elements(a.decision) as passed where starts_with(e.resource_path, "
CHECKS = {  # made of constants only
    "this is neither an act nor a change": """
        e.kind not in ('act', 'change', 'out_of_band')""",
    "this act has no number that a change could name": """
        e.kind = 'act' and e.act is null""",
    "this change says of no place what it wrote": """
        e.kind = 'change' and e.resource_path = ''""",
    "this change was not written with its act": f"""
        e.kind = 'change' and exists ({ACT_OF} and a.outcome = 'ok')
        and not exists ({ACT_OF} and a.outcome = 'ok'
        and (a.timestamp = e.timestamp or a.xact = e.xact))""",
    "this change has no act that made it": f"""
        e.kind = 'change' and not exists ({ACT_OF} and a.outcome = 'ok')""",
    "this change names another person or verb than its act": f"""
        e.kind = 'change' and exists ({ACT_OF} and a.outcome = 'ok'
        and (a.verb, a.actor_id) is distinct from (e.verb, e.actor_id))""",
    "this act has no decision that allowed it": """
        e.kind = 'act' and e.outcome = 'ok'
        and (jsonb_typeof(e.decision) <> 'array' or e.decision = '[]')""",
    "no decision of its act was about what this change wrote": f"""
        e.kind = 'change' and e.resource_path <> '' and exists ({ACT_OF} and a.outcome = 'ok'
        and jsonb_typeof(a.decision) = 'array'
        and not exists (select 1 from {DECIDED} passed ->> 'path')))""",  # noqa: S608
    "another event claims the same act": """
        e.kind = 'act' and e.outcome = 'ok' and exists (select 1 from audit_event a
        where a.act = e.act and a.kind = 'act' and a.outcome = 'ok'
        and (a.timestamp, a.id) < (e.timestamp, e.id))""",
}
QUERY = " union all ".join(
    f"""select e.timestamp, e.id, e.uid, e.verb, e.object_repr, '{problem}' as problem
          from audit_event e
         where {condition} and e.timestamp >= %(since)s"""  # noqa: S608
    for problem, condition in CHECKS.items()
)
ALWAYS = datetime.min


@dataclass(frozen=True)
class Finding:
    """One broken promise of the trail."""

    uid: UUID
    at: datetime
    verb: str
    about: str
    problem: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.verb} {self.about} ({self.uid}): {self.problem}"


def findings(since: datetime = ALWAYS, most: int = 100) -> list[Finding]:
    """What is wrong, oldest first."""
    query = f"{QUERY} order by 1, 2 limit %(most)s"
    with connection.cursor() as cursor:
        cursor.execute(query, {"since": since, "most": most})
        return [Finding(uid, at, *words) for at, _, uid, *words in cursor.fetchall()]


def counts() -> dict[str, int]:
    """How many events of each kind there are to verify."""
    with connection.cursor() as cursor:
        cursor.execute("select kind, count(*) from audit_event group by kind")
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class Scope:
    """Everything, what came after a checkpoint, or some leaves at random."""

    since: int = 0  # the size of a checkpoint
    sample: int = 0
    anchors: Path | None = None  # notes that were kept elsewhere, instead of our own copy
    keys: Path | None = None

    @property
    def name(self) -> str:
        if self.sample:
            return f"sample of {self.sample}"
        return f"since {self.since}" if self.since else "full"


@dataclass(frozen=True)
class Verdict:
    scope: Scope
    report: Report
    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": not self.problems,
            "scope": self.scope.name,
            "leaves": self.report.size,
            "checkpoints": self.report.checkpoints,
            "anchors": self.report.anchors,
            "erased": self.report.erased,
            "retired": self.report.retired,
            "problems": self.problems,
        }


def verdict(scope: Scope) -> Verdict:
    """By the seals, and by how the events fit each other; the seal first, as it names culprits."""
    known = keys.trusted(scope.keys)
    anchored = anchors.read(scope.anchors or anchors.anchors_file())
    if scope.anchors is None:
        anchored += anchors.read(anchors.last_file())
    if scope.sample:
        report, since = sample.look(scope.sample, known, anchored), None
    else:
        report, since = verify(known, anchored, scope.since), sealed_at(scope.since)
    fitting = [] if since is None else findings(since)
    return Verdict(scope, report, [str(one) for one in (*report.problems, *fitting)])


def sealed_at(size: int) -> datetime:
    """When this many events were sealed; those of an hour before may not have been among them."""
    if size == 0:
        return ALWAYS
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(at) - interval '1 hour' from audit_checkpoint where size = %s", [size]
        )
        found: datetime = cursor.fetchone()[0]
    return found
