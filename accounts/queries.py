"""What a person may see of people, groups, roles, grants and keys."""

from __future__ import annotations

from typing import Any, NoReturn

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from accounts.decision import Decision, Refused, allowed, decide, fits, site
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
from accounts.purposes import Purpose
from audit.acts import refusal
from audit.context import Act
from audit.models import Event
from audit.queries import as_path
from audit.refusals import keep

BASIC_SCOPES = frozenset({Permission.DISCOVER, Permission.READ, Permission.DOWNLOAD})


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


def verdict(
    user: User, permission: str, *, subject: str = "", purpose: str = "", **lookup: Any
) -> Decision:
    """What the decision says. About somebody else: to those who review it. And never that
    something exists which the asker may not see."""
    resource: Resource | None = Resource.objects.filter(**lookup).first()
    if resource is None:
        raise Http404
    asked_for = user
    if subject not in ("", user.username):
        require_review(user, resource)
        asked_for = User.objects.filter(username=subject).first() or nobody(subject)
    decision = decide(asked_for, permission, resource, purpose=purpose)
    if not decision.allowed and asked_for == user:
        find(user, Permission.DISCOVER, pk=resource.pk)
    return decision


def require_review(user: User, resource: Resource) -> None:
    review = decide(user, Permission.REVIEW, resource)
    if not review.allowed:
        find(user, Permission.DISCOVER, pk=resource.pk)  # 404 where nothing may be seen at all
        error = Refused(review)
        keep(refusal(Act("decision.ask", Event.Class.AUTHORIZATION, user), error, resource))
        raise error


def nobody(username: str) -> NoReturn:
    raise ValidationError({"subject": f"There is no user {username}."})


def require(user: User, permission: str) -> None:
    """For pages of those who manage: 404 to everybody else, and the attempt stands."""
    decision = decide(user, permission, site())
    if not decision.allowed:
        hide(user, decision)


def require_on(user: User, permission: str, resource: Resource) -> None:
    """For a form about something one can see: refused, with what is missing, and recorded."""
    decision = decide(user, permission, resource)
    if not decision.allowed:
        refused = Refused(decision)
        keep(refusal(Act("page.open", Event.Class.AUTHORIZATION, user), refused, resource))
        raise refused


def require_giver(user: User) -> None:
    if not givable(user).exists():
        require(user, Permission.GRANT)


def search_people(user: User, *, text: str = "", status: str = "") -> QuerySet[User]:
    """Persons among them, by words in name, user name and address."""
    found = search_users(user, text=text).filter(kind=User.Kind.HUMAN)
    return found.filter(is_active=status == "active") if status else found


def search_users(user: User, *, text: str = "") -> QuerySet[User]:
    """People and services, by words in name, user name and address."""
    found = people(user)
    for word in text.split():
        found = found.filter(
            Q(username__icontains=word) | Q(name__icontains=word) | Q(email__icontains=word)
        )
    return found


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


def own_subjects(user: User) -> QuerySet[User]:
    """Oneself and the services one answers for."""
    return User.objects.filter(Q(pk=user.pk) | Q(service_account__owner=user))


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
    for word in text.split():
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


def useful_scopes(owner: User) -> frozenset[str]:
    """What a key of this owner could ever do: what they hold, and what everybody may ask for."""
    held = Grant.objects.open().of(owner).filter(effect=Grant.Effect.ALLOW).values("role")
    rows = RolePermission.objects.filter(role__in=held, closed_at=None)
    return frozenset(rows.values_list("codename", flat=True)) | BASIC_SCOPES


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


def live_keys(user: User, person: User) -> QuerySet[ApiKey]:
    found: Any = keys(user).prefetch_related("secrets")
    return found.live().filter(owner=person)  # type: ignore[no-any-return]


def own_keys(user: User) -> Any:
    """One's own and those of one's services, short-lived ones left out."""
    mine = Q(owner=user) | Q(owner__service_account__owner=user)
    return keys(user).filter(mine).exclude(kind=ApiKey.Kind.TOKEN).prefetch_related("secrets")


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


def current_memberships(user: User, person: User) -> QuerySet[Membership]:
    """The groups somebody is in now."""
    found: Any = memberships(user)
    return found.current().filter(user=person)  # type: ignore[no-any-return]


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


class May:
    """What a person may do with one resource: asked when a page needs it, and once."""

    def __init__(self, user: User, resource: Resource) -> None:
        self.user, self.resource = user, resource
        self.known: dict[str, bool] = {}

    def __getitem__(self, permission: str) -> bool:
        if permission not in self.known:
            self.known[permission] = allowed(self.user, permission, self.resource)
        return self.known[permission]


def held_among(user: User, permission: str, ids: list[int]) -> set[int]:
    """Which of these resources the permission reaches: for the rows of one page."""
    return set(user.visible(Resource, permission).filter(pk__in=ids).values_list("pk", flat=True))


def permitted_purposes(resource: Resource) -> list[Purpose]:
    """What every level permits."""
    nodes = list(Resource.objects.filter(pk__in=resource.chain))
    return [purpose for purpose in Purpose if fits(nodes, purpose)]


def is_restricted(resource: Resource) -> bool:
    """Does any level ask what the data is for?"""
    return len(permitted_purposes(resource)) < len(Purpose)


def download(user: User, resource: Resource, purpose: str) -> Decision:
    """The answer before the act: the page asks for a purpose when it is the only thing missing."""
    return decide(user, Permission.DOWNLOAD, resource, purpose=purpose)
