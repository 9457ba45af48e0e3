"""Whom a request concerns hears of it, after commit; a link opens it and never decides."""

from __future__ import annotations

from access.models import AccessRequest
from access.rules import reviewers
from accounts.mail import answerable, tell


def asked(request: AccessRequest) -> None:
    people = {person.pk: person for step in request.steps.all() for person in reviewers(step)}
    tell(list(people.values()), "request_asked", **facts(request))


def decided(request: AccessRequest) -> None:
    people = {p.pk: p for p in (*answerable(request.subject), request.requester)}
    tell(list(people.values()), "request_decided", **facts(request))


def facts(request: AccessRequest) -> dict[str, str | int]:
    last = request.steps.exclude(decision="").order_by("-decided_at").first()
    return {
        "id": str(request.pk),
        "requester": request.requester.label,
        "subject": str(request.subject),
        "role": request.role.name,
        "resource": request.resource.address,
        "purpose": request.get_purpose_display(),
        "days": request.days,
        "status": request.get_status_display(),
        "justification": request.justification,
        "comment": last.comment if last else "",
    }
