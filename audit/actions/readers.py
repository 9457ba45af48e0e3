"""Who reads the trail, who keeps it, and what somebody keeps for themselves."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet

from audit import context
from audit.models import Event
from audit.queries import READ_TRAIL, watched_resources

KEEP_SITE = "accounts.manage_policies"
KEEP_PEOPLE = "accounts.manage_people"
ANSWER_FOR_PRIVACY = "accounts.decide_request"


def require(by: Any, permission: str, otherwise: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied(otherwise)


def require_reader(by: Any) -> None:
    """Of the whole site, or of what the person watches; an "allowed" tells the open act itself."""
    require_watching(by, watched_resources(by), "Nothing of the trail is yours to read.")


def require_readable(event: Event, by: Any) -> None:
    its = watched_resources(by).filter(pk=event.resource_id)
    require_watching(by, its, "This event is not yours to read.")


def require_watching(by: Any, resources: QuerySet[Any], otherwise: str) -> None:
    if by.has_perm(READ_TRAIL):
        return
    watched = resources.first()
    if watched is None or not by.has_perm(READ_TRAIL, watched):
        raise PermissionDenied(otherwise)


def require_own(by: Any, row: models.Model, owner: Any) -> None:
    """What one keeps for oneself; it lies under one's own path, which nobody else is decided on."""
    if owner.pk != by.pk:
        raise PermissionDenied("This belongs to somebody else.")
    path = getattr(row, "resource_path", "")
    context.passed(context.Passed("read_trail", path, "self"))
