"""Housekeeping of the derived permission rows."""

from __future__ import annotations

from django.utils import timezone

from accounts import grants
from accounts.decision import check, site
from accounts.models import User
from accounts.permissions import Permission
from audit import context
from audit.acts import action


@action("permission_row.sweep")
def sweep(*, by: User) -> int:
    """Expired rows give nothing already; this only takes them out of the way."""
    check(by, Permission.MANAGE_POLICIES, site())
    removed = grants.sweep(timezone.now())
    context.say(f"{removed} rows", removed=removed)
    return removed


@action("permission_row.reconcile")
def reconcile(*, by: User) -> list[grants.Drift]:
    """Derived rows are written anew from their grants; each that had drifted is in the event."""
    check(by, Permission.MANAGE_POLICIES, site())
    found = grants.reconcile()
    told = [f"{drift.what}: {drift.grant or drift.resource}" for drift in found[:100]]
    context.say(f"{len(found)} had drifted", drift=told)
    return found
