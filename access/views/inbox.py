"""What waits for one's decision: the list, the open request beside it, the decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from access import queries
from access.actions import requests
from access.models import AccessRequest, Status
from access.views.requests import signed_in
from accounts import queries as people
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import May
from audit import queries as trail

PANE = "detail"
DECISIONS = {"approve": requests.approve, "reject": requests.reject}


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The oldest stands open, so that one key decides it."""
    user = signed_in(request)
    text = request.GET.get("q", "")[:200]
    rows = list(queries.search(queries.waiting(user), text)[:100])
    return split(request, rows, rows[0] if rows else None, text=text)


@require_safe
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A request: in the inbox when it waits for this person, else on a page of its own."""
    user = signed_in(request)
    found = queries.visible(user, pk)
    if target(request) == PANE:
        return pane(request, found)
    rows = queries.inbox(user)
    if found in rows:
        return split(request, rows, found, picked=True)
    context = detail(user, found) | {"title": str(found)}
    return render(request, "access/request.html", context)


@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """By POST only; then the next one is shown."""
    user = signed_in(request)
    found = queries.visible(user, pk)
    before = queries.inbox(user)
    verb, comment = request.POST.get("decision", ""), request.POST.get("comment", "")
    if verb not in DECISIONS:
        return failed(request, found, "Choose approve or reject.", comment)
    try:
        decided = DECISIONS[verb](found, comment=comment, by=user)
    except ValidationError as error:
        return failed(request, found, " ".join(error.messages), comment)
    messages.success(request, told(decided, verb))
    if not request.htmx:  # type: ignore[attr-defined]  # set by django-htmx's middleware
        return redirect("inbox")
    rows = queries.inbox(user)
    context = {"rows": rows, "gone": pk, **detail(user, following(before, rows, pk))}
    return render(request, "access/decided.html", context)


def told(decided: AccessRequest, verb: str) -> str:
    if verb == "reject":
        return f"Rejected: {decided}."
    if decided.status == Status.APPROVED:
        return f"Approved, and open from now on: {decided}."
    return f"Your approval is recorded; another person decides too: {decided}."


def following(before: list[AccessRequest], rows: list[AccessRequest], pk: UUID) -> Any:
    """The one that stood below the decided one, else the first."""
    left = {row.pk: row for row in rows}
    ids = [row.pk for row in before]
    below = ids[ids.index(pk) + 1 :] if pk in ids else []
    return next((left[each] for each in below if each in left), rows[0] if rows else None)


def failed(request: HttpRequest, found: AccessRequest, error: str, comment: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]  # set by django-htmx's middleware
        return pane(request, found, error=error, comment=comment)
    rows = queries.inbox(signed_in(request))
    return split(request, rows, found, picked=True, error=error, comment=comment)


def target(request: HttpRequest) -> str:
    htmx: Any = getattr(request, "htmx", None)
    return (htmx.target or "").split("#")[-1] if htmx else ""


def split(
    request: HttpRequest, rows: list[AccessRequest], found: AccessRequest | None, **extra: Any
) -> HttpResponse:
    part = "#list" if target(request) == "list" else ""
    context = {"title": "Inbox", "rows": rows, **detail(signed_in(request), found), **extra}
    response = render(request, f"access/inbox.html{part}", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def pane(request: HttpRequest, found: AccessRequest, **extra: Any) -> HttpResponse:
    context = {**detail(signed_in(request), found), **extra}
    response = render(request, "access/_detail.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def detail(user: User, found: AccessRequest | None) -> dict[str, Any]:
    """What a decision needs to know, in the order in which one reads it."""
    if found is None:
        return {"asked": None}
    resource = found.resource
    steps = queries.answerers(found)
    waits = found.status == Status.PENDING
    return {
        "asked": found,
        "steps": steps,
        "may_answer": waits and queries.may_answer(user, found),
        "may_cancel": waits and found.requester_id == user.pk,
        "last_step": sum(not step.decision for step, _ in steps) == 1,
        "changes": changes(found),
        "path": path(found),
        "holders": people.holders(user, resource).count(),
        "permitted": people.permitted_purposes(resource),
        "sensitive": len(steps) > 1,
        "events": trail.history(user, found),
    }


def changes(found: AccessRequest) -> dict[str, list[str | None]]:
    """Permission by permission: what the subject gains, and until when."""
    may = May(found.subject, found.resource)
    pending = found.status == Status.PENDING
    gives = [p for p in Permission if p in found.role.codenames()]
    gained: dict[str, list[str | None]] = {
        p.value: [None, p.label] for p in gives if not (pending and may[p])
    }
    return {**gained, "ends": [None, end(found)]}


def end(found: AccessRequest) -> str:
    """The day, as far as it is known: a grant starts with the last approval."""
    granted = found.status == Status.APPROVED
    start = found.decided_at if granted else timezone.now()
    if start is None or not (granted or found.status == Status.PENDING):
        return f"after {found.days} days"
    day = timezone.localdate(start + timedelta(days=found.days))
    return f"{day:%d %b %Y}, after {found.days} days"


def path(found: AccessRequest) -> list[dict[str, str]]:
    """From the subject by the role to the resource."""
    resource: Resource = found.resource
    kind = "service" if found.subject.kind == User.Kind.SERVICE else "user"
    above = resource.parent
    project = [{"kind": above.kind, "label": above.label}] if above and is_shown(above) else []
    return [
        {"kind": kind, "label": found.subject.label},
        {"kind": "role", "label": found.role.name},
        *project,
        {"kind": resource.kind, "label": resource.label},
    ]


def is_shown(resource: Resource) -> bool:
    return resource.kind != Kind.ROOT
