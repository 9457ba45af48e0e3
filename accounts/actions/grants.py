"""Giving and revoking access directly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from accounts import mail, rules
from accounts.decision import check, own, recheck
from accounts.grants import (
    EVERYTHING,
    Reach,
    close_grant,
    draft,
    hold,
    reach_of,
    record,
    resume_grant,
    succeed,
    successor,
    suspend_grant,
)
from accounts.models import Grant, Resource, Role, User
from accounts.permissions import Permission
from accounts.queries import lock
from audit import context
from audit.acts import action
from audit.models import Event


@action("grant.open", Event.Class.AUTHORIZATION)
def give(
    role: Role,
    subject: User | Group,
    resource: Resource,
    *,
    purpose: str = "",
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    reach: Reach = EVERYTHING,
    effect: str = Grant.Effect.ALLOW,
    reason: str = "",
    by: User,
) -> Grant:
    check(by, Permission.GRANT, resource)
    role = hold(role)
    rules.require_start(starts_at)
    rules.require_window(starts_at, expires_at)
    rules.require_reach(resource, reach.first, reach.last, reach.new_versions)
    rules.require_active(subject)
    if role.retired_at is not None or role.slug == "system":
        raise ValidationError({"role": f"{role} is not given to anybody."})
    if effect == Grant.Effect.ALLOW:
        rules.require_other_side(by, subject)
        rules.require_ceiling(by, role, resource, purpose, expires_at)
        rules.require_fitting(resource, purpose)
    else:
        rules.require_deniable(by, role, subject, resource)
        rules.require_any_purpose(purpose)
    lock(resource)  # one at a time, so no twin slips in
    grant = draft(
        role,
        subject,
        resource,
        by=by,
        purpose=purpose,
        starts_at=starts_at,
        expires_at=expires_at,
        reach=reach,
        effect=effect,
        reason=reason,
    )
    rules.require_new(grant)
    record(grant)
    context.say(reason)
    mail.granted(grant)
    return grant


@action("grant.revoke", Event.Class.AUTHORIZATION)
def revoke(grant: Grant, *, reason: str = "", by: User) -> Grant:
    """The next request is refused, by what a grant has become too. Lifting a deny from oneself
    takes a second person."""
    if grant.user_id == by.pk and grant.effect == Grant.Effect.ALLOW:
        own(by, Permission.DISCOVER, grant.resource.path, rule="renounce")
    else:
        check(by, Permission.GRANT, grant.resource)
    grant = newest(grant)
    if grant.effect == Grant.Effect.DENY:
        rules.require_other_side(by, grant.subject)
    if grant.status in ("revoked", "expired"):
        raise ValidationError(f"This grant is {grant.status} already.", code="conflict")
    close_grant(grant, by=by, reason=reason)
    context.say(reason)
    mail.revoked(grant)
    return grant


@action("grant.suspend", Event.Class.AUTHORIZATION)
def suspend(grant: Grant, *, reason: str, by: User) -> Grant:
    """It gives nothing until somebody resumes it; its end stays where it was."""
    check(by, Permission.GRANT, grant.resource)
    grant = require_held(grant, "active", "scheduled", follow=True)
    if not reason.strip():
        raise ValidationError({"reason": "Say what it waits for: the holder reads it."})
    suspend_grant(grant, by=by, reason=reason.strip())
    context.say(reason)
    mail.suspended(grant, reason)
    return grant


@action("grant.resume", Event.Class.AUTHORIZATION)
def resume(grant: Grant, *, reason: str = "", by: User) -> Grant:
    """As giving it again: by somebody else than its holder, and up to the own ceiling."""
    check(by, Permission.GRANT, grant.resource)
    grant = require_held(grant, "suspended")
    rules.require_other_side(by, grant.subject)
    rules.require_active(grant.subject)
    rules.require_ceiling(by, grant.role, grant.resource, grant.purpose, grant.expires_at)
    resume_grant(grant, by=by)
    context.say(reason)
    mail.resumed(grant)
    return grant


@action("grant.narrow", Event.Class.AUTHORIZATION)
def narrow(
    grant: Grant,
    *,
    expires_at: datetime | None = None,
    purpose: str = "",
    reach: Reach | None = None,
    reason: str = "",
    by: User,
) -> Grant:
    """An earlier end, fewer versions, one purpose: the holder may do this too."""
    if grant.user_id == by.pk:
        own(by, Permission.DISCOVER, grant.resource.path, rule="renounce")
    else:
        check(by, Permission.GRANT, grant.resource)
    grant = require_held(grant, "active", "scheduled")
    end, meant = expires_at or grant.expires_at, purpose or grant.purpose
    reach = reach or reach_of(grant)
    rules.require_window(grant.starts_at, end)
    rules.require_reach(grant.resource, reach.first, reach.last, reach.new_versions)
    rules.require_less(grant, expires_at=end, purpose=meant, reach=reach)
    rules.require_fitting(grant.resource, meant)
    context.say(reason)
    return succeed(grant, by=by, reason=reason, expires_at=end, purpose=meant, reach=reach)


@action("grant.extend", Event.Class.AUTHORIZATION)
def extend(
    grant: Grant,
    *,
    expires_at: datetime | None,
    reach: Reach | None = None,
    reason: str = "",
    by: User,
) -> Grant:
    """A later end (or none), more versions: as giving it anew, with all its rules."""
    check(by, Permission.GRANT, grant.resource)
    grant = require_held(grant, "active", "scheduled")
    rules.require_other_side(by, grant.subject)
    rules.require_active(grant.subject)
    rules.require_ceiling(by, grant.role, grant.resource, grant.purpose, expires_at)
    rules.require_window(grant.starts_at, expires_at)
    reach = reach or reach_of(grant)
    rules.require_reach(grant.resource, reach.first, reach.last, reach.new_versions)
    rules.require_more(grant, expires_at=expires_at, reach=reach)
    rules.require_fitting(grant.resource, grant.purpose)
    changes: dict[str, Any] = {"expires_at": expires_at, "reach": reach}
    rules.require_new(successor(grant, by=by, **changes), instead_of=grant)
    context.say(reason)
    extended = succeed(grant, by=by, reason=reason, **changes)
    mail.granted(extended)
    return extended


def require_held(grant: Grant, *statuses: str, follow: bool = False) -> Grant:
    """Locked, and in a state from which this follows; in the order in which all lock. `follow`: of
    what it has become, where access is taken away."""
    hold(grant.role)
    lock(grant.resource)
    grant = newest(grant) if follow else kept(grant)
    if grant.effect == Grant.Effect.DENY:
        raise ValidationError("A deny stands or is revoked: revoke it and give another.")
    if grant.status == "replaced":
        raise gone(grant)
    if grant.status not in statuses:
        raise ValidationError(f"This grant is {grant.status}.", code="conflict")
    return grant


def newest(grant: Grant) -> Grant:
    """Locked, as what it has become: whoever narrows theirs meanwhile escapes nothing."""
    while (found := kept(grant.latest)).status == "replaced":
        pass
    recheck()
    return found


def kept(grant: Grant) -> Grant:
    """As it is now, and so until the act ends."""
    found: Grant = Grant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    return found


def gone(grant: Grant) -> ValidationError:
    """Whoever comes with the old address learns the one that counts now."""
    return ValidationError(
        f"This grant was replaced: turn to grant {grant.latest.pk}.", code="conflict"
    )
