"""People, groups and services as one person may see them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from accounts.models import Membership, Resource, ServiceAccount, Spell, User
from accounts.permissions import Permission
from accounts.queries.resources import on_site
from audit.qualifiers import words


def search_people(user: User, *, text: str = "", status: str = "") -> QuerySet[User]:
    """Persons among them, by words in name, user name and address."""
    found = search_users(user, text=text).filter(kind=User.Kind.HUMAN)
    return found.filter(is_active=status == "active") if status else found


def search_users(user: User, *, text: str = "") -> QuerySet[User]:
    """People and services, by words in name, user name and address."""
    found = people(user)
    for word in words(text):
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
    return on_site(user, Permission.MANAGE_PEOPLE) or on_site(user, Permission.REVIEW)


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


def refresh(user: User) -> None:
    """As they and their key are now: what takes long may outlive both."""
    user.refresh_from_db()
    if user.credential is not None:
        user.credential.refresh_from_db(fields=["revoked_at", "expires_at"])


def system() -> User:
    """Whom the clock acts as."""
    return User.objects.get(username="system", kind=User.Kind.SYSTEM)


def memberships(user: User) -> QuerySet[Membership]:
    """Present and past; to those who do not manage, their own."""
    every = Membership.objects.select_related("user", "group")
    return every if sees_people(user) else every.filter(user=user)


def spells(user: User) -> QuerySet[Spell]:
    """When those whom one may see were live."""
    found: QuerySet[Spell] = Spell.objects.filter(user__in=people(user))
    return found.select_related("user", "answerable").order_by("-opened_at")


def current_memberships(user: User, person: User) -> QuerySet[Membership]:
    """The groups somebody is in now."""
    found: Any = memberships(user)
    return found.current().filter(user=person)  # type: ignore[no-any-return]
