"""Moving a resource to its next state, with the period that it was in the last one."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.decision import check
from accounts.models import Resource, StatePeriod, User
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.queries import lock
from audit import context
from audit.acts import action
from registry import rules


def enter(resource: Resource, state: str) -> None:
    """Close the period of the old state, open one of the new."""
    now = timezone.now()
    for period in resource.periods.filter(closed_at=None):
        period.closed_at = now
        period.save(update_fields=["closed_at"])
    StatePeriod(resource_id=resource.pk, state=state, opened_at=now).save()
    if resource.state != state:
        resource.state = state
        resource.save(update_fields=["state"])


@action("resource.set_state")
def set_state(resource: Resource, state: str, *, reason: str = "", by: User) -> Resource:
    """Publish, deprecate, withdraw, retire. Versions have their own verbs."""
    if resource.kind == Kind.VERSION:
        raise ValidationError({"state": "Approve or withdraw a version: approving freezes it."})
    at_root = resource.kind == Kind.PROJECT
    check(by, Permission.MANAGE_POLICIES if at_root else Permission.GRANT, resource)
    locked = lock(resource)
    rules.require_transition(locked, state)
    if state == State.PUBLISHED:
        rules.require_publishable(locked)
    enter(locked, state)
    context.say(reason)
    return locked
