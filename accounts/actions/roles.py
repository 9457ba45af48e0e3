"""Roles: bundles of permissions. Editing one rewrites the rows of all its grants at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import rules
from accounts.decision import check, recheck, site
from accounts.grants import rewrite_role
from accounts.models import Grant, Role, RolePermission, User
from accounts.permissions import Permission
from audit.acts import action
from audit.models import Event


@action("role.create", Event.Class.AUTHORIZATION)
def create(
    *,
    slug: str,
    name: str,
    permissions: Iterable[str],
    description: str = "",
    requestable: bool = False,
    by: User,
) -> Role:
    check(by, Permission.MANAGE_ROLES, site())
    role = Role(slug=slug, name=name, description=description, requestable=requestable)
    role.full_clean()
    role.save()
    set_permissions(role, require_known(permissions))
    return role


@action("role.edit", Event.Class.AUTHORIZATION)
def edit(
    role: Role,
    *,
    name: str,
    permissions: Iterable[str],
    description: str = "",
    requestable: bool = False,
    by: User,
) -> Role:
    check(by, Permission.MANAGE_ROLES, site())
    role = lock(role)
    rules.require_protected(role)
    rules.require_not_held(by, role)
    rules.require_narrower(role, require_known(permissions))
    role.name, role.description, role.requestable = name, description, requestable
    role.full_clean()
    role.save()
    set_permissions(role, require_known(permissions))
    rewrite_role(role)
    return role


@action("role.retire", Event.Class.AUTHORIZATION)
def retire(role: Role, *, by: User) -> Role:
    check(by, Permission.MANAGE_ROLES, site())
    role = lock(role)
    rules.require_protected(role)
    if Grant.objects.open().filter(role=role).exists():
        raise ValidationError(f"{role} is still held: revoke its grants first.", code="conflict")
    role.retired_at = timezone.now()
    role.requestable = False
    role.save(update_fields=["retired_at", "requestable"])
    return role


def lock(role: Role) -> Role:
    """First of all: what is given of it meanwhile waits, or is there already to be rewritten."""
    locked: Role = Role.objects.select_for_update(no_key=True).get(pk=role.pk)
    recheck()
    return locked


def require_known(permissions: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(permissions)
    if unknown := sorted(wanted - set(Permission.values)):
        known = ", ".join(Permission.values)
        raise ValidationError(
            {"permissions": f"Unknown permission {', '.join(unknown)}. Known: {known}."}
        )
    if not wanted:
        raise ValidationError({"permissions": "A role holds at least one permission."})
    return wanted


def set_permissions(role: Role, wanted: frozenset[str]) -> None:
    """Close what is no longer held, open what is new; the past stays as it was."""
    now = timezone.now()
    for row in role.permissions.filter(closed_at=None).exclude(codename__in=wanted):
        row.closed_at = now
        row.save(update_fields=["closed_at"])
    for codename in sorted(wanted - role.codenames()):
        RolePermission(role=role, codename=codename, opened_at=now).save()
