"""Home, health and the pages of errors."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from redis import Redis, RedisError


@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """What a request needs answers too: the database, migrated, and Redis."""
    found = {"database": database_ready(), "redis": redis_ready()}
    ready = all(found.values())
    return JsonResponse(
        {"status": "ok" if ready else "unready", "parts": found}, status=200 if ready else 503
    )


def database_ready() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1 from accounts_resource where kind = 'root'")
            return cursor.fetchone() is not None
    except Exception:  # whatever is wrong with it, it is not ready
        return False


def redis_ready() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=1) as client:
            return bool(client.ping())
    except RedisError:
        return False


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(
        request,
        "403.html",
        {"reason": "The form is too old: go back and send it again."},
        status=403,
    )
