"""The tree as one person may see it: found, or not there; what they may do with it."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db.models import QuerySet
from django.http import Http404

from accounts import grants
from accounts.decision import Decision, Refused, allowed, decide, site
from accounts.grants import Drift
from accounts.models import Resource, Standing, StatePeriod, User
from accounts.permissions import Permission
from accounts.purposes import Purpose
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
        keep(refusal(Act("page.open", Event.Class.AUTHORIZATION, user), refused, resource))
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
