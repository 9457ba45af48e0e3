"""Home, by what a person does here: decide, use, ask, or keep the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from access import queries as asking
from accounts import queries as people
from accounts.models import User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from audit import queries as trail
from audit.actions.trail import view_trail
from audit.doors.ahead import when_shown
from audit.search import Search
from governance.views import database_ready, redis_ready
from registry import queries as registry

SOON = timedelta(days=14)
VERSIONS = 5  # of one grant, the newest
DENIED = Search.of(outcome="denied")


@dataclass(frozen=True)
class Step:
    """One line of the list for an empty site."""

    title: str
    text: str
    url: str
    done: bool


@require_safe
@when_shown
def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # the sign-in wall stands before every page
    context = {"title": f"Hello, {user.label}", **deciding(user), **using(user)}
    if people.on_site(user, Permission.MANAGE_POLICIES):
        context["steps"] = first_steps(user)
    if people.on_site(user, Permission.READ_TRAIL):
        context |= keeping(user)
    return render(request, "home.html", context)


def deciding(user: User) -> dict[str, Any]:
    """The three that wait longest."""
    if not asking.decides(user):
        return {"decides": False}
    waiting = asking.waiting(user)
    return {"decides": True, "waiting": waiting[:3], "n_waiting": waiting.count()}


def using(user: User) -> dict[str, Any]:
    """What one holds, what of it ends soon, and what one asked for."""
    grants = people.own_grants(user).order_by("expires_at", "resource__path")
    soon = timezone.now() + SOON
    first = list(grants[:6])
    reached = people.reached(user, first)
    return {
        "grants": [(grant, reached.get(grant.pk, [])[:VERSIONS]) for grant in first],
        "n_grants": grants.count(),
        "expiring": grants.filter(expires_at__lte=soon).count(),
        "requests": asking.own(user)[:4],
    }


def keeping(user: User) -> dict[str, Any]:
    """Health, and the latest refusals; looking at those is looking at the trail."""
    view_trail(DENIED, by=user)
    counts = registry.counts(user)
    return {
        "denials": trail.events(user, DENIED)[:5],
        "health": [("Database", database_ready()), ("Redis", redis_ready())],
        "stats": [
            stat("People", people.search_people(user, status="active").count(), "people"),
            stat("Datasets", counts.get(Kind.DATASET, 0), "catalogue", "?kind=dataset"),
            stat("Models", counts.get(Kind.MODEL, 0), "catalogue", "?kind=model"),
            stat("Grants in force", people.search_grants(user, status="active").count(), "grants"),
        ],
    }


def stat(label: str, value: int, name: str, query: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "url": f"{reverse(name)}{query}"}


def first_steps(user: User) -> list[Step]:
    """What an empty site needs before anybody can use it; nothing once all is done."""
    counts = registry.counts(user)
    persons = people.search_people(user).count()
    shared = people.search_grants(user).exclude(resource__kind=Kind.ROOT)
    given = shared.exclude(origin="registration").exists()
    has_data = bool(counts.get(Kind.DATASET) or counts.get(Kind.MODEL))
    steps = [
        Step(
            "Invite people",
            "A steward for the first project, and whoever will use the data.",
            reverse("person_invite"),
            persons > 1,
        ),
        Step(
            "Open a project",
            "You name its steward: somebody else than you.",
            reverse("project_new"),
            bool(counts.get(Kind.PROJECT)),
        ),
        Step(
            "Register a dataset or a model",
            "The steward does this, and publishes it when its description is complete.",
            reverse("catalogue"),
            has_data,
        ),
        Step(
            "Give people a way in",
            "Make a group a member of the project: its people find the data and ask for more.",
            reverse("grant_new"),
            given,
        ),
    ]
    return [] if all(step.done for step in steps) else steps
