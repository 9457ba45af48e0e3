"""The first thing a request meets: its id, its door, its address; and the keeper of refusals."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit.context import Origin, entered
from audit.refusals import keeper

DOORS = (
    ("/api/", "rest"),
    ("/admin/", "admin"),
    ("/access/", "authzen"),
    ("/authz/", "forward"),
)


class OriginMiddleware:
    """Opens the call that every event of this request shares."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        call = Origin(
            door=next((door for prefix, door in DOORS if request.path.startswith(prefix)), "web"),
            address=client_address(request),
            agent=printable(request.headers.get("User-Agent", ""))[:200],
        )
        with entered(call), keeper():
            response = self.get_response(request)
        response.setdefault("X-Request-ID", str(call.request_id))  # AuthZEN echoes the asker's
        return response


def client_address(request: HttpRequest) -> str | None:
    return address_of(request.META)


def address_of(environ: Mapping[str, Any]) -> str | None:
    """The n-th address from the right of what our n proxies appended; the rest is hearsay."""
    count = settings.TRUSTED_PROXY_COUNT or 0
    hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if count else []
    text = hops[-count].strip() if 0 < count <= len(hops) else environ.get("REMOTE_ADDR", "")
    return canonical(text)


@lru_cache(1000)
def canonical(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
