"""Saved searches: kept and deleted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audit import queries
from audit.actions import searches
from audit.doors.web import press
from audit.forms import SaveForm
from audit.search import Search


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    queries.readable(request.user)  # to others there is no trail
    form = SaveForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the search a name of at most 60 characters.")
        return redirect(reverse("trail"))
    try:
        search = Search.of(form.cleaned_data["q"])
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(reverse("trail"))
    kept = {name: form.cleaned_data[name] for name in ("name", "shared")}
    said = f"Kept as {kept['name']}."
    press(request, said, searches.save_search, search, **kept, by=request.user)
    return redirect(reverse("trail", query={"q": str(search)}))


@require_POST
def delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    saved = get_object_or_404(queries.searches(request.user), pk=uid)
    press(request, f"{saved} is deleted.", searches.delete_search, saved, by=request.user)
    return redirect(reverse("trail"))
