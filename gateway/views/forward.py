"""Forward-auth over HTTP: what the proxies say is read here, and only from those we trust.

A middleware, because the Host header is that of the site behind the proxy: nothing else of the
stack would let it in, and nothing else of the stack is needed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException

from accounts.models import ApiKey
from gateway import paths
from gateway.forward import Answer, forward, request_line, unauthenticated
from gateway.views.authzen import credential_of

PREFIX = "/authz/"
FORWARD, ENVOY = "/authz/forward", "/authz/envoy"
# Each proxy speaks one of them; what a client adds of the other makes the request unclear.
ORIGINAL = ("X-Original-Method", "X-Original-Host", "X-Original-URI")  # nginx
FORWARDED = ("X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri")  # Traefik, Caddy
MARKS = {ORIGINAL: ORIGINAL, FORWARDED: ("X-Forwarded-Method", "X-Forwarded-Uri")}


class ForwardMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        found = answer(request)
        response = HttpResponse(status=found.status, headers=found.headers)
        response["Cache-Control"] = "no-store"
        return response


def answer(request: HttpRequest) -> Answer:
    if not is_trusted(request.META.get("REMOTE_ADDR", "")):
        return unclear("untrusted_proxy")
    try:
        line = asked(request)
    except paths.Unclear:
        return unclear("request_unclear")
    if line is None:
        return unclear("headers_missing")
    try:
        credential: ApiKey | None = credential_of(request)
    except APIException:
        return unauthenticated("invalid_token")
    return forward(credential, *line)


def unclear(reason: str) -> Answer:
    return Answer(403, {"X-Authz-Reason": reason})


def is_trusted(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(one) for one in settings.FORWARD_AUTH_PROXIES)


def asked(request: HttpRequest) -> tuple[str, str, str] | None:
    """Method, host and path of the request that the proxy holds back."""
    marked = [names for names, marks in MARKS.items() if any(m in request.headers for m in marks)]
    if request.path_info == FORWARD:
        if len(marked) > 1:
            raise paths.Unclear
        values = [request.headers.get(name, "") for name in marked[0]] if marked else [""]
        return request_line(*values) if all(values) else None
    path = request.path_info.removeprefix(ENVOY)
    if marked or not request.path_info.startswith(ENVOY + "/"):
        raise paths.Unclear
    # The server decoded it once: a percent sign that is left was encoded twice.
    host = paths.hostname(request.META.get("HTTP_HOST", ""))
    return str(request.method), host, paths.plain(path)
