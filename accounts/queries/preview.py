"""What a change of a role would mean, before it is made: who loses, keeps, gains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.grants import places
from accounts.models import Grant, Resource, Role, User
from accounts.permissions import CONTENT, Permission
from accounts.queries.asof import Narrowed, holders_of, who_could
from accounts.queries.resources import require

ORDER = ("loses", "later", "gains", "keeps")


@dataclass(frozen=True)
class Effect:
    """What it means to one person or service on one resource, and all that lies in it."""

    user: User
    resource: Resource
    permission: str
    # loses; later: would lose what a grant gives when it begins, is resumed or passes a gate;
    # keeps: another grant gives it; gains: a deny is lifted
    change: str


def preview(user: User, role: Role, wanted: frozenset[str]) -> list[Effect]:
    """Where open grants of the role reach: what the decision says, and what it would say."""
    require(user, Permission.MANAGE_ROLES)
    gone = role.codenames() - wanted
    # Whoever no longer edits no longer sees drafts either.
    asked = gone | (CONTENT if Permission.EDIT in gone else frozenset())
    narrowed = Narrowed(role.pk, wanted)
    at = timezone.now()
    grants = Grant.objects.open().filter(role=role).select_related("resource")
    reached = {place.pk: place for grant in grants for place in places(grant)}
    found = [
        effect
        for place in reached.values()
        for permission in sorted(asked)
        for effect in effects(place, permission, role, narrowed, at)
    ]
    return sorted(found, key=lambda e: (ORDER.index(e.change), e.user.username, e.resource.path))


def effects(
    place: Resource, permission: str, role: Role, narrowed: Narrowed, at: datetime
) -> Iterator[Effect]:
    now = set(who_could(place, permission, at=at))
    then = set(who_could(place, permission, at=at, narrowed=narrowed))
    by_it = set(holders_of(role, place, permission, at))
    for change, people in (
        ("loses", now - then), ("later", by_it - now - then), ("gains", then - now),
        ("keeps", now & then & by_it),
    ):  # fmt: skip
        for person in people:
            yield Effect(person, place, permission, change)


def counted(effects: list[Effect]) -> dict[str, dict[str, int]]:
    """`loses: 3 people, on 2 resources`."""
    found = {}
    for change in Counter(effect.change for effect in effects):
        mine = [effect for effect in effects if effect.change == change]
        found[change] = {
            "people": len({effect.user.pk for effect in mine}),
            "resources": len({effect.resource.pk for effect in mine}),
        }
    return found
