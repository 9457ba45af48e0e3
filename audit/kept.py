"""What stays of the trail and what may go, as far as a person has a say in it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import Http404

from audit.models import Erasure, Event, Hold
from audit.seal import redaction


def is_known_path(path: str) -> bool:
    """Something stands there, or the trail knows what once stood there or below."""
    resources = apps.get_model(settings.AUDIT_RESOURCE_MODEL)._default_manager
    if resources.filter(path=path).exists():
        return True
    acts = Event.objects.exclude(kind=Event.Kind.CHANGE).filter(outcome=Event.Outcome.OK)
    return acts.filter(resource_path__startswith=path).exists()


def keeps_holds(user: Any) -> bool:
    """Who places and lifts them: of the site, or of privacy."""
    return on_site(user, "manage_policies", "decide_request")


def keeps_erasures(user: Any) -> bool:
    """Who asks for erasures, and who carries them out."""
    return on_site(user, "manage_people", "decide_request")


def require(allowed: bool) -> None:
    """To everybody else there is no such page."""
    if not allowed:
        raise Http404


def on_site(user: Any, *permissions: str) -> bool:
    return any(user.has_perm(f"accounts.{permission}") for permission in permissions)


def holds(user: Any, *, lifted: bool = False) -> QuerySet[Hold]:
    """Those that are open; or all that ever were."""
    if not keeps_holds(user):
        return Hold.objects.none()
    found = Hold.objects.select_related("placed_by", "lifted_by")
    return found if lifted else found.filter(lifted_at=None)


def erasures(user: Any) -> QuerySet[Erasure]:
    """For the two who ask and carry out."""
    if not keeps_erasures(user):
        return Erasure.objects.none()
    return Erasure.objects.select_related("subject", "asked_by", "done_by")


def erasures_waiting(user: Any) -> int:
    """Planned by somebody else, and this person may carry them out."""
    if not on_site(user, "decide_request"):
        return 0
    waiting = Erasure.objects.filter(done_at=None).exclude(plan={})
    return waiting.exclude(asked_by=user).count()


def erasable(user: Any) -> QuerySet[Any]:
    """Who may be forgotten: people who do not work here any more."""
    people = get_user_model()._default_manager
    if not on_site(user, "manage_people"):
        return people.none()
    return people.filter(is_active=False).order_by("username")


def mentions(user: Any, erasure: Erasure) -> list[tuple[int, Event]]:
    """By leaf: what a plan asks about for who reads the trail, what it takes for who approves."""
    if on_site(user, "read_trail"):
        listed = erasure.plan.get("mentions", [])
    else:
        listed = erasure.plan.get("chosen", []) if on_site(user, "decide_request") else []
    uids = redaction.uids(listed)
    rows = {row.uid: row for row in Event.objects.filter(uid__in=uids.values()).defer("words")}
    return [(seq, rows[uids[seq]]) for seq in listed if uids.get(seq) in rows]


def as_said(erasure: Erasure, listed: list[tuple[int, Event]]) -> list[dict[str, Any]]:
    """All that goes of each when it is chosen."""
    return [
        {
            "record": seq,
            "chosen": seq in erasure.plan["chosen"],
            "time": event.timestamp,
            "verb": event.verb,
            "actor": event.actor_repr,
            "object": event.object_repr,
            "message": event.message,
            "changes": event.changes,
            "facts": event.data,
        }
        for seq, event in listed
    ]
