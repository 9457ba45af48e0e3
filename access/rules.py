"""When and by whom: the states of a request, the steps it needs, four eyes."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q

from access.models import AccessRequest, ApprovalStep, Status
from accounts.decision import allowed
from accounts.models import Grant, Membership, Resource, Role, Standing, User
from accounts.models.vocabulary import SENSITIVE_CATEGORIES, Kind
from accounts.permissions import Permission
from accounts.rules import on_side, require_fitting

TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.DRAFT: (Status.PENDING, Status.CANCELLED),
    Status.PENDING: (Status.APPROVED, Status.REJECTED, Status.CANCELLED, Status.EXPIRED),
    Status.APPROVED: (),
    Status.REJECTED: (),
    Status.CANCELLED: (),
    Status.EXPIRED: (),
}
PRIVACY_OFFICER = "privacy-officer"


class NotYours(PermissionDenied):
    """A decision that belongs to somebody else."""

    reason = "four_eyes"


def require_transition(request: AccessRequest, status: Status) -> None:
    if status not in TRANSITIONS[Status(request.status)]:
        raise ValidationError(
            f"This request is {request.status} already and stays so.", code="conflict"
        )


def require_askable(resource: Resource, role: Role, subject: User, purpose: str) -> None:
    if resource.kind == Kind.ROOT:
        raise ValidationError({"resource": "Ask for a project, dataset, model or version."})
    require_on_offer(role)
    require_fitting(resource, purpose)
    if Grant.objects.live().filter(user=subject, resource=resource, role=role).exists():
        reason = ValidationError(f"{subject} holds {role} here already.", code="conflict")
        raise ValidationError({"role": reason})


def require_on_offer(role: Role) -> None:
    """Asked again at the last approval: a role may have been retired since."""
    if not role.requestable or role.retired_at is not None:
        raise ValidationError({"role": f"{role} is given, not asked for: choose another role."})


def steps_for(resource: Resource) -> list[ApprovalStep.Who]:
    """A steward; and for health or special-category data the privacy officer, somebody else."""
    steps = [ApprovalStep.Who.STEWARD]
    if reaches_sensitive(resource):
        steps.append(ApprovalStep.Who.PRIVACY)
    return steps


def reaches_sensitive(resource: Resource) -> bool:
    """Here, above, or anywhere below: a grant on a project reaches all that lies in it.

    What a project will hold one day is unknown, so asking for a whole project always counts.
    """
    if resource.kind == Kind.PROJECT:
        return True
    touched = Standing.objects.filter(
        Q(resource__in=resource.chain) | Q(ancestors__contains=[resource.pk]), closed_at=None
    )
    return touched.filter(categories__overlap=sorted(SENSITIVE_CATEGORIES)).exists()


def reviewers(step: ApprovalStep) -> list[User]:
    """Who could decide this step now: people with the right role, on nobody's own side."""
    role = Q(role__slug=PRIVACY_OFFICER)
    grants = (
        Grant.objects.live()
        .over(step.request.resource)
        .filter(
            role if step.who == ApprovalStep.Who.PRIVACY else ~role,
            effect=Grant.Effect.ALLOW,
            role__permissions__codename=Permission.DECIDE_REQUEST,
            role__permissions__closed_at=None,
        )
    )
    members = Membership.objects.current().filter(group__in=grants.values("group"))
    found = User.objects.filter(
        Q(pk__in=grants.values("user")) | Q(pk__in=members.values("user")),
        kind=User.Kind.HUMAN,
        is_active=True,
    )
    return [user for user in found.distinct() if may_decide(step, user)]


def may_decide(step: ApprovalStep, user: User) -> bool:
    request = step.request
    return (
        user.is_human
        and user.pk != request.requester_id
        and not on_side(user, request.subject)
        and not request.steps.filter(decided_by=user).exists()
        and allowed(user, Permission.DECIDE_REQUEST, request.resource)
    )


def require_step(request: AccessRequest, by: User) -> ApprovalStep:
    """The undecided step that this person may decide."""
    if by.pk == request.requester_id or on_side(by, request.subject):
        raise NotYours("Nobody decides for themselves: this needs another person.")
    if request.steps.filter(decided_by=by).exists():
        raise NotYours("You decided a step of this request: the next needs another person.")
    for step in request.steps.filter(decision=""):
        if by in reviewers(step):
            return step
    raise NotYours("None of the open steps of this request is yours to decide.")
