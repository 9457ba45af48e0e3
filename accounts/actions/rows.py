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
