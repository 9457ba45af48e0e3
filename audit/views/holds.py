"""Legal holds: which are open, placing one, lifting one that somebody else placed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from audit import kept
from audit.actions import keeping
from audit.doors.page import page
from audit.doors.web import press, submit
from audit.forms import HoldForm
from audit.views.keeping import crumbs, tabs


@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    kept.require(kept.keeps_holds(request.user))
    form = HoldForm(request.POST or None)
    if form.is_bound and form.is_valid():
        placed = submit(form, keeping.place_hold, **form.cleaned_data, by=request.user)
        if placed:
            messages.success(request, f"Nothing under {placed.path} leaves the trail now.")
            return redirect("holds")
    context = {
        "title": "Legal holds",
        "lede": "While one is open, nothing under its path is retired or redacted.",
        "tabs": tabs(request.user, "holds"),
        "form": form,
        "page": page(kept.holds(request.user, lifted=True), request.GET, size=25),
        "breadcrumbs": crumbs(request.user),
    }
    return render(request, "audit/holds.html", context, status=422 if form.errors else 200)


@require_POST
def lift(request: HttpRequest, pk: UUID) -> HttpResponse:
    kept.require(kept.keeps_holds(request.user))
    hold = get_object_or_404(kept.holds(request.user, lifted=True), pk=pk)
    press(request, f"The hold on {hold.path} is lifted.", keeping.lift_hold, hold, by=request.user)
    return redirect("holds")
