"""The trail as pages; looking at it is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from audit import completion, queries
from audit.actions import trail as actions
from audit.acts import ACTIONS
from audit.budget import budget
from audit.chart import chart
from audit.doors.ahead import when_shown
from audit.doors.page import Page, page, show
from audit.forms import ExportForm, NarrowForm, SaveForm
from audit.models import Event
from audit.qualifiers import CLASSES, OUTCOMES, QUALIFIERS
from audit.seal import proofs
from audit.search import Search

CANNED = (
    ("Everything", ""),
    ("Refused", "outcome:denied"),
    ("Access", "verb:grant verb:access_request verb:role"),
    ("Data", "class:data_access -verb:trail.*"),
    ("Sign-in", "verb:session verb:password"),
    ("Keys", "verb:key"),
    ("Beside the application", "verb:db"),
    ("Who looked", "verb:trail"),
)
Read = tuple[Search, list[str]]


@require_safe
@when_shown
def trail(request: HttpRequest) -> HttpResponse:
    search, wrong = read(request)
    record(request, actions.view_trail, search)
    listed, found, late = look(request, search) if not wrong else (Page([]), {}, [])
    context = {
        "title": "Trail",
        "q": request.GET.get("q", "") if wrong else str(search),
        "wrong": wrong + late,
        "tabs": [
            {"url": link(text), "label": label, "current": str(search) == text and not wrong}
            for label, text in CANNED
        ],
        "facets": facets(request, search),
        "chips": [{"text": str(t), "url": link(search.without(t))} for t in search.terms],
        "narrow": NarrowForm.of(search),
        "rest": rest(search),
        "saved": queries.searches(request.user)[:100],
        "save": SaveForm(initial={"q": str(search)}),
        "export": ExportForm(initial={"q": str(search)}),
        "qualifiers": QUALIFIERS,
        "lines": completion.lines(request.user, ""),
        "page": listed,
        "url": link(search),
    }
    return show(request, "audit/trail.html", context | found)


def read(request: HttpRequest) -> Read:
    """What is asked for, and what is wrong with it: then nothing is shown."""
    try:
        return Search.read(request.GET), []
    except ValidationError as error:
        return Search(), error.messages


def look(request: HttpRequest, search: Search) -> tuple[Page, dict[str, Any], list[str]]:
    """A page of events, how many there are, and when; or why that takes too long."""
    try:
        with budget():
            found = queries.events(request.user, search)
            listed = page(found, request.GET, size=40, edge=search.end)
            events = queries.with_changes(listed.rows)
        with budget():
            hours = queries.per_hour(request.user, search)
    except ValidationError as error:
        return Page([]), {}, error.messages
    count = sum(number for _, _, number in hours)
    shown = {"events": events, "count": min(count, queries.COUNTED), "chart": chart(hours)}
    return listed, shown | {"more": count > queries.COUNTED}, []


def rest(search: Search) -> str:
    """What the narrowing fields do not show, so that sending them loses nothing."""
    for name in NarrowForm.base_fields:
        if search.value(name):
            search = search.having(name, "")
    return str(search)


def link(search: Search | str) -> str:
    text = str(search)
    return f"{reverse('trail')}?{urlencode({'q': text})}" if text else reverse("trail")


def facets(request: HttpRequest, search: Search) -> list[dict[str, Any]]:
    nouns = sorted({verb.partition(".")[0] for verb in ACTIONS})
    with budget():
        actors = queries.recent_values(request.user, "actor_repr", limit=12)
    choices = {"actor": actors, "verb": nouns, "class": CLASSES, "outcome": OUTCOMES}
    return [
        {
            "label": name.title(),
            "value": search.value(name),
            "any": link(search.having(name, "")),
            "options": [
                {"value": value, "url": link(search.having(name, value))}
                for value in with_chosen(values, search.value(name))
            ],
        }
        for name, values in choices.items()
    ]


def with_chosen(values: Any, chosen: str) -> list[str]:
    return [*([chosen] if chosen and chosen not in values else []), *values]


def record(request: HttpRequest, action: Callable[..., None], *args: Any) -> None:
    """Refused is not there."""
    try:
        action(*args, by=request.user)
    except PermissionDenied:
        raise Http404 from None


@require_safe
def complete(request: HttpRequest) -> HttpResponse:
    """The options of the search field, as one types; values from what the person may read."""
    if not queries.reads_trail(request.user):
        raise Http404
    text = request.GET.get("q", "")
    if name := completion.reads(text):
        record(request, actions.complete, name)
    with budget():
        lines = completion.lines(request.user, text, ACTIONS)
    return render(request, "audit/lines.html", {"lines": lines})


@require_safe
@when_shown
def event(request: HttpRequest, uid: UUID) -> HttpResponse:
    found = queries.event(request.user, uid)
    record(request, actions.view_event, found)
    changes = list(queries.changes(request.user, found).select_related("content_type"))
    grants = dict.fromkeys(p["grant"] for p in found.decision if p.get("grant"))
    context = {
        "title": found.verb,
        "event": found,
        "act": queries.act_of(request.user, found),
        "changes": changes,
        "others": queries.with_changes(queries.same_request(request.user, found)[:50]),
        "openings": [opened for g in grants if (opened := queries.opening(request.user, g))],
        "raw": raw(found, changes),
        "leaf": proofs.leaf_of(found.uid),
        "may_see_keys": request.user.has_perm(queries.READ_TRAIL),
        "breadcrumbs": [{"url": reverse("trail"), "label": "Trail"}],
    }
    return render(request, "audit/event.html", context)


def raw(found: Event, changes: list[Event]) -> str:
    """All columns, for copying into a ticket."""
    rows = [as_dict(found), *(as_dict(row) for row in changes if row.pk != found.pk)]
    return json.dumps(rows, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)


def as_dict(row: Event) -> dict[str, Any]:
    fixed = {"uid": row.uid, "timestamp": row.timestamp}
    return fixed | {k: v for k, v in model_to_dict(row).items() if v not in (None, "", [], {})}
