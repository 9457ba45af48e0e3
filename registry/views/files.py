"""Files go out: one decision, one event, then the bytes."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import queries as people
from accounts.purposes import Purpose
from audit.doors.web import press
from registry import doors, queries
from registry.actions import files
from registry.models import File
from registry.storage import RangeNotSatisfiable
from registry.views.resources import breadcrumbs, signed_in
from registry.views.uploads import open_to


@require_safe
def download(request: HttpRequest, address: str, name: str) -> HttpResponseBase:
    user = signed_in(request)
    file = queries.file(user, open_to(user, address), name)
    purpose = request.GET.get("purpose", "")
    known = purpose in ("", *Purpose.values)
    decision = people.download(user, file.version, purpose if known else "")
    if decision.allowed and not known:
        return ask_purpose(request, file, status=400)
    if decision.allowed and not decision.purpose and people.is_restricted(file.version):
        return ask_purpose(request, file)
    try:
        part = doors.wanted(request, file)
    except RangeNotSatisfiable as error:
        return doors.unsatisfiable(error, file)
    told = {"purpose": purpose, "part": doors.told(request, part)}
    if not press(request, "", files.download, file, by=user, **told):
        return redirect(f"{reverse('resource', args=[address])}?tab=versions")
    return doors.stream(file, part, bare=request.method == "HEAD")


def ask_purpose(request: HttpRequest, file: File, *, status: int = 200) -> HttpResponseBase:
    """The grant names none and the data does not go to every purpose, or what was said is none."""
    version = file.version
    context = {
        "title": "What is it for?",
        "lede": f"{file.path} may be used for some purposes only. Your answer is recorded.",
        "breadcrumbs": breadcrumbs(version, signed_in(request)),
        "version": version,
        "purposes": people.permitted_purposes(version),
        "file": file,
        "unknown": status == 400,
    }
    return render(request, "registry/purpose.html", context, status=status)
