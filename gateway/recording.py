"""What a gateway was told: each no an event, each yes an event or a count."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from accounts.decision import Decision, Refused
from accounts.models import Resource, User
from audit.acts import describe, refusal
from audit.context import Act
from audit.models import Event
from audit.refusals import keep
from gateway.models import DecisionCount
from gateway.queries import is_restricted


class Denied(PermissionDenied):
    """A no that the decision does not know of: a condition, a name, a route."""

    def __init__(self, reason: str, message: str, resource: Resource | None = None) -> None:
        self.reason = reason
        self.resource_id = resource.pk if resource else None
        self.resource_path = resource.path if resource else "/"
        super().__init__(message)


def denied(verb: str, who: User, error: Refused | Denied, **data: str) -> None:
    """Under whose access it was about; `data` says who asked and how to find the answer again."""
    act = Act(verb, Event.Class.AUTHORIZATION, who)
    act.data = {name: printable(text) for name, text in data.items() if text}
    keep(refusal(act, error, None))


def allowed(verb: str, who: User, resource: Resource, decision: Decision, **data: str) -> None:
    if not is_restricted(resource):
        count(who, resource, decision)
        return
    act = Act(verb, Event.Class.DATA_ACCESS, who)
    act.data = {name: printable(text) for name, text in data.items() if text}
    act.passed.append(decision.passed())
    keep(describe(act, resource) | {"outcome": Event.Outcome.OK})


def count(subject: User, resource: Resource, decision: Decision) -> None:
    now = timezone.now()
    key = {
        "subject": subject,
        "resource_id": resource.pk,
        "permission": str(decision.permission),
        "minute": now.replace(second=0, microsecond=0),
    }
    rows = DecisionCount.objects.filter(**key)
    if rows.update(count=F("count") + 1, last_at=now):
        return
    _, made = DecisionCount.objects.get_or_create(
        **key, defaults={"count": 1, "first_at": now, "last_at": now}
    )
    if not made:  # another worker was first
        rows.update(count=F("count") + 1, last_at=now)


def printable(text: str) -> str:
    """What a trail can hold, whatever was sent."""
    return text[:200].encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
