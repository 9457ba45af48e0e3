"""Ask, approve, reject, cancel; and let what nobody answers expire."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from access import mail, rules
from access.models import AccessRequest, ApprovalStep, Status
from accounts.decision import check, own, recheck, site
from accounts.grants import draft, hold, record
from accounts.models import Grant, Resource, Role, User
from accounts.permissions import Permission
from accounts.queries import lock as hold_resource
from accounts.rules import on_side, require_active, require_new
from audit import context
from audit.acts import action
from audit.models import Event

AUTHORIZATION = Event.Class.AUTHORIZATION


@action("access_request.submit", AUTHORIZATION)
def submit(
    resource: Resource,
    role: Role,
    *,
    purpose: str,
    justification: str,
    days: int = 30,
    subject: User | None = None,
    by: User,
) -> AccessRequest:
    """The steps are what the rules ask for now, and stay with the request."""
    check(by, Permission.DISCOVER, resource)
    subject = subject or by
    if not on_side(by, subject):
        raise ValidationError({"subject": "Ask for yourself or a service that you answer for."})
    require_active(subject)
    rules.require_askable(resource, role, subject, purpose)
    request = AccessRequest(
        requester=by,
        subject=subject,
        resource=resource,
        role=role,
        purpose=purpose,
        justification=justification.strip(),
        days=days,
        status=Status.PENDING,
    )
    request.full_clean()
    request.save()
    add_steps(request)
    context.say(request.justification)
    mail.asked(request)
    return request


def add_steps(request: AccessRequest) -> None:
    """Fail closed: a step that nobody could decide is an error now, not silence later."""
    there = set(request.steps.values_list("who", flat=True))
    for position, who in enumerate(rules.steps_for(request.resource), start=1):
        if who in there:
            continue
        step = ApprovalStep(
            request=request,
            position=position,
            who=who,
            requester=request.requester,
            subject=request.subject,
        )
        step.save()
        if not rules.reviewers(step):
            raise ValidationError(
                f"Nobody could decide this: {request.resource} has no {step.get_who_display()} "
                "other than you. Ask an admin to name one."
            )


@action("access_request.approve", AUTHORIZATION)
def approve(request: AccessRequest, *, comment: str = "", by: User) -> AccessRequest:
    """Nothing is open before the last approval; the last one opens the grant."""
    request = lock(request)
    check(by, Permission.DECIDE_REQUEST, request.resource)
    rules.require_transition(request, Status.APPROVED)
    add_steps(request)  # what became sensitive since it was asked for
    decide_step(rules.require_step(request, by), ApprovalStep.Decision.APPROVED, comment, by)
    if request.steps.filter(decision="").exists():
        return request
    require_active(request.subject)
    rules.require_on_offer(hold(request.role))
    request.grant_id = open_requested(request, by).pk
    conclude(request, Status.APPROVED)
    mail.decided(request)
    return request


def open_requested(request: AccessRequest, by: User) -> Grant:
    """Unless the same was given meanwhile: a twin would outlive the revoking of one of them."""
    now = timezone.now()
    hold_resource(request.resource)
    grant = draft(
        request.role,
        request.subject,
        request.resource,
        by=by,
        origin=Grant.Origin.REQUEST,
        origin_id=request.pk,
        purpose=request.purpose,
        starts_at=now,
        expires_at=now + timedelta(days=request.days),
        reason=request.justification,
    )
    require_new(grant)
    return record(grant)


@action("access_request.reject", AUTHORIZATION)
def reject(request: AccessRequest, *, comment: str, by: User) -> AccessRequest:
    request = lock(request)
    check(by, Permission.DECIDE_REQUEST, request.resource)
    rules.require_transition(request, Status.REJECTED)
    if not comment.strip():
        raise ValidationError({"comment": "Say why: the requester reads it."})
    decide_step(rules.require_step(request, by), ApprovalStep.Decision.REJECTED, comment, by)
    conclude(request, Status.REJECTED)
    mail.decided(request)
    return request


@action("access_request.cancel", AUTHORIZATION)
def cancel(request: AccessRequest, *, by: User) -> AccessRequest:
    request = lock(request)
    if request.requester_id != by.pk:
        raise rules.NotYours("Only whoever asked can take the request back.")
    own(by, Permission.DISCOVER, request.resource_path)
    rules.require_transition(request, Status.CANCELLED)
    conclude(request, Status.CANCELLED)
    return request


@action("access_request.expire", AUTHORIZATION)
def expire(request: AccessRequest, *, by: User) -> AccessRequest:
    """Unanswered for too long: closed, so that nobody approves a need that has passed."""
    check(by, Permission.MANAGE_POLICIES, site())
    request = lock(request)
    rules.require_transition(request, Status.EXPIRED)
    if request.answer_by > timezone.now():
        raise ValidationError("It may still be answered.")
    conclude(request, Status.EXPIRED)
    mail.decided(request)
    return request


def lock(request: AccessRequest) -> AccessRequest:
    """One decision at a time: the second of two waits here and then meets the first."""
    found: AccessRequest = (
        AccessRequest.objects.select_for_update(of=("self",))
        .select_related("resource", "role", "requester", "subject")
        .get(pk=request.pk)
    )
    recheck()
    return found


def decide_step(step: ApprovalStep, decision: str, comment: str, by: User) -> None:
    step.decision, step.comment = decision, comment.strip()
    step.decided_by, step.decided_at = by, timezone.now()
    step.save(update_fields=["decision", "comment", "decided_by", "decided_at"])
    context.say(step.comment, step=step.who)


def conclude(request: AccessRequest, status: Status) -> None:
    request.status, request.decided_at = status, timezone.now()
    request.save(update_fields=["status", "decided_at", "grant_id"])
