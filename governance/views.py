"""Home, health and the pages of errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from redis import Redis, RedisError

from accounts import queries
from accounts.actions import people
from accounts.decision import Decision, Refused, allowed
from accounts.models import User
from accounts.models.vocabulary import Kind
from accounts.permissions import USE, Permission
from accounts.point import point
from audit.seal.status import status
from governance.navigation import THEME, THEMES

YEAR = 365 * 86400  # seconds
ASKABLE = USE | {Permission.READ, Permission.EDIT}  # what a request for access may bring


@login_not_required
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """What a request needs answers too: the database, migrated, and Redis."""
    found = {"database": database_ready(), "redis": redis_ready()}
    ready = all(found.values())
    answer: dict[str, object] = {
        "status": "ok" if ready else "unready",
        "parts": found,
        "decisions": "memory" if point.current() is not None else "database",
    }
    if ready:  # told for monitoring: a trail that waits for its seal is no reason to be down
        answer["trail"] = status().brief()
    return JsonResponse(answer, status=200 if ready else 503)


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


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or as the system: with the person, or in a cookie before sign-in."""
    chosen, back = request.POST.get("theme", ""), request.POST.get("next", "/")
    chosen = chosen if chosen in THEMES else ""
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "/"
    response = redirect(back)
    if isinstance(request.user, User):
        user = request.user
        people.set_preferences(user, theme=chosen, shortcuts=user.shortcuts, by=user)
    elif chosen:
        response.set_cookie(
            THEME, chosen, YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True
        )
    else:
        response.delete_cookie(THEME)
    return response


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Which permission is missing, and the form to ask for it where asking can help."""
    context: dict[str, Any] = {"exception": str(exception)}
    user = request.user
    if isinstance(exception, Refused) and isinstance(user, User):
        context |= ways_out(user, exception.decision)
    return render(request, "403.html", context, status=403)


def ways_out(user: User, decision: Decision) -> dict[str, Any]:
    """What is missing and whom to ask for it; nothing about what they may not see at all."""
    if not allowed(user, Permission.DISCOVER, decision.resource):
        return {}
    told = {"permission": decision.permission, "resource": decision.resource.address}
    why = told | ({"purpose": decision.purpose} if decision.purpose else {})
    found: dict[str, Any] = {"why_url": f"{reverse('explain')}?{urlencode(why)}"}
    if decision.reason in ("agreement_missing", "agreement_expired"):
        missing = queries.missing_agreements(user, decision.resource)
        return found | {"missing": missing, "recorders": queries.recorders(user)}
    if can_ask(decision):
        query = urlencode({"resource": decision.resource.address})
        found |= {"ask_url": f"{reverse('request_new')}?{query}", "label": "Request access"}
    return found


def can_ask(decision: Decision) -> bool:
    return decision.permission in ASKABLE and decision.resource.kind != Kind.ROOT


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(
        request,
        "403.html",
        {"exception": "The form is too old: go back and send it again."},
        status=403,
    )
