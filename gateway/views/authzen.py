"""AuthZEN 1.0 over HTTP: a no is 200; 400, 401 and 403 are about the asker."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework.exceptions import APIException

from accounts.authentication import KeyAuthentication
from accounts.models import ApiKey
from gateway import authzen, wire
from gateway.forward import CHALLENGE
from gateway.searches import SEARCHES

Endpoint = Callable[[ApiKey, dict[str, Any]], dict[str, Any]]
PREFIX = "/access/v1"


def credential_of(request: Any) -> ApiKey | None:
    """A key only: a browser's session asks for nobody here."""
    found = KeyAuthentication().authenticate(request)
    return found[1] if found else None


def endpoint(answer: Endpoint) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt  # a key is asked for: no cookie counts, so none can be ridden on
    @login_not_required
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        return echoed(request, respond(request, answer))

    return view


def respond(request: HttpRequest, answer: Endpoint) -> HttpResponse:
    if request.method != "POST":
        response = error(405, "Ask with POST.")
        response["Allow"] = "POST"
        return response
    try:
        credential = credential_of(request)
        if credential is None:
            return unauthenticated("Send a key as `Authorization: Bearer <key>`.")
        if request.content_type != "application/json":
            return error(400, "Content-Type is application/json.")
        return JsonResponse(answer(credential, wire.load(request.read(wire.MAX_BODY + 1))))
    except wire.Malformed as malformed:
        return error(malformed.status, str(malformed))
    except PermissionDenied as refused:
        return error(403, str(refused))
    except APIException as failed:
        told = str(failed.detail)
        return unauthenticated(told) if failed.status_code == 401 else error(400, told)


def error(status: int, message: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")


def unauthenticated(message: str) -> HttpResponse:
    response = error(401, message)
    response["WWW-Authenticate"] = CHALLENGE
    return response


def echoed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The asker's own id of the request, as far as it is one."""
    asked = request.headers.get("X-Request-ID", "")
    if asked and len(asked) <= 200 and asked.isascii() and asked.isprintable():
        response["X-Request-ID"] = asked
    return response


@login_not_required
@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    """Where everything is; the same to everybody."""
    base = settings.PUBLIC_URL
    found = {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}{PREFIX}/evaluation",
        "access_evaluations_endpoint": f"{base}{PREFIX}/evaluations",
        **{f"search_{name}_endpoint": f"{base}{PREFIX}/search/{name}" for name in SEARCHES},
        "access_request_endpoint": f"{base}{PREFIX}/requests",
        "capabilities": ["urn:openid:authzen:capability:access-request"],
    }
    return echoed(request, JsonResponse(found))


evaluation = endpoint(authzen.evaluate)
evaluations = endpoint(authzen.evaluations)
search = {name: endpoint(answer) for name, answer in SEARCHES.items()}
