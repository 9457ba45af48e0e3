"""What a person may see of requests: their own, and those they have a say in."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from access.models import AccessRequest, ApprovalStep, Status
from access.models.requests import UNANSWERED
from access.rules import may_decide, reviewers
from accounts.models import Resource, User
from accounts.permissions import Permission


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
    return found.select_related("requester", "subject", "role", "resource")


def own(user: User) -> QuerySet[AccessRequest]:
    return requests(user).filter(Q(requester=user) | Q(subject__service_account__owner=user))


def inbox(user: User, most: int = 200) -> list[AccessRequest]:
    """What waits for this person, oldest first."""
    deciding = user.visible(Resource, Permission.DECIDE_REQUEST).values("pk")
    waiting = requests(user).filter(status=Status.PENDING, resource__in=deciding)
    oldest = waiting.order_by("created_at")[:most]
    return [request for request in oldest if is_for(request, user)]


def is_for(request: AccessRequest, user: User) -> bool:
    open_steps = request.steps.filter(decision="")
    return any(may_decide(step, user) and user in reviewers(step) for step in open_steps)


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
