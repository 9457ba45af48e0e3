"""Agreements: which there are, who signed them, recording and withdrawing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.actions import agreements as actions
from accounts.forms.agreements import AgreementForm, SignatureForm
from accounts.models import Agreement
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, may
from audit.doors.page import page, show
from audit.doors.web import press, submit


@require_safe
def agreement_list(request: Request) -> HttpResponse:
    listed = page(queries.agreements(request.user), request.GET)
    signed = set(queries.signed(request.user))
    context = {
        "title": "Agreements",
        "lede": "What data asks of people before they use it: signed, approved or learnt.",
        "rows": [agreement_row(agreement, agreement in signed) for agreement in listed.rows],
        "page": listed,
        "may_define": may(request, Permission.MANAGE_POLICIES),
    }
    return show(request, "accounts/agreements.html", context)


def agreement_row(agreement: Agreement, signed: bool) -> dict[str, Any]:
    return {
        "id": agreement.slug,
        "url": reverse("agreement", args=[agreement.slug]),
        "icon": "file-text",
        "title": agreement.title,
        "sub": f"{agreement.get_kind_display()}, good for {agreement.days} days",
        "tags": ["signed"] if signed else [],
        "note": "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_new(request: Request) -> HttpResponse:
    queries.require(request.user, Permission.MANAGE_POLICIES)
    form = AgreementForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and (made := submit(form, actions.define, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{made.title} can be required by datasets and models now.")
        return redirect("agreement", made.slug)
    context = {
        "title": "New agreement",
        "lede": "Data that requires it opens for nobody before somebody recorded their signature.",
        "submit": "Define it",
        "breadcrumbs": [crumb("agreements", "Agreements")],
        "cancel": reverse("agreements"),
    }
    return form_page(request, "accounts/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_page(request: Request, slug: str) -> HttpResponse:
    """What it says, what requires it, who signed; and the form to record a signature."""
    agreement = get_object_or_404(queries.agreements(request.user), slug=slug)
    sent = request.POST if request.method == "POST" else None
    if sent is not None:
        queries.require(request.user, Permission.MANAGE_POLICIES)
    form = SignatureForm(sent, user=request.user)
    form.usual(agreement)
    if form.is_bound and form.is_valid():
        told = dict(form.cleaned_data)
        person = told.pop("person")
        if submit(form, actions.record, agreement, person, by=request.user, **told):
            messages.success(request, f"Recorded for {person.label}.")
            return redirect("agreement", slug)
    listed = page(queries.signatures(request.user).filter(agreement=agreement), request.GET)
    may_record = may(request, Permission.MANAGE_POLICIES)
    context = {
        "title": agreement.title,
        "agreement": agreement,
        "signatures": listed.rows,
        "page": listed,
        "requiring": queries.requiring(request.user, agreement)[:50],
        "recorders": queries.recorders(request.user),
        "may_record": may_record,
        "sees_people": queries.sees_people(request.user),
        "breadcrumbs": [crumb("agreements", "Agreements")],
    }
    return form_page(request, "accounts/agreement.html", form, context)


@require_POST
def withdraw(request: Request, pk: UUID) -> HttpResponse:
    signature = get_object_or_404(queries.signatures(request.user), pk=pk)
    reason = request.POST.get("comment", "").strip()[:2000]
    done = "Withdrawn: what requires it is closed from the next request on."
    press(request, done, actions.withdraw, signature, reason=reason, by=request.user)
    return redirect("agreement", signature.agreement.slug)
