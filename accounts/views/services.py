"""Service accounts: who answers for each, its keys and what it holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.actions import services as actions
from accounts.forms.people import OwnerForm, ServiceForm
from accounts.models import ServiceAccount
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, may
from audit.doors.page import page, show
from audit.doors.web import submit
from audit.hidden import find


@require_safe
def service_list(request: Request) -> HttpResponse:
    listed = page(queries.services(request.user), request.GET)
    context = {
        "title": "Service accounts",
        "lede": "Programs that use data or models. A person answers for each and keeps its keys.",
        "rows": [service_row(service) for service in listed.rows],
        "page": listed,
        "may_manage": may(request, Permission.MANAGE_PEOPLE),
    }
    return show(request, "accounts/services.html", context)


def service_row(service: ServiceAccount) -> dict[str, Any]:
    return {
        "id": service.pk,
        "url": reverse("service", args=[service.pk]),
        "name": str(service),
        "kind": "service",
        "title": str(service),
        "sub": service.description,
        "note": f"answers: {service.owner.label}",
        "tags": ["active" if service.user.is_live else "deactivated"],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def service_new(request: Request) -> HttpResponse:
    queries.require(request.user, Permission.MANAGE_PEOPLE)
    form = ServiceForm(request.POST or None, user=request.user)
    if (
        request.method == "POST"
        and form.is_valid()
        and (service := submit(form, actions.register, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{service} is registered; {service.owner.label} answers for it.")
        return redirect("service", service.pk)
    context = {
        "title": "Register a service",
        "submit": "Register",
        "breadcrumbs": [crumb("services", "Service accounts")],
        "cancel": reverse("services"),
    }
    return form_page(request, "accounts/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def service_page(request: Request, pk: UUID) -> HttpResponse:
    service = find(request.user, queries.services(request.user), pk=pk)
    form = OwnerForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        owner = form.cleaned_data["owner"]
        if submit(form, actions.hand_over, service, owner, by=request.user):
            messages.success(request, f"{owner.label} answers for {service} from now on.")
            return redirect("service", pk)
    context = {
        "title": str(service),
        "lede": service.description,
        "service": service,
        "keys": queries.keys(request.user).filter(owner=service.user)[:50],
        "grants": queries.held(request.user, service.user),
        "answers": service.owner == request.user,
        "sees_people": queries.sees_people(request.user),
        "may_manage": may(request, Permission.MANAGE_PEOPLE),
        "may_give": queries.givable(request.user).exists() and service.owner != request.user,
        "breadcrumbs": [crumb("services", "Service accounts")],
    }
    return form_page(request, "accounts/service.html", form, context)
