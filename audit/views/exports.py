"""Exports: asked for, followed, cancelled, fetched."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from audit import queries
from audit.actions import exports
from audit.doors.page import page, show
from audit.doors.web import press
from audit.exports import progress
from audit.forms import ExportForm
from audit.models import Export
from audit.search import Search

POLLED_OUT = 286  # htmx stops asking


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    queries.readable(request.user)  # to others there is no trail
    context = {
        "title": "Exports",
        "lede": "Parts of the trail that you took away. Files are kept for seven days.",
        "page": page(queries.exports(request.user), request.GET, size=25),
        "breadcrumbs": [{"url": reverse("trail"), "label": "Trail"}],
    }
    return show(request, "audit/exports.html", context)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    queries.readable(request.user)
    form = ExportForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the formats.")
        return redirect(reverse("trail"))
    try:
        search = Search.of(form.cleaned_data["q"])
        asked = exports.export(search, format=form.cleaned_data["format"], by=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(reverse("trail"))
    return redirect(asked)


@require_safe
def export(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Asked again every second while a worker writes; without script, by reloading."""
    asked = get_object_or_404(queries.exports(request.user), pk=uid)
    context = {
        "title": str(asked),
        "export": asked,
        "progress": progress.of(asked),
        "waiting": asked.state == Export.State.QUEUED,
        "breadcrumbs": [
            {"url": reverse("trail"), "label": "Trail"},
            {"url": reverse("exports"), "label": "Exports"},
        ],
    }
    answer = show(request, "audit/export.html", context)
    if getattr(request, "htmx", False) and not context["waiting"]:
        answer.status_code = POLLED_OUT
    return answer


@require_POST
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    asked = get_object_or_404(queries.exports(request.user), pk=uid)
    press(request, "Cancelled.", exports.cancel_export, asked, by=request.user)
    return redirect(asked)


@require_POST
def download(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """A POST, so that no mail scanner and no browser that fetches ahead takes a file."""
    asked = get_object_or_404(queries.exports(request.user), pk=uid)
    if not press(request, "", exports.download_export, asked, by=request.user):
        return redirect(asked)
    return FileResponse(asked.path.open("rb"), as_attachment=True, filename=asked.filename)


@require_safe
def manifest(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What the file holds, without any of it."""
    asked = get_object_or_404(queries.exports(request.user), pk=uid)
    answer = JsonResponse(asked.manifest, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="{asked.filename}.manifest.json"'
    return answer
