"""Giving and revoking access directly."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from accounts import mail, rules
from accounts.decision import check, own
from accounts.grants import close_grant, open_grant
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
    effect: str = Grant.Effect.ALLOW,
    reason: str = "",
    by: User,
) -> Grant:
    check(by, Permission.GRANT, resource)
    rules.require_window(starts_at, expires_at)
    rules.require_active(subject)
    if role.retired_at is not None or role.slug == "system":
        raise ValidationError({"role": f"{role} is not given to anybody."})
    if effect == Grant.Effect.ALLOW:
        rules.require_other_side(by, subject)
        rules.require_ceiling(by, role, resource)
        rules.require_fitting(resource, purpose)
    else:
        rules.require_deniable(by, role, subject, resource)
    lock(resource)  # one at a time, so no twin slips in
    rules.require_new(role, subject, resource, effect, purpose)
    grant = open_grant(
        role,
        subject,
        resource,
        by=by,
        purpose=purpose,
        starts_at=starts_at,
        expires_at=expires_at,
        effect=effect,
        reason=reason,
    )
    context.say(reason)
    mail.granted(grant)
    return grant


@action("grant.revoke", Event.Class.AUTHORIZATION)
def revoke(grant: Grant, *, reason: str = "", by: User) -> Grant:
    """The next request is refused. Lifting a deny from oneself takes a second person."""
    if grant.user_id == by.pk and grant.effect == Grant.Effect.ALLOW:
        own(by, Permission.DISCOVER, grant.resource.path, rule="renounce")
    else:
        check(by, Permission.GRANT, grant.resource)
    grant = Grant.objects.select_for_update().get(pk=grant.pk)
    if grant.effect == Grant.Effect.DENY:
        rules.require_other_side(by, grant.subject)
    if grant.status in ("revoked", "expired"):
        raise ValidationError(f"This grant is {grant.status} already.", code="conflict")
    close_grant(grant, by=by, reason=reason)
    context.say(reason)
    mail.revoked(grant)
    return grant
