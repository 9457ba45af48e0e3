"""Why somebody may or may not, who can, what they can: now or as it stood then."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import queries
from accounts.decision import WORDS
from accounts.explanation import Explanation
from accounts.forms.explain import AskForm, WhatForm, WhoForm, WhyForm
from accounts.models import User
from accounts.models.vocabulary import Kind
from accounts.views.request import Request, subject_kind
from audit.doors.page import page
from audit.doors.web import submit

GATES = {
    "subject": "The account is active",
    "resource": "It exists and is in use",
    "blocked": "No deny stands in the way",
    "purpose": "The purpose is permitted",
    "agreements": "The agreements are signed",
    "draft": "Not a draft, or one of theirs",
}
ICONS = {
    Kind.ROOT: "globe",
    Kind.PROJECT: "folder",
    Kind.DATASET: "database",
    Kind.MODEL: "boxes",
    Kind.VERSION: "layers",
}
TABS = (("explain", "Why?"), ("who_can", "Who can"), ("what_can", "What can they"))


@require_safe
def explain(request: Request) -> HttpResponse:
    form = WhyForm(request.GET if "resource" in request.GET else None, user=request.user)
    found = asked(form, queries.explained, request.user)
    context: dict[str, Any] = {
        "title": "Why?",
        "lede": "Whether somebody may do something, by which grant, and what stands in the way.",
        "found": found,
    }
    if found is not None:
        context |= shown(request.user, found)
    return answer(request, "accounts/explain.html", "explain", form, context)


def shown(user: User, found: Explanation) -> dict[str, Any]:
    return {
        "reason": WORDS[found.reason],
        "gates": [(GATES[gate.name], gate, WORDS.get(gate.reason, "")) for gate in found.gates],
        "paths": queries.told(user, found),
        "then": queries.address_then(user, found),
        "decided_by": found.decided_by,
    }


@require_safe
def who_can(request: Request) -> HttpResponse:
    form = WhoForm(request.GET if "resource" in request.GET else None, user=request.user)
    return listed(
        request, "who_can", form, queries.who_at, who_row,
        title="Who can",
        lede="Every person and service that may do it there, for those who review the place.",
    )  # fmt: skip


@require_safe
def what_can(request: Request) -> HttpResponse:
    form = WhatForm(request.GET if "permission" in request.GET else None, user=request.user)
    return listed(
        request, "what_can", form, queries.what_at, what_row,
        title="What can they",
        lede="Everything on which somebody may do it. Of others you see what you review.",
    )  # fmt: skip


def listed(
    request: Request, name: str, form: AskForm, query: Any, row: Any, **context: Any
) -> HttpResponse:
    """An answer that is a list: a page of it, each row with the question why."""
    found = asked(form, query, request.user)
    if found is not None:
        shown = page(found, request.GET)
        context |= {"page": shown, "rows": [row(one, request) for one in shown.rows]}
    return answer(request, f"accounts/{name}.html", name, form, context)


def who_row(person: User, request: Request) -> dict[str, Any]:
    return {
        "id": person.pk,
        "url": why(request, subject=person.username),
        "name": person.label,
        "kind": subject_kind(person),
        "title": person.label,
        "sub": person.username,
        "note": "why?",
    }


def what_row(resource: Any, request: Request) -> dict[str, Any]:
    return {
        "id": resource.uid,
        "url": why(request, resource=resource.address),
        "icon": ICONS[resource.kind],
        "title": resource.label,
        "sub": resource.address if resource.name else "",
        "tags": [resource.kind, resource.classification],
        "note": "why?",
    }


def why(request: Request, **changes: str) -> str:
    """The same question as on this page, about one of its rows."""
    query = request.GET.copy()
    for name in ("cursor", "kind"):
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = value
    return f"{reverse('explain')}?{query.urlencode()}"


def asked(form: AskForm, query: Any, user: User) -> Any:
    """The answer, or nothing with what is wrong at its field; what is hidden is not there."""
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return submit(form, query, user, **form.question())
    except Http404:
        form.add_error("resource", "There is nothing of this address that you may see.")
        return None


def answer(
    request: Request, template: str, name: str, form: AskForm, context: dict[str, Any]
) -> HttpResponse:
    tabs = [{"url": reverse(tab), "label": label, "current": tab == name} for tab, label in TABS]
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, "tabs": tabs, **context}, status=status)
