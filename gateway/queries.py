"""What gateways' questions are about, found by the names they use; and the tables behind them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts import queries as answers
from accounts.decision import allowed, site
from accounts.models import Resource, Role, User
from accounts.models.vocabulary import Classification
from accounts.permissions import Permission
from audit.queries import as_path
from gateway import lookup, paths
from gateway.lookup import NATIVE
from gateway.models import Alias, Condition, DecisionCount, Fact, Route
from gateway.wire import findable

# --- the tables, to those who keep or review them


def keeps(user: User) -> bool:
    root = site()
    return allowed(user, Permission.MANAGE_POLICIES, root) or allowed(user, Permission.REVIEW, root)


def routes(user: User) -> QuerySet[Route]:
    return Route.objects.all() if keeps(user) else Route.objects.none()


def aliases(user: User) -> QuerySet[Alias]:
    return Alias.objects.all() if keeps(user) else Alias.objects.none()


def conditions(user: User) -> QuerySet[Condition]:
    return Condition.objects.all() if keeps(user) else Condition.objects.none()


def facts(user: User) -> QuerySet[Fact]:
    found = Fact.objects.all() if keeps(user) else Fact.objects.none()
    return found.select_related("user", "resource")


def counts(user: User) -> QuerySet[DecisionCount]:
    """Counted answers about what one may read the trail of."""
    watched = user.visible(Resource, Permission.READ_TRAIL).values("pk")
    found = DecisionCount.objects.filter(resource__in=watched)
    return found.select_related("subject", "resource")


# --- what a question means


def meaning(resource_type: str, action: str) -> Alias | None:
    """The alias that was written down, or what our own words mean by themselves."""
    return lookup.meanings([(resource_type, action)])[resource_type, action]


def meanings(resource_type: str) -> list[Alias]:
    """Everything that can be done with this type."""
    if not findable(resource_type):
        return []
    written = list(Alias.objects.filter(resource_type=resource_type))
    names = {alias.action for alias in written}
    own = Permission.values if resource_type in NATIVE else []
    found = (meaning(resource_type, name) for name in own if name not in names)
    return written + [one for one in found if one]


def is_type(resource_type: str) -> bool:
    return lookup.types([resource_type])[resource_type]


def conditions_of(resource_type: str, action: str) -> list[Condition]:
    return list(Condition.objects.filter(resource_type=resource_type, action=action))


def exceptions() -> frozenset[tuple[str, str]]:
    """Types and actions of which an admin wrote more than our own words say."""
    tables = (Alias.objects.all(), Condition.objects.all())
    return frozenset(
        pair for rows in tables for pair in rows.values_list("resource_type", "action")
    )


def known(resource: Resource | None = None, user: User | None = None) -> dict[str, Any]:
    found = Fact.objects.filter(resource=resource) if resource else Fact.objects.filter(user=user)
    return dict(found.values_list("name", "value"))


def subject(subject_type: str, name: str) -> User | None:
    """By user name; by uuid alone whatever can be read as one."""
    return lookup.subjects([(subject_type, name)])[subject_type, name]


def subject_type(user: User) -> str:
    return "user" if user.is_human else "service"


def resource(means: Alias, name: str) -> Resource | None:
    """By uuid or address; a foreign id becomes an address by the alias."""
    return lookup.resources([(means, name)])[means, name]


def at(address: str) -> Resource | None:
    found: Resource | None = Resource.objects.filter(path=as_path(address)).first()
    return found


def foreign_id(means: Alias, found: Resource) -> str:
    """The id under which the asker knows it, the inverse of `resource`; empty if it has none."""
    before, _, after = means.address.partition("{id}")
    address = found.address
    fits = address.startswith(before) and address.endswith(after)
    return address[len(before) : len(address) - len(after)] if fits else ""


def is_restricted(resource: Resource) -> bool:
    """Itself, or through what lies above it or what it was made from."""
    strictest: str = resource.standing.classification
    return strictest == Classification.RESTRICTED


def route(host: str, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The most specific route that matches, and what it captures."""
    there = Route.objects.filter(host=host, methods__contains=[method])
    for found in sorted(there, key=lambda one: paths.rank(one.pattern)):
        if match := paths.compiled(found.pattern).fullmatch(path):
            return found, match.groupdict()
    return None


def behind(route: Route) -> list[Route]:
    """What may answer in its place once it is gone: the less specific ones of its host."""
    others = Route.objects.filter(host=route.host, methods__overlap=route.methods)
    rank = paths.rank(route.pattern)
    return [one for one in others.exclude(pk=route.pk) if paths.rank(one.pattern) >= rank]


def requestable(permission: str) -> list[Role]:
    """Roles that one may ask for and that hold this, the narrowest first."""
    roles = Role.objects.filter(
        requestable=True,
        retired_at=None,
        permissions__codename=permission,
        permissions__closed_at=None,
    ).distinct()
    return sorted(roles, key=lambda role: len(role.codenames()))


def role(slug: str) -> Role | None:
    found: Role | None = Role.objects.filter(slug=slug).first() if findable(slug) else None
    return found


# --- searches


def who_can(resource: Resource, permission: str, after: str = "", limit: int = 25) -> list[User]:
    """People and services by name, through their groups too."""
    found = answers.who_can(resource, permission, after=after, limit=limit)
    people = User.objects.in_bulk([who.id for who in found])
    return [people[who.id] for who in found]


def what_can(
    subject: User, permission: str, kind: str = "", after: int = 0, limit: int = 25
) -> list[Resource]:
    found = answers.what_can(subject, permission, kind=kind, after=after, limit=limit)
    places = Resource.objects.in_bulk(found)
    return [places[number] for number in found]


def reviewed(user: User) -> QuerySet[Resource]:
    """What a caller may ask about for others."""
    found: QuerySet[Resource] = user.visible(Resource, Permission.REVIEW)
    return found
