"""Grants and the rows they materialise: the only module that writes guardian's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as PermissionRecord
from django.db.models import Q
from django.utils import timezone

from accounts.ctypes import content_type
from accounts.decision import recheck
from accounts.models import (
    Grant,
    GroupPermission,
    Resource,
    Role,
    Suspension,
    User,
    UserPermission,
)
from accounts.models.grants import GrantQuerySet
from accounts.statements import DRIFT, HOLD, RELIVE, SETTLE, row, rows


@dataclass(frozen=True)
class Reach:
    """Which versions of its resource a grant reaches: all that lies below, or a range."""

    first: int | None = None
    last: int | None = None
    new_versions: str = ""


EVERYTHING = Reach()


def hold(role: Role) -> Role:
    """As it is now, and kept so until the act ends: whoever edits it waits, or is waited for.

    Before any resource or grant is locked; an edit too takes the role first.
    """
    row(HOLD, role.pk)
    recheck()
    found: Role = Role.objects.get(pk=role.pk)
    return found


def held(grants: GrantQuerySet) -> GrantQuerySet:
    """As they are now, and kept so: a grant that was closed meanwhile is left out."""
    locked = grants.select_for_update(of=("self",)).select_related("role", "resource")
    return locked.order_by("pk")  # everybody in one order, so that no two wait for each other


def open_grant(
    role: Role, subject: User | Group, resource: Resource, *, by: User, **facts: Any
) -> Grant:
    """Record the intent and its rows together; whoever calls this has decided."""
    return record(draft(hold(role), subject, resource, by=by, **facts))


def draft(
    role: Role,
    subject: User | Group,
    resource: Resource,
    *,
    by: User,
    starts_at: datetime | None = None,
    reach: Reach = EVERYTHING,
    **facts: Any,
) -> Grant:
    """The grant that would be opened, for the rules to look at."""
    return Grant(
        role=role,
        user=subject if isinstance(subject, User) else None,
        group=subject if isinstance(subject, Group) else None,
        resource=resource,
        starts_at=starts_at or timezone.now(),
        first_version=reach.first,
        last_version=reach.last,
        new_versions=reach.new_versions,
        opened_by=by,
        **facts,
    )


def record(grant: Grant) -> Grant:
    grant.full_clean(exclude=["opened_by"])
    grant.save()
    insert_rows(grant, grant.role.codenames())
    return grant


def successor(grant: Grant, *, by: User, reason: str = "", **changes: Any) -> Grant:
    """What would hold after a change: the rest stays as it is."""
    kept: dict[str, Any] = {
        "purpose": grant.purpose,
        "starts_at": grant.starts_at,
        "expires_at": grant.expires_at,
        "reach": reach_of(grant),
        "origin": grant.origin,
        "origin_id": grant.origin_id,
        "reason": reason or grant.reason,
    }
    return draft(
        grant.role, grant.subject, grant.resource, by=by, replaces=grant, **(kept | changes)
    )


def succeed(grant: Grant, *, by: User, reason: str = "", **changes: Any) -> Grant:
    """A change closes one grant and opens the next, so that what held when is never rewritten."""
    close_grant(grant, by=by, reason=reason or "changed")
    return record(successor(grant, by=by, reason=reason, **changes))


def reach_of(grant: Grant) -> Reach:
    return Reach(grant.first_version, grant.last_version, grant.new_versions)


def close_grant(grant: Grant, *, by: User, reason: str = "") -> None:
    grant.closed_at, grant.closed_by, grant.closed_reason = timezone.now(), by, reason
    grant.save(update_fields=["closed_at", "closed_by", "closed_reason"])
    rows_of(grant).delete()


def suspend_grant(grant: Grant, *, by: User, reason: str) -> Suspension:
    suspension = Suspension(grant=grant, reason=reason, opened_by=by)
    suspension.full_clean(exclude=["opened_by"])
    suspension.save()
    rows_of(grant).delete()
    return suspension


def resume_grant(grant: Grant, *, by: User) -> None:
    for suspension in grant.suspensions.filter(closed_at=None):
        suspension.closed_at, suspension.closed_by = timezone.now(), by
        suspension.save(update_fields=["closed_at", "closed_by"])
    insert_rows(grant, grant.role.codenames())


def rows_of(grant: Grant) -> Any:
    model = UserPermission if grant.user_id else GroupPermission
    return model.objects.filter(grant=grant)


def insert_rows(grant: Grant, codenames: frozenset[str]) -> None:
    """One row per permission and place; a deny grant has none, the decision reads it itself."""
    if grant.effect == Grant.Effect.DENY or grant.is_suspended:
        return
    model: Any = UserPermission if grant.user_id else GroupPermission
    subject = {"user": grant.user} if grant.user_id else {"group": grant.group}
    model.objects.bulk_create(
        model(
            grant=grant,
            permission=permission,
            content_object=place,
            starts_at=grant.starts_at,
            expires_at=grant.expires_at,
            **subject,
        )
        for permission in records(codenames)
        for place in places(grant)
    )


def places(grant: Grant) -> list[Resource]:
    """The resource itself; of a range the matching versions, never what they lie in."""
    if grant.first_version is None:
        return [grant.resource]
    versions = Resource.objects.filter(parent=grant.resource, number__gte=grant.first_version)
    if grant.last_version is not None:
        versions = versions.filter(number__lte=grant.last_version)
    return list(versions)


def cover(version: Resource) -> None:
    """A new version: grants on a range that reaches it now give there too."""
    ranged = Grant.objects.open().filter(
        Q(last_version=None) | Q(last_version__gte=version.number),
        resource=version.parent_id,
        first_version__lte=version.number,
    )
    for grant in held(ranged):
        write_anew(grant)


def write_anew(grant: Grant) -> None:
    """Of a grant that is held: else rows would come back that a revocation took away."""
    rows_of(grant).delete()
    insert_rows(grant, grant.role.codenames())


def records(codenames: frozenset[str]) -> list[PermissionRecord]:
    found = PermissionRecord.objects.filter(
        content_type=content_type(Resource), codename__in=codenames
    )
    return list(found)


def rewrite_role(role: Role) -> None:
    """After a role's permissions changed: the rows of every open grant of it, at once."""
    for grant in held(Grant.objects.open().filter(role=role)):
        write_anew(grant)


@dataclass(frozen=True)
class Drift:
    """A derived row that is not what the intent behind it says."""

    what: str
    grant: UUID | None
    resource: int | None


def drift() -> list[Drift]:
    """All rows, standings and spells computed anew, against what stands there."""
    return [Drift(*found) for found in rows(DRIFT)]


def reconcile() -> list[Drift]:
    """Write anew what drifted; what drifted is told."""
    found = drift()
    drifted = Grant.objects.filter(pk__in={d.grant for d in found if d.grant})
    for grant in held(drifted):
        if grant.closed_at is not None:
            rows_of(grant).delete()
        else:
            write_anew(grant)
    if any(d.grant is None for d in found):
        row(SETTLE)
        row(RELIVE)
    return found


def sweep(at: datetime) -> int:
    """Remove rows whose time is over; they gave nothing any more, this only saves space."""
    users = UserPermission.objects.filter(expires_at__lte=at).delete()
    groups = GroupPermission.objects.filter(expires_at__lte=at).delete()
    return users[0] + groups[0]
