"""Moving a resource to its next state, with the period that it was in the last one."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.decision import check
from accounts.gains import Own
from accounts.models import Resource, StatePeriod, User
from accounts.models.vocabulary import BLOCKED_STATES, HIDDEN_STATES, Kind, State
from accounts.queries import lock
from accounts.rules import require_privacy_officer, touched
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


def move_to(resource: Resource, state: str, by: User) -> None:
    """What was closed opens to those who hold it: to oneself, not by one's own hand."""
    closed = resource.state in (*HIDDEN_STATES, *BLOCKED_STATES)
    own = Own(by, touched(resource) if closed else [], timeless=True)
    enter(resource, state)
    own.require_no_gain()


@action("resource.set_state")
def set_state(resource: Resource, state: str, *, reason: str = "", by: User) -> Resource:
    """Publish, deprecate, withdraw, retire. Versions have their own verbs."""
    if resource.kind == Kind.VERSION:
        raise ValidationError({"state": "Approve or withdraw a version: approving freezes it."})
    locked = lock(resource)
    check(by, rules.keeper(locked, state), resource)
    if rules.reopens(locked, state):
        require_privacy_officer(by, resource)
    rules.require_transition(locked, state)
    if state == State.PUBLISHED:
        rules.require_publishable(locked)
    move_to(locked, state, by)
    context.say(reason)
    return locked
