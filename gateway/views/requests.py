"""AuthZEN's access-request profile: a denial becomes a request here, its task is looked up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access import queries as asking
from access.actions import requests
from access.models import AccessRequest, Status
from accounts.authentication import KeyAuthentication
from accounts.models import Resource, User
from gateway import hints, queries, wire
from gateway.authzen import Asker
from gateway.models import Alias
from gateway.wire import Malformed

URN = "urn:openid:authzen:access-request:error:"
STATUS = {Status.REJECTED: "denied", Status.DRAFT: "pending"}
DAY = timedelta(days=1)


class Problem(exceptions.APIException):
    """An error that the profile has a name for."""

    def __init__(self, name: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.reason, self.status_code = name, status


class RequestView(APIView):
    authentication_classes = (KeyAuthentication,)

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, Malformed):
            error = exceptions.ParseError(str(error))
        response = super().handle_exception(error)
        if isinstance(error, Problem) and isinstance(response.data, dict):
            response.data["type"] = URN + error.reason
        return response


@extend_schema(exclude=True)  # the profile describes it
class Requests(RequestView):
    def post(self, request: Request) -> Response:
        """Ask for what was denied: the subject itself, or who answers for the service."""
        body: Any = request.data
        wire.require_storable(body)
        asked = wire.question(body)
        asker = Asker.of(request.auth)  # type: ignore[arg-type]
        subject = asker.subject(asked.subject)
        means = queries.meaning(asked.resource.type, asked.action)
        resource = queries.resource(means, asked.resource.id) if means else None
        require_denial(body, subject, means, resource)
        assert subject and means and resource  # or there was no denial of theirs
        found = submit(body, asked.context, means.permission, resource, subject, asker.user)
        return task(found, 202)


def require_denial(
    body: dict[str, Any], subject: User | None, means: Alias | None, resource: Resource | None
) -> None:
    """What is not there and what is hidden differ in nothing: each has no proof of a denial."""
    token = wire.optional(body, "denial").get("binding_token")
    permission = means.permission if means else ""
    try:
        hints.require_bound(str(token or ""), subject, permission, resource)
    except hints.Unbound:
        message = "denial.binding_token is not that of this subject, action and resource."
        raise Problem("invalid_denial_binding", message) from None
    except hints.Stale:
        raise Problem("expired_denial", "The denial is too old: evaluate again.", 410) from None


def submit(
    body: dict[str, Any],
    context: dict[str, Any],
    permission: str,
    resource: Resource,
    subject: User,
    by: User,
) -> AccessRequest:
    wanted = wire.optional(body, "requested_access")
    offered = {role.slug: role for role in queries.requestable(permission)}
    name = wanted.get("role") or next(iter(offered), "")
    if name not in offered:
        raise Problem("not_requestable", f"requested_access.role: one of {', '.join(offered)}.")
    justification = context.get("business_justification")
    if not isinstance(justification, str):
        raise Malformed("context.business_justification is required: why, in words.")
    purpose = context.get("purpose")
    if not isinstance(purpose, str):
        raise Malformed("context.purpose is required: what the data is for.")
    return requests.submit(
        resource,
        offered[name],
        purpose=purpose,
        justification=justification,
        days=days(wanted.get("requested_until")),
        subject=subject,
        by=by,
    )


def days(until: Any) -> int:
    """Whole days from now; 30 when nothing is asked."""
    if until is None:
        return 30
    try:
        end = parse_datetime(until) if isinstance(until, str) else None
    except ValueError:
        end = None
    if end is None or end.tzinfo is None:
        raise Malformed("requested_access.requested_until: a time by RFC 3339.")
    left = end - timezone.now()
    if left <= timedelta(0):
        raise ValidationError({"requested_until": "It lies in the past."})
    return -(-left // DAY)


@extend_schema(exclude=True)
class Task(RequestView):
    def get(self, request: Request, pk: UUID) -> Response:
        return task(visible(request, pk))


@extend_schema(exclude=True)
class Cancel(RequestView):
    def post(self, request: Request, pk: UUID) -> Response:
        found = visible(request, pk)
        try:
            return task(requests.cancel(found, by=request.user))  # type: ignore[arg-type]
        except ValidationError as error:
            raise Problem("invalid_task_state", " ".join(error.messages), 409) from None


def visible(request: Request, pk: UUID) -> AccessRequest:
    user: Any = request.user
    try:
        return asking.visible(user, pk)
    except Http404:
        raise Problem("unknown_task", "There is no such task that you may see.", 404) from None


def task(found: AccessRequest, status: int = 200) -> Response:
    here = f"{settings.PUBLIC_URL}{hints.REQUESTS}/{found.pk}"
    handle: dict[str, Any] = {
        "id": str(found.pk),
        "status": STATUS.get(Status(found.status), found.status),
        "status_endpoint": here,
        "expires_at": found.answer_by.isoformat(),
        "links": {
            "cancel": f"{here}/cancel",
            "ticket": f"{settings.PUBLIC_URL}/requests/{found.pk}/",
        },
    }
    body: dict[str, Any] = {"task": handle}
    if found.grant_id and found.decided_at:
        approval = {
            "id": str(found.grant_id),
            "approved_at": found.decided_at.isoformat(),
            "approved_until": (found.decided_at + found.days * DAY).isoformat(),
        }
        body["result"] = {"mode": "reevaluate", "approval": approval}
    return Response(body, status=status, headers={"Location": here} if status == 202 else None)
