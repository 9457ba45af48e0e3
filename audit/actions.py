"""Reading the trail is itself an event."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied

from audit import context, trail
from audit.acts import action
from audit.models import Event
from audit.queries import READ_TRAIL, Filters
from audit.trail import Finding


@action("trail.view", Event.Class.DATA_ACCESS)
def view_trail(filters: Filters, *, by: Any) -> None:
    """Of the whole site, or of what the person watches."""
    if not by.has_perm(READ_TRAIL):  # an "allowed" tells the open act by itself
        watched = by.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail").first()
        if watched is None or not by.has_perm(READ_TRAIL, watched):
            raise PermissionDenied("Nothing of the trail is yours to read.")
    context.say(" ".join(f"{k}:{v}" for k, v in filters.as_query().items()))


@action("trail.view_event", Event.Class.DATA_ACCESS)
def view_event(event: Event, *, by: Any) -> None:
    if not by.has_perm(READ_TRAIL):
        resources = by.visible(apps.get_model(settings.AUDIT_RESOURCE_MODEL), "read_trail")
        watched = resources.filter(pk=event.resource_id).first()
        if watched is None or not by.has_perm(READ_TRAIL, watched):
            raise PermissionDenied("This event is not yours to read.")


@action("trail.verify", Event.Class.DATA_ACCESS)
def verify(*, by: Any) -> list[Finding]:
    """Of all of it, so for those who may read all of it."""
    if not by.has_perm(READ_TRAIL):
        raise PermissionDenied("Verifying needs read_trail on the whole site.")
    found = trail.findings()
    context.say(f"{len(found)} findings" if found else "it holds together", findings=len(found))
    return found
