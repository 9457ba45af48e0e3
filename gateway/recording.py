"""What a gateway was told: each no an event, each yes an event or a count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.decision import Decision, Refused
from accounts.models import Resource, User
from accounts.statements import row
from audit.acts import describe, refusal
from audit.context import Act
from audit.models import Event
from audit.refusals import keep, keep_all
from gateway.queries import is_restricted

COUNT = """
insert into gateway_decisioncount
  (subject_id, resource_id, permission, minute, count, first_at, last_at)
select subject, resource, permission, date_trunc('minute', min(at)), count(*), min(at), max(at)
from unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[])
  as told (subject, resource, permission, at)
group by subject, resource, permission, date_trunc('minute', at)
order by subject, resource, permission
on conflict (subject_id, resource_id, permission, minute) do update
set count = gateway_decisioncount.count + excluded.count,
  first_at = least(gateway_decisioncount.first_at, excluded.first_at),
  last_at = greatest(gateway_decisioncount.last_at, excluded.last_at)
"""


class Counted(NamedTuple):
    """One yes: whose, about what, and when."""

    subject: UUID
    resource: int
    permission: str
    at: datetime


class Denied(PermissionDenied):
    """A no that the decision does not know of: a condition, a name, a route."""

    def __init__(self, reason: str, message: str, resource: Resource | None = None) -> None:
        self.reason = reason
        self.resource_id = resource.pk if resource else None
        self.resource_path = resource.path if resource else "/"
        super().__init__(message)


@dataclass
class Batch:
    """What is kept of many answers, and of whom the yeses are."""

    events: list[dict[str, Any]] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    restricted: dict[int, bool] = field(default_factory=dict)  # by resource


_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is recorded inside is written by one statement a table, before anybody is told."""
    batch = Batch()
    token = _batch.set(batch)
    try:
        yield
    finally:
        _batch.reset(token)
        keep_all(batch.events)
        count(batch.counts)


def denied(verb: str, who: User, error: Refused | Denied, **data: str) -> None:
    """Under whose access it was about; `data` says who asked and how to find the answer again."""
    act = Act(verb, Event.Class.AUTHORIZATION, who)
    act.data = {name: printable(text) for name, text in data.items() if text}
    put(refusal(act, error, None))


def allowed(verb: str, who: User, resource: Resource, decision: Decision, **data: str) -> None:
    batch = _batch.get() or Batch()
    if resource.pk not in batch.restricted:
        batch.restricted[resource.pk] = is_restricted(resource)
    if not batch.restricted[resource.pk]:
        counted = Counted(who.pk, resource.pk, str(decision.permission), timezone.now())
        count([counted]) if _batch.get() is None else batch.counts.append(counted)
        return
    act = Act(verb, Event.Class.DATA_ACCESS, who)
    act.data = {name: printable(text) for name, text in data.items() if text}
    act.passed.append(decision.passed())
    put(describe(act, resource) | {"outcome": Event.Outcome.OK})


def put(event: dict[str, Any]) -> None:
    batch = _batch.get()
    keep(event) if batch is None else batch.events.append(event)


def count(told: list[Counted]) -> None:
    """Each a yes."""
    if told:
        columns = (list(column) for column in zip(*told, strict=True))
        row(f"with counted as ({COUNT} returning 1) select count(*) from counted", *columns)  # noqa: S608


def printable(text: str) -> str:
    """What a trail can hold, whatever was sent."""
    return text[:200].encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
