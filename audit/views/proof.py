"""The proof of one event, and the public keys, to take away."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from audit import queries
from audit.actions.proof import prove, show_keys
from audit.doors.ahead import when_shown


@require_safe
@when_shown
def proof(request: HttpRequest, uid: UUID) -> HttpResponse:
    """To keep beside the ticket; verify_bundle.py checks it anywhere."""
    found = queries.event(request.user, uid)
    try:
        bundle = prove(found, by=request.user)
    except PermissionDenied:
        raise Http404 from None
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
        return redirect(found)
    return taken(json.dumps(bundle, ensure_ascii=False), "application/json", f"proof-{uid}.json")


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    try:
        text = show_keys(by=request.user)
    except PermissionDenied:
        raise Http404 from None
    return taken(text, "text/plain; charset=utf-8", "trail-keys.txt")


def taken(text: str, kind: str, name: str) -> HttpResponse:
    header = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=kind, headers=header)
