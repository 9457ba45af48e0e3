"""Keys as one person may see them; never a digest."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import ApiKey, ApiKeySecret, Grant, KeyUse, RolePermission, User
from accounts.permissions import Permission
from accounts.queries.resources import on_site

BASIC_SCOPES = frozenset({Permission.DISCOVER, Permission.READ, Permission.DOWNLOAD})


def useful_scopes(owner: User) -> frozenset[str]:
    """What a key of this owner could ever do: what they hold, and what everybody may ask for."""
    held = Grant.objects.open().of(owner).filter(effect=Grant.Effect.ALLOW).values("role")
    rows = RolePermission.objects.filter(role__in=held, closed_at=None)
    return frozenset(rows.values_list("codename", flat=True)) | BASIC_SCOPES


def keys(user: User) -> QuerySet[ApiKey]:
    """One's own and those of one's services; all, to those who manage keys."""
    every = ApiKey.objects.select_related("owner", "use", "within")
    if on_site(user, Permission.MANAGE_KEYS):
        return every
    return every.filter(Q(owner=user) | Q(owner__service_account__owner=user))


def live_keys(user: User, person: User) -> QuerySet[ApiKey]:
    found: Any = keys(user).prefetch_related("secrets")
    return found.live().filter(owner=person)  # type: ignore[no-any-return]


def own_keys(user: User) -> Any:
    """One's own and those of one's services, short-lived ones left out."""
    mine = Q(owner=user) | Q(owner__service_account__owner=user)
    return keys(user).filter(mine).exclude(kind=ApiKey.Kind.TOKEN).prefetch_related("secrets")


def secrets(user: User) -> QuerySet[ApiKeySecret]:
    """Key ids and dates; digests leave the database for the check of a key only."""
    found: QuerySet[ApiKeySecret] = ApiKeySecret.objects.filter(key__in=keys(user))
    return found.select_related("key__owner").defer("digest")


def key_uses(user: User) -> QuerySet[KeyUse]:
    return KeyUse.objects.filter(key__in=keys(user)).select_related("key__owner")
