"""The trail as pages; looking at it is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit import actions, queries
from audit.doors.page import page, show
from audit.doors.web import add_errors
from audit.forms import TrailForm, qualified
from audit.models import Event
from audit.queries import Filters
from audit.seal import proofs

DOORS = ("web", "rest", "authzen", "forward", "admin", "cli", "task", "system")


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    asked = qualified(request.GET)
    form = TrailForm(asked)
    form.is_valid()
    filters = read(form, asked)
    record(request, actions.view_trail, filters or Filters())
    found = queries.events(request.user, filters)
    listed = page(found if filters else found.none(), request.GET, size=40)
    days = queries.per_day(request.user, filters) if filters else []
    context = {
        "title": "Trail",
        "form": form,
        "asked": asked,
        "events": queries.with_changes(listed.rows),
        "page": listed,
        "days": days,
        "bars": [(ok, bad) for _, ok, bad in days],
        "totals": (sum(day[1] for day in days), sum(day[2] for day in days)),
        "facets": facets(asked),
        "narrowed": any(asked[name] for name in form.fields),
        "keep": {name: value for name, value in asked.items() if value and name != "text"},
        "clear": reverse("trail") if any(asked.values()) else "",
    }
    return show(request, "audit/trail.html", context)


def read(form: TrailForm, asked: dict[str, Any]) -> Filters | None:
    try:
        return Filters.read(asked)
    except ValidationError as error:
        add_errors(form, error)
        return None


def facets(asked: dict[str, Any]) -> list[dict[str, Any]]:
    outcomes = [{"value": value, "label": value.title()} for value in Event.Outcome.values]
    doors = [{"value": door, "label": door.upper() if door == "cli" else door} for door in DOORS]
    return [
        {"name": "outcome", "label": "Outcome", "value": asked["outcome"], "options": outcomes},
        {"name": "door", "label": "Door", "value": asked["door"], "options": doors},
    ]


def record(request: HttpRequest, action: Callable[..., None], *args: Any) -> None:
    """Refused is not there."""
    if is_ahead(request):
        return
    try:
        action(*args, by=request.user)
    except PermissionDenied:
        raise Http404 from None


def is_ahead(request: HttpRequest) -> bool:
    """A browser that fetches ahead has shown nothing to anybody yet."""
    return request.headers.get("Sec-Purpose", "").startswith("prefetch")


@require_safe
def event(request: HttpRequest, uid: UUID) -> HttpResponse:
    found = queries.event(request.user, uid)
    record(request, actions.view_event, found)
    changes = list(queries.changes(request.user, found).select_related("content_type"))
    context = {
        "title": found.verb,
        "event": found,
        "changes": changes,
        "others": queries.with_changes(queries.same_request(request.user, found)[:50]),
        "raw": raw(found, changes),
        "leaf": proofs.leaf_of(found.uid),
        "may_see_keys": request.user.has_perm(queries.READ_TRAIL),
        "breadcrumbs": [{"url": reverse("trail"), "label": "Trail"}],
    }
    return render(request, "audit/event.html", context)


@require_safe
def proof(request: HttpRequest, uid: UUID) -> HttpResponse:
    """To keep beside the ticket; verify_bundle.py checks it anywhere."""
    found = queries.event(request.user, uid)
    if is_ahead(request):
        return HttpResponse(status=204)
    try:
        bundle = actions.prove(found, by=request.user)
    except PermissionDenied:
        raise Http404 from None
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
        return redirect(found)
    return taken(json.dumps(bundle, ensure_ascii=False), "application/json", f"proof-{uid}.json")


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    try:
        text = actions.show_keys(by=request.user)
    except PermissionDenied:
        raise Http404 from None
    return taken(text, "text/plain; charset=utf-8", "trail-keys.txt")


def taken(text: str, kind: str, name: str) -> HttpResponse:
    header = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=kind, headers=header)


def raw(found: Event, changes: list[Event]) -> str:
    """All columns, for copying into a ticket."""
    rows = [as_dict(found), *(as_dict(row) for row in changes)]
    return json.dumps(rows, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)


def as_dict(row: Event) -> dict[str, Any]:
    fixed = {"uid": row.uid, "timestamp": row.timestamp}
    return fixed | {k: v for k, v in model_to_dict(row).items() if v not in (None, "", [], {})}
