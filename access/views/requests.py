"""One's own requests: asking, following, taking back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from access import forms, queries
from access.actions import requests
from access.models import AccessRequest, Status
from access.models.requests import UNANSWERED
from accounts import queries as people
from accounts.models import Resource, Role, User
from accounts.permissions import Permission
from accounts.queries import May
from audit.doors.page import page, show
from audit.doors.web import press, submit
from audit.queries import as_path

OPEN = (Status.DRAFT, Status.PENDING)


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the sign-in wall stands before every page
    return request.user


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    view, text = request.GET.get("view", ""), request.GET.get("q", "")[:200]
    found = queries.search(queries.requests(user) if view == "all" else queries.own(user), text)
    if view == "open":
        found = found.filter(status__in=OPEN)
    sees_more = queries.decides(user) or people.sees_people(user)
    views = [("", "Mine"), ("open", "Waiting"), *([("all", "All that I see")] if sees_more else [])]
    return show(
        request,
        "access/requests.html",
        {
            "title": "Requests",
            "lede": "What you asked for, who decides it, and what came of it.",
            "page": page(found.prefetch_related("steps__decided_by"), request.GET, size=25),
            "view": view,
            "text": text,
            "tabs": [
                {"url": f"?view={name}" if name else "?", "label": label, "current": name == view}
                for name, label in views
            ],
        },
    )


def new(request: HttpRequest) -> HttpResponse:
    """Two steps in one address: on what, then which access."""
    user = signed_in(request)
    asked = request.POST.get("resource") or request.GET.get("resource", "")
    if not asked:
        return render(request, "access/find.html", finding(forms.FindForm(user=user)))
    find_form = forms.FindForm({"resource": asked}, user=user)
    if not find_form.is_valid():
        if request.method == "GET" and "find" not in request.GET:
            people.find(user, Permission.DISCOVER, path=as_path(asked))
        return render(request, "access/find.html", finding(find_form))
    resource: Resource = find_form.cleaned_data["resource"]
    initial = {name: request.GET[name] for name in ("role", "purpose") if name in request.GET}
    form = forms.RequestForm(
        request.POST or None, user=user, initial={**initial, "resource": resource}
    )
    if form.is_bound and form.is_valid():
        facts = {name: value for name, value in form.cleaned_data.items() if name != "role"}
        role = form.cleaned_data["role"]
        made = submit(form, requests.submit, resource, role, by=user, **facts)
        if made is not None:
            messages.success(request, "Sent. You hear by mail when it is decided.")
            return redirect("request", made.pk)
    return render(request, "access/new.html", asking(user, form, resource))


def finding(form: forms.FindForm) -> dict[str, Any]:
    return {
        "title": "Request access",
        "lede": "Find it in the catalogue, or type its address here.",
        "form": form,
        "breadcrumbs": [{"url": reverse("requests"), "label": "Requests"}],
    }


def asking(user: User, form: forms.RequestForm, resource: Resource) -> dict[str, Any]:
    return {
        "title": "Request access",
        "form": form,
        "resource": resource,
        "breadcrumbs": [
            {"url": reverse("catalogue"), "label": "Catalogue"},
            {"url": reverse("resource", args=[resource.address]), "label": resource.address},
        ],
        "roles": [card(role, form.may, str(form["role"].value())) for role in form.offered],
        "steps": queries.would_answer(user, resource, user),
        "waiting": queries.own(user).filter(resource=resource, status=Status.PENDING).first(),
        "most": UNANSWERED.days,
        "missing": (missing := people.missing_agreements(user, resource)),
        "recorders": people.recorders(user) if missing else [],
    }


def card(role: Role, may: May, chosen: str) -> dict[str, Any]:
    """What the role gives here, and what of it is new."""
    held = role.codenames()
    gives = [p for p in Permission if p in held]
    return {
        "role": role,
        "gives": [{"permission": p.value, "label": p.label, "held": may[p]} for p in gives],
        "nothing_new": may.all_of(gives),
        "chosen": role.slug == chosen,
    }


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = signed_in(request)
    found: AccessRequest = queries.visible(user, pk)
    press(request, "The request is taken back.", requests.cancel, found, by=user)
    return redirect("request", pk)
