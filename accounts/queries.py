"""What a person may see of people, groups, roles, grants and keys."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.decision import Decision, Refused, allowed, decide, site
from accounts.models import (
    ApiKey,
    ApiKeySecret,
    Grant,
    Grantable,
    GroupPermission,
    KeyUse,
    Membership,
    Resource,
    Role,
    RolePermission,
    ServiceAccount,
    StatePeriod,
    User,
    UserPermission,
)
from accounts.permissions import Permission
from audit.acts import refusal
from audit.context import Act
from audit.models import Event
from audit.refusals import keep


def find(user: User, permission: str, **lookup: Any) -> Resource:
    """The resource, or 404. That it exists and was hidden is a denied event, and only there."""
    resource: Resource | None = Resource.objects.filter(**lookup).first()
    if resource is None:
        raise Http404
    decision = decide(user, permission, resource)
    if not decision.allowed:
        hide(user, decision)
    return resource


def hide(user: User, decision: Decision) -> NoReturn:
    act = Act("resource.find", Event.Class.AUTHORIZATION, user)
    keep(refusal(act, Refused(decision), decision.resource))
    raise Http404


def people(user: User) -> QuerySet[User]:
    """Everybody, to those who manage or audit; to others themselves and their services."""
    everybody = User.objects.exclude(kind=User.Kind.SYSTEM)
    if sees_people(user):
        return everybody
    return everybody.filter(Q(pk=user.pk) | Q(service_account__owner=user))


def sees_people(user: User) -> bool:
    root = site()
    return allowed(user, Permission.MANAGE_PEOPLE, root) or allowed(user, Permission.REVIEW, root)


def colleagues(user: User) -> QuerySet[User]:
    """Whom one may name in a grant: active subjects, for those who may give anything."""
    if not user.visible(Resource, Permission.GRANT).exists() and not sees_people(user):
        return people(user)
    return User.objects.exclude(kind=User.Kind.SYSTEM).filter(is_active=True)


def groups(user: User) -> QuerySet[Group]:
    """All, to those who manage or give; to others their own."""
    if sees_people(user) or user.visible(Resource, Permission.GRANT).exists():
        return Group.objects.order_by("name")
    mine = Membership.objects.current().filter(user=user).values("group")
    return Group.objects.filter(pk__in=mine).order_by("name")


def members(user: User, group: Group) -> QuerySet[Membership]:
    current = Membership.objects.current().filter(group=group).select_related("user")
    if sees_people(user):
        return current
    return current if current.filter(user=user).exists() else current.none()


def services(user: User) -> QuerySet[ServiceAccount]:
    every = ServiceAccount.objects.select_related("user", "owner")
    return every if sees_people(user) else every.filter(owner=user)


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
    return every.filter(Q(pk__in=mine) | Q(resource__in=reviewed) | Q(resource__in=given))


def own_grants(user: User) -> QuerySet[Grant]:
    related = Grant.objects.select_related("role", "user", "group", "resource")
    found: QuerySet[Grant] = related.of(user).live()
    return found


def holders(user: User, resource: Resource) -> QuerySet[Grant]:
    """Who holds what here, directly or from above; for those who may look."""
    over = Grant.objects.open().over(resource).select_related("role", "user", "group", "resource")
    found: QuerySet[Grant] = over.order_by("resource__path", "role__slug")
    return found if allowed(user, Permission.REVIEW, resource) else found.filter(user=user)


def keys(user: User) -> QuerySet[ApiKey]:
    """One's own and those of one's services; all, to those who manage keys."""
    every = ApiKey.objects.select_related("owner", "use", "within")
    if allowed(user, Permission.MANAGE_KEYS, site()):
        return every
    return every.filter(Q(owner=user) | Q(owner__service_account__owner=user))


def system() -> User:
    """Whom the clock acts as."""
    return User.objects.get(username="system", kind=User.Kind.SYSTEM)


def has_expired_rows() -> bool:
    over = {"expires_at__lte": timezone.now()}
    rows = (UserPermission.objects.filter(**over), GroupPermission.objects.filter(**over))
    return any(found.exists() for found in rows)


def givable(user: User) -> QuerySet[Resource]:
    """Where one may give access."""
    found: QuerySet[Resource] = user.visible(Resource, Permission.GRANT)
    return found


def resources(user: User) -> QuerySet[Resource]:
    found: QuerySet[Resource] = user.visible(Resource, Permission.DISCOVER)
    return found.select_related("owner")


def periods(user: User) -> QuerySet[StatePeriod]:
    found: QuerySet[StatePeriod] = StatePeriod.objects.filter(resource__in=resources(user))
    return found.select_related("resource")


def memberships(user: User) -> QuerySet[Membership]:
    """Present and past; to those who do not manage, their own."""
    every = Membership.objects.select_related("user", "group")
    return every if sees_people(user) else every.filter(user=user)


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


def secrets(user: User) -> QuerySet[ApiKeySecret]:
    """Key ids and dates; digests leave the database for the check of a key only."""
    found: QuerySet[ApiKeySecret] = ApiKeySecret.objects.filter(key__in=keys(user))
    return found.select_related("key__owner").defer("digest")


def key_uses(user: User) -> QuerySet[KeyUse]:
    return KeyUse.objects.filter(key__in=keys(user)).select_related("key__owner")
