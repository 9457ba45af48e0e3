"""The tree as one person may see it: found, or not there; what they may do with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db.models import QuerySet
from django.http import Http404

from accounts import grants
from accounts.decision import Decision, Refused, allowed, decide, recheck, site
from accounts.grants import Drift
from accounts.models import Resource, Standing, StatePeriod, User
from accounts.permissions import Permission
from accounts.purposes import Purpose
from accounts.statements import ABOVE, rows
from audit.context import current, origin
from audit.hidden import record

R = TypeVar("R", bound=Resource)


def find(user: User, permission: str, **lookup: Any) -> Resource:
    """The resource, or 404. That it exists and was hidden is a denied event, and only there."""
    if any("\x00" in str(value) for value in lookup.values()):  # PostgreSQL knows no such text
        raise Http404
    resource: Resource | None = Resource.objects.filter(**lookup).first()
    if resource is None:
        raise Http404
    decision = decide(user, permission, resource)
    if not decision.allowed:
        hide(user, decision)
    return resource


def hide(user: User, decision: Decision) -> NoReturn:
    record(user, Refused(decision), decision.resource, "resource.find")
    raise Http404


def drift(user: User) -> list[Drift]:
    """Derived rows that are not what their grants say, for whoever may mend them."""
    require(user, Permission.MANAGE_POLICIES)
    return grants.drift()


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
        record(user, refused, resource, "page.open")
        raise refused


def require_giver(user: User) -> None:
    if not givable(user).exists():
        require(user, Permission.GRANT)


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


def standings(user: User) -> QuerySet[Standing]:
    """What resources stand and stood for, of those one may see."""
    found: QuerySet[Standing] = Standing.objects.filter(resource__in=resources(user))
    return found.select_related("resource").order_by("-opened_at")


class May:
    """What a person may do with one resource: asked when a page needs it, and once."""

    def __init__(self, user: User, resource: Resource) -> None:
        self.user, self.resource = user, resource
        self.known: dict[str, bool] = {}

    def __getitem__(self, permission: str) -> bool:
        if permission not in self.known:
            self.known[permission] = allowed(self.user, permission, self.resource)
        return self.known[permission]

    def all_of(self, permissions: Iterable[str]) -> bool:
        return all(self[permission] for permission in permissions)


def lock(resource: R) -> R:
    """As it is now, and kept so until the act ends: by its row in the one tree, whatever its
    kind, so that two acts on one resource never lock different tables. Above comes before below,
    as a change of either will ask for what lies above."""
    rows(ABOVE, resource.ancestors)
    Resource.objects.select_for_update(no_key=True).get(pk=resource.pk)
    recheck()
    found: Any = type(resource).objects.get(pk=resource.pk)
    return found  # type: ignore[no-any-return]


def on_site(user: User, permission: str) -> bool:
    """Does this person hold it everywhere? For what is shown; actions ask the decision.

    Known for the rest of a call, until an act in it may have changed the answer.
    """
    if current() is not None:
        return allowed(user, permission, site())
    known = origin().known
    asked = ("on_site", user.pk, getattr(user.credential, "pk", None))
    if asked not in known:
        known[asked] = May(user, site())
    found: bool = known[asked][permission]
    return found


def held_among(user: User, permission: str, ids: list[int]) -> set[int]:
    """Which of these resources the permission reaches: for the rows of one page."""
    return set(user.visible(Resource, permission).filter(pk__in=ids).values_list("pk", flat=True))


def permitted_purposes(resource: Resource) -> list[Purpose]:
    """What every level permits."""
    barred = resource.standing.barred
    return [purpose for purpose in Purpose if purpose not in barred]


def is_restricted(resource: Resource) -> bool:
    """Does any level ask what the data is for?"""
    return len(permitted_purposes(resource)) < len(Purpose)


def download(user: User, resource: Resource, purpose: str) -> Decision:
    """The answer before the act: the page asks for a purpose when it is the only thing missing."""
    return decide(user, Permission.DOWNLOAD, resource, purpose=purpose)


def within(user: User) -> QuerySet[Resource]:
    """How far the key of this call reaches; everywhere without one, or with one not cut."""
    key = user.credential
    everything: QuerySet[Resource] = Resource.objects.all()
    if key is None or key.within_id is None:
        return everything
    return Resource.objects.under(Resource.objects.filter(pk=key.within_id).values("pk"))
