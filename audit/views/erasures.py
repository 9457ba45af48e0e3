"""Erasures: asked for, planned, looked at by a second person, carried out as they saw it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import kept
from audit.actions import erasures
from audit.doors.ahead import when_shown
from audit.doors.page import page
from audit.doors.web import press, submit
from audit.forms import AskForm, PlanForm
from audit.models import Erasure, Event
from audit.views.keeping import crumbs, tabs


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    kept.require(kept.keeps_erasures(request.user))
    sent = request.POST if request.method == "POST" else None
    form = AskForm(kept.erasable(request.user), sent, initial=request.GET.dict())
    if form.is_bound and form.is_valid():
        person, reason = form.cleaned_data["person"], form.cleaned_data["reason"]
        if asked := submit(form, erasures.ask_erasure, person, reason, by=request.user):
            press(request, "", erasures.plan_erasure, asked, [], by=request.user)
            return redirect(asked)
    context = {
        "title": "Erasures",
        "lede": "Who somebody was goes out of the trail; what happened, and its proof, stays.",
        "tabs": tabs(request.user, "erasures"),
        "form": form,
        "may_ask": kept.on_site(request.user, "manage_people"),
        "page": page(kept.erasures(request.user), request.GET, size=25),
        "breadcrumbs": crumbs(request.user),
    }
    return render(request, "audit/erasures.html", context, status=422 if form.errors else 200)


@require_safe
@when_shown
def erasure(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = of(request, pk)
    mine = found.asked_by_id == request.user.pk
    shown = mentions(request, found)
    context = {
        "title": f"Erasure of {found.subject}",
        "erasure": found,
        "kinds": kinds(found.plan),
        "held": [] if found.done_at else held(found.plan),
        "mentions": shown,
        "unshown": unshown(found.plan, len(shown)),
        "reads": kept.on_site(request.user, "read_trail"),
        "may_plan": mine and found.done_at is None,
        "may_redact": not mine and kept.on_site(request.user, "decide_request"),
        "breadcrumbs": crumbs(request.user, ("erasures", "Erasures")),
    }
    return render(request, "audit/erasure.html", context)


@require_POST
def plan(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = of(request, pk)
    form = PlanForm(found.plan.get("mentions", []), request.POST)
    if not form.is_valid():
        messages.error(request, "Choose among the records that are listed.")
    else:
        chosen = form.cleaned_data["chosen"]
        press(request, "Planned anew.", erasures.plan_erasure, found, chosen, by=request.user)
    return redirect(found)


@require_POST
def redact(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = of(request, pk)
    seen = request.POST.get("plan", "")
    press(request, "Erased, for good.", erasures.redact, found, seen, by=request.user)
    return redirect(found)


def of(request: HttpRequest, pk: UUID) -> Erasure:
    kept.require(kept.keeps_erasures(request.user))
    return get_object_or_404(kept.erasures(request.user), pk=pk)


def kinds(plan: dict[str, Any]) -> list[tuple[str, int, int]]:
    """One row a verb: how often who did it goes, how often what it says."""
    who, what = plan.get("who", {}), plan.get("what", {})
    verbs = sorted({*who, *what}, key=lambda verb: (-who.get(verb, 0) - what.get(verb, 0), verb))
    return [(verb, who.get(verb, 0), what.get(verb, 0)) for verb in verbs]


def held(plan: dict[str, Any]) -> list[str]:
    covered = plan.get("held", {}).items()
    return [f"On {path}: {count} of these records. It is lifted first." for path, count in covered]


def unshown(plan: dict[str, Any], shown: int) -> int:
    return len(plan.get("mentions", [])) + int(plan.get("unlisted", 0)) - shown


def mentions(request: HttpRequest, found: Erasure) -> list[tuple[int, Event]]:
    """Shown to who reads the trail or approves, and recorded as a look at it."""
    listed = kept.mentions(request.user, found) if found.done_at is None else []
    if listed:
        erasures.view_mentions(found, by=request.user)
    return listed
