"""Headers that every answer carries, and no API over plain HTTP."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse


class HeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith(("/api/", "/access/"))
        if is_api and settings.HTTPS and not request.is_secure():
            # A redirect would teach clients to send their key in the clear first.
            return JsonResponse(
                {"title": "Forbidden", "status": 403, "detail": "Use https for the API."},
                status=403,
                content_type="application/problem+json",
            )
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response
