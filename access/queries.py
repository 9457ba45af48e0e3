"""What a person may see of requests: their own, and those they have a say in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from access.models import AccessRequest, ApprovalStep, Status
from access.models.requests import UNANSWERED
from access.rules import PRIVACY_OFFICER, reviewers, steps_for
from accounts.decision import allowed
from accounts.models import Grant, Resource, User, counts_as
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import within
from accounts.rules import side
from audit.hidden import find
from audit.qualifiers import words


def requests(user: User) -> QuerySet[AccessRequest]:
    decided = user.visible(Resource, Permission.DECIDE_REQUEST).values("pk")
    reviewed = user.visible(Resource, Permission.REVIEW).values("pk")
    found: QuerySet[AccessRequest] = AccessRequest.objects.filter(
        Q(requester=user)
        | Q(subject=user)
        | Q(subject__service_account__owner=user)
        | Q(resource__in=decided)
        | Q(resource__in=reviewed)
    )
    found = found.filter(resource__in=within(user)).annotate(counts_as=counts_as("resource"))
    return found.select_related("requester", "subject", "role", "resource")


def own(user: User) -> QuerySet[AccessRequest]:
    return requests(user).filter(Q(requester=user) | Q(subject__service_account__owner=user))


def inbox(user: User, most: int = 200) -> list[AccessRequest]:
    return list(waiting(user)[:most])


def waiting(user: User) -> QuerySet[AccessRequest]:
    """What waits for this person, oldest first: the rules of `may_decide`, in one query."""
    if not user.is_human:
        return AccessRequest.objects.none()
    deciding = user.visible(Resource, Permission.DECIDE_REQUEST).values("pk")
    mine: QuerySet[AccessRequest] = (
        requests(user)
        .filter(status=Status.PENDING, resource__in=deciding)
        .exclude(requester=user)
        .exclude(subject__in=User.objects.filter(side(user)))
        .exclude(steps__in=ApprovalStep.objects.filter(decided_by=user))
    )
    steward, privacy = ApprovalStep.Who.STEWARD, ApprovalStep.Who.PRIVACY
    return mine.filter(
        Q(pk__in=awaiting(steward), resource__in=reviewed(user, ~Q(role__slug=PRIVACY_OFFICER)))
        | Q(pk__in=awaiting(privacy), resource__in=reviewed(user, Q(role__slug=PRIVACY_OFFICER)))
    ).order_by("created_at")


def awaiting(who: str) -> QuerySet[ApprovalStep, Any]:
    return ApprovalStep.objects.filter(who=who, decision="").values("request")


def reviewed(user: User, role: Q) -> QuerySet[Resource, Any]:
    """Where a live grant of such a role lets this person decide."""
    grants = Grant.objects.live().of(user).filter(role, effect=Grant.Effect.ALLOW)
    giving = grants.filter(
        role__permissions__codename=Permission.DECIDE_REQUEST,
        role__permissions__closed_at=None,
    )
    found: QuerySet[Resource, Any] = Resource.objects.under(giving.values("resource"))
    return found.values("pk")


def on(user: User, resource: Resource) -> QuerySet[AccessRequest]:
    """What waits on this resource, as far as the person may see it."""
    return requests(user).filter(resource=resource, status=Status.PENDING)


def decides(user: User) -> bool:
    """Has this person a say anywhere?"""
    return user.visible(Resource, Permission.DECIDE_REQUEST).exists()


def search(found: QuerySet[AccessRequest], text: str) -> QuerySet[AccessRequest]:
    """By words in who, what, which role and why."""
    for word in words(text):
        found = found.filter(
            Q(requester__username__icontains=word)
            | Q(requester__name__icontains=word)
            | Q(subject__username__icontains=word)
            | Q(resource__path__icontains=word)
            | Q(resource__name__icontains=word)
            | Q(role__name__icontains=word)
            | Q(justification__icontains=word)
        )
    return found


def askable(user: User) -> QuerySet[Resource]:
    """What one may find, and so ask for."""
    found: QuerySet[Resource] = user.visible(Resource, Permission.DISCOVER)
    return found.exclude(kind=Kind.ROOT)


def visible(user: User, pk: UUID) -> AccessRequest:
    return find(user, requests(user), pk=pk)


def may_answer(user: User, request: AccessRequest) -> bool:
    return waiting(user).filter(pk=request.pk).exists()


def answerers(request: AccessRequest) -> list[tuple[ApprovalStep, list[User]]]:
    """Each step with those who could decide it now; none for a step that is decided."""
    steps = request.steps.select_related("decided_by")
    pending = request.status == Status.PENDING
    return [(s, reviewers(s) if pending and not s.decision else []) for s in steps]


def would_answer(user: User, resource: Resource, subject: User) -> list[tuple[str, list[User]]]:
    """Who would decide, if this person asked: (step, people)."""
    if not allowed(user, Permission.DISCOVER, resource):
        raise Http404
    asked = AccessRequest(requester=user, subject=subject, resource=resource)
    steps = [ApprovalStep(request=asked, who=who) for who in steps_for(resource)]
    return [(step.get_who_display(), reviewers(step)) for step in steps]


def overdue() -> QuerySet[AccessRequest]:
    """For the clock: pending and past the time in which somebody should have answered."""
    last = timezone.now() - UNANSWERED
    found: QuerySet[AccessRequest] = AccessRequest.objects.filter(
        status=Status.PENDING, created_at__lte=last
    )
    return found


def steps(user: User) -> QuerySet[ApprovalStep]:
    seen = requests(user).values("pk")
    found: QuerySet[ApprovalStep] = ApprovalStep.objects.filter(request__in=seen)
    return found.select_related("request__resource", "request__role", "decided_by")
