"""Roles and grants as one person may see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.decision import allowed
from accounts.models import (
    Grant,
    Grantable,
    GroupPermission,
    Resource,
    Role,
    RolePermission,
    Suspension,
    User,
    UserPermission,
)
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries.resources import within
from accounts.rules import OVERSIGHT, on_side
from audit.qualifiers import words
from audit.queries import as_path


def roles(user: User) -> QuerySet[Role]:
    """What can be held is no secret to those who are signed in."""
    return Role.objects.exclude(slug="system") if user.is_live else Role.objects.none()


def requestable_roles(user: User) -> QuerySet[Role]:
    return roles(user).filter(requestable=True, retired_at=None)


def grants(user: User) -> QuerySet[Grant]:
    """One's own, and those on what one gives access to or reviews."""
    every = Grant.objects.select_related("role", "user", "group", "resource", "opened_by")
    reviewed = user.visible(Resource, Permission.REVIEW).values("pk")
    given = user.visible(Resource, Permission.GRANT).values("pk")
    mine = Grant.objects.of(user).values("pk")
    found = every.filter(Q(pk__in=mine) | Q(resource__in=reviewed) | Q(resource__in=given))
    return found.filter(resource__in=within(user))


def search_grants(
    user: User,
    *,
    text: str = "",
    subject: str = "",
    role: str = "",
    resource: str = "",
    status: str = "",
) -> QuerySet[Grant]:
    """By words, by `bob` or `group:name`, by role, by where it reaches from, by status."""
    found: Any = grants(user)
    if "\x00" in f"{subject}{role}{resource}":  # no name holds it
        return found.none()  # type: ignore[no-any-return]
    for word in words(text):
        found = found.filter(
            Q(user__username__icontains=word)
            | Q(user__name__icontains=word)
            | Q(group__name__icontains=word)
            | Q(resource__path__icontains=as_path(word).strip("/"))
        )
    if subject.startswith("group:"):
        found = found.filter(group__name=subject.removeprefix("group:"))
    elif subject:
        found = found.filter(user__username=subject)
    if role:
        found = found.filter(role__slug=role)
    if resource:
        found = found.filter(resource__path="/" if resource == "site" else as_path(resource))
    return found.in_status(status) if status else found  # type: ignore[no-any-return]


def held(user: User, person: User) -> QuerySet[Grant]:
    """What a person holds or will hold, directly and through groups, as far as one may see it."""
    mine = Grant.objects.open().of(person).values("pk")
    return grants(user).filter(pk__in=mine).order_by("resource__path", "role__slug")


def givable_roles(user: User) -> QuerySet[Role]:
    """What one could give somewhere; giving decides for the place."""
    held = Grant.objects.live().of(user).filter(effect=Grant.Effect.ALLOW).values("role")
    mine = RolePermission.objects.filter(role__in=held, closed_at=None).values("codename")
    beyond = RolePermission.objects.filter(closed_at=None).exclude(codename__in=mine)
    within = ~Q(pk__in=beyond.values("role"))
    open_roles = roles(user).filter(retired_at=None).prefetch_related("permissions")
    return open_roles.filter(Q(given_by__giver__in=held) | within).distinct()


def deniable_roles(user: User) -> QuerySet[Role]:
    """A deny is about data: a role that oversees is not denied."""
    overseeing = RolePermission.objects.filter(closed_at=None, codename__in=OVERSIGHT)
    return givable_roles(user).exclude(pk__in=overseeing.values("role"))


def own_grants(user: User) -> QuerySet[Grant]:
    related = Grant.objects.select_related("role", "user", "group", "resource")
    found: QuerySet[Grant] = related.of(user).live()
    return found


def reached(user: User, grants: list[Grant]) -> dict[UUID, list[Resource]]:
    """Of grants on some versions those that one may look at, newest first: no other page leads
    to them for whom what they lie in is not there."""
    ranged = [grant for grant in grants if grant.first_version is not None]
    if not ranged:
        return {}
    versions = user.visible(Resource, Permission.DISCOVER).order_by("-number")
    seen = list(versions.filter(kind=Kind.VERSION, parent__in={g.resource_id for g in ranged}))
    return {
        grant.pk: [
            version
            for version in seen
            if version.parent_id == grant.resource_id and grant.covers(version.number)
        ]
        for grant in ranged
    }


def holders(user: User, resource: Resource) -> QuerySet[Grant]:
    """Who holds what here, directly or from above; for those who may look."""
    over = Grant.objects.open().over(resource).select_related("role", "user", "group", "resource")
    found: QuerySet[Grant] = over.order_by("resource__path", "role__slug")
    return found if allowed(user, Permission.REVIEW, resource) else found.filter(user=user)


def held_on(user: User, resource: Resource) -> QuerySet[Grant] | None:
    """Grants on this place itself, to those who review it; nothing to others, who see not all."""
    if not allowed(user, Permission.REVIEW, resource):
        return None
    found = Grant.objects.open().select_related("role", "user", "group", "resource")
    return found.filter(resource=resource).order_by("role__slug", "pk")


def suspensions(user: User) -> QuerySet[Suspension]:
    found: QuerySet[Suspension] = Suspension.objects.filter(grant__in=grants(user))
    return found.select_related("grant", "opened_by", "closed_by")


def succession(user: User, grant: Grant) -> list[Grant]:
    """What it replaced and what replaced it, oldest first: itself among them."""
    found = [grant]
    while (earlier := found[0].replaces) is not None:
        found.insert(0, earlier)
    while (later := found[-1].replaced_by.first()) is not None:
        found.append(later)
    seen = set(grants(user).filter(pk__in=[one.pk for one in found]).values_list("pk", flat=True))
    return [one for one in found if one.pk in seen]


def grant_changes(user: User, grant: Grant) -> set[str]:
    """Which verbs make sense here for this person; each action decides again."""
    if grant.effect == Grant.Effect.DENY:
        return set()
    giver, other = allowed(user, Permission.GRANT, grant.resource), not on_side(user, grant.subject)
    if grant.status == "suspended":
        return {"resume"} if giver and other else set()
    if grant.status not in ("active", "scheduled"):
        return set()
    found = {"suspend", "narrow"} if giver else set()
    found |= {"narrow"} if grant.user_id == user.pk else set()
    return found | ({"extend"} if giver and other else set())


def has_expired_rows() -> bool:
    over = {"expires_at__lte": timezone.now()}
    rows = (UserPermission.objects.filter(**over), GroupPermission.objects.filter(**over))
    return any(found.exists() for found in rows)


def role_permissions(user: User) -> QuerySet[RolePermission]:
    found: QuerySet[RolePermission] = RolePermission.objects.filter(role__in=roles(user))
    return found.select_related("role")


def grantables(user: User) -> QuerySet[Grantable]:
    found: QuerySet[Grantable] = Grantable.objects.filter(giver__in=roles(user))
    return found.select_related("giver", "role")


def user_rows(user: User) -> QuerySet[UserPermission]:
    """The derived rows behind the grants one may see."""
    found: QuerySet[UserPermission] = UserPermission.objects.filter(grant__in=grants(user))
    return found.select_related("user", "permission", "content_object", "grant")


def group_rows(user: User) -> QuerySet[GroupPermission]:
    found: QuerySet[GroupPermission] = GroupPermission.objects.filter(grant__in=grants(user))
    return found.select_related("group", "permission", "content_object", "grant")
