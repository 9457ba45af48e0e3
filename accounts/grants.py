"""Grants and the rows they materialise: the only module that writes guardian's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as PermissionRecord
from django.utils import timezone

from accounts.ctypes import content_type
from accounts.models import Grant, GroupPermission, Resource, Role, User, UserPermission


def open_grant(
    role: Role,
    subject: User | Group,
    resource: Resource,
    *,
    by: User,
    origin: str = Grant.Origin.DIRECT,
    origin_id: UUID | None = None,
    purpose: str = "",
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    effect: str = Grant.Effect.ALLOW,
    reason: str = "",
) -> Grant:
    """Record the intent and its rows together; whoever calls this has decided."""
    grant = Grant(
        role=role,
        user=subject if isinstance(subject, User) else None,
        group=subject if isinstance(subject, Group) else None,
        resource=resource,
        effect=effect,
        purpose=purpose,
        starts_at=starts_at or timezone.now(),
        expires_at=expires_at,
        origin=origin,
        origin_id=origin_id,
        reason=reason,
        opened_by=by,
    )
    grant.full_clean(exclude=["opened_by"])
    grant.save()
    insert_rows(grant, role.codenames())
    return grant


def close_grant(grant: Grant, *, by: User, reason: str = "") -> None:
    grant.closed_at, grant.closed_by, grant.closed_reason = timezone.now(), by, reason
    grant.save(update_fields=["closed_at", "closed_by", "closed_reason"])
    rows_of(grant).delete()


def rows_of(grant: Grant) -> Any:
    model = UserPermission if grant.user_id else GroupPermission
    return model.objects.filter(grant=grant)


def insert_rows(grant: Grant, codenames: frozenset[str]) -> None:
    """One row per permission; a deny grant has none, the decision reads the grant itself."""
    if grant.effect == Grant.Effect.DENY:
        return
    model: Any = UserPermission if grant.user_id else GroupPermission
    subject = {"user": grant.user} if grant.user_id else {"group": grant.group}
    model.objects.bulk_create(
        model(
            grant=grant,
            permission=permission,
            content_object=grant.resource,
            starts_at=grant.starts_at,
            expires_at=grant.expires_at,
            **subject,
        )
        for permission in records(codenames)
    )


def records(codenames: frozenset[str]) -> list[PermissionRecord]:
    found = PermissionRecord.objects.filter(
        content_type=content_type(Resource), codename__in=codenames
    )
    return list(found)


def rewrite_role(role: Role) -> None:
    """After a role's permissions changed: the rows of every open grant of it, at once."""
    codenames = role.codenames()
    for grant in Grant.objects.open().filter(role=role).select_related("resource"):
        rows_of(grant).delete()
        insert_rows(grant, codenames)


def sweep(at: datetime) -> int:
    """Remove rows whose time is over; they gave nothing any more, this only saves space."""
    users = UserPermission.objects.filter(expires_at__lte=at).delete()
    groups = GroupPermission.objects.filter(expires_at__lte=at).delete()
    return users[0] + groups[0]
