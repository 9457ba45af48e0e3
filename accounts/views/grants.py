"""Grants: who holds what, giving it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.actions import grants as actions
from accounts.decision import allowed
from accounts.forms.grants import GrantForm
from accounts.models import Grant
from accounts.permissions import Permission
from accounts.views import changes
from accounts.views.request import (
    Request,
    crumb,
    form_page,
    name_of,
    subject_kind,
    subject_url,
)
from audit.doors.page import page, show
from audit.doors.web import submit
from audit.hidden import find
from audit.queries import history

STATUSES = (
    ("active", "In force"),
    ("suspended", "Suspended"),
    ("scheduled", "Scheduled"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
    ("replaced", "Replaced"),
    ("all", "All"),
)
DENY = Grant.Effect.DENY
GIVEN = ("purpose", "starts_at", "expires_at", "reach", "effect", "reason")
KEPT = ("subject", "role", "resource")


@dataclass(frozen=True)
class Words:
    """How the pages speak of one effect: being given, and being ended."""

    title: str
    lede: str
    verb: str
    end: str
    note: str
    ask: str
    done: str
    over: str


WORDS = {
    "allow": Words(
        "Give access",
        "Without a request, as the one who answers for it. You cannot give more than you may"
        " give, and nothing to yourself.",
        "holds",
        "Revoke",
        "It gives nothing from the next request on. The grant stays readable here and in the"
        " trail.",
        "Revoke this grant now?",
        "Revoked: it gives nothing from the next request on.",
        "Revoked",
    ),
    "deny": Words(
        "Deny access",
        "What the chosen role gives is refused, on this resource and all below it, whatever else"
        " gives it. It takes nothing beyond that role.",
        "is denied",
        "Lift the deny",
        "What other grants give counts again, from the next request on. The deny stays readable"
        " here and in the trail.",
        "Lift this deny now?",
        "Lifted: what other grants give counts again.",
        "Lifted",
    ),
}


@require_safe
def grant_list(request: Request) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "status", *KEPT)}
    status = asked["status"] or "active"
    search = {name: asked[name] for name in KEPT}
    found = queries.search_grants(
        request.user, text=asked["q"], status="" if status == "all" else status, **search
    )
    listed = page(found, request.GET)
    context = {
        "title": "Grants",
        "lede": "Who holds which role on what, why, and until when.",
        "rows": [grant_row(grant) for grant in listed.rows],
        "page": listed,
        "statuses": STATUSES,
        "status": status,
        "asked": asked,
        "facets": facets(request, asked),
        "keep": {k: v for k, v in asked.items() if v and k != "q"},
        "may_give": queries.givable(request.user).exists(),
    }
    return show(request, "accounts/grants.html", context)


def facets(request: Request, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Roles to choose from; a person or resource shows when a link brought it."""
    roles = [{"value": role.slug, "label": role.name} for role in queries.roles(request.user)]
    found = [{"name": "role", "label": "Role", "value": asked["role"], "options": roles}]
    for name, label in (("subject", "Held by"), ("resource", "On")):
        if value := asked[name]:
            options = [{"value": value, "label": value}]
            found.append({"name": name, "label": label, "value": value, "options": options})
    return found


def grant_row(grant: Grant) -> dict[str, Any]:
    """What rows.html shows of a grant."""
    denied = grant.effect == DENY
    return {
        "id": grant.pk,
        "url": reverse("grant", args=[grant.pk]),
        "name": name_of(grant.subject),
        "kind": subject_kind(grant.subject),
        "title": format_html(
            "<b>{}</b> {} {} on <b>{}</b>",
            name_of(grant.subject),
            WORDS[grant.effect].verb,
            grant.role.name,
            grant.resource.address,
        ),
        "sub": grant.reason or grant.get_origin_display(),
        "tags": ([grant.effect] if denied else []) + [grant.status],
        "note": until(grant),
    }


def until(grant: Grant) -> str:
    if grant.closed_at is not None:
        return f"{grant.closed_at:%-d %b %Y}"
    if grant.status == "scheduled":
        return f"from {grant.starts_at:%-d %b %Y}"
    end = f"until {grant.expires_at:%-d %b %Y}" if grant.expires_at else "no end"
    return f"{grant.versions}, {end}" if grant.versions else end


@require_http_methods(["GET", "HEAD", "POST"])
def grant_new(request: Request) -> HttpResponse:
    queries.require_giver(request.user)
    asked = ("subject", "resource", "role", "effect")
    initial = {name: request.GET[name] for name in asked if name in request.GET}
    form = GrantForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        subject, role, resource = given["subject"], given["role"], given["resource"]
        rest = {name: given[name] for name in GIVEN}
        if grant := submit(form, actions.give, role, subject, resource, by=request.user, **rest):
            what = f"{WORDS[grant.effect].verb} {role.name} on {resource.address}"
            messages.success(request, f"{name_of(subject)} {what}: {until(grant)}.")
            return redirect("grant", grant.pk)
    words = WORDS[form.chosen]
    context = {
        "title": words.title,
        "lede": words.lede,
        "tabs": [
            {"value": effect, "label": one.title, "current": one == words}
            for effect, one in WORDS.items()
        ],
        "breadcrumbs": [crumb("grants", "Grants")],
    }
    return form_page(request, "accounts/grant_new.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def grant_page(request: Request, pk: UUID) -> HttpResponse:
    grant = find(request.user, queries.grants(request.user), pk=pk)
    form, words = Form(request.POST if request.method == "POST" else None), WORDS[grant.effect]
    if request.method == "POST":
        reason = request.POST.get("comment", "").strip()
        if submit(form, actions.revoke, grant, reason=reason, by=request.user):
            messages.success(request, words.done)
            return redirect("grant", pk)
    own = grant.user_id == request.user.pk and grant.effect == Grant.Effect.ALLOW
    giver = allowed(request.user, Permission.GRANT, grant.resource)
    context = {
        "title": str(grant),
        "form": form,
        "grant": grant,
        "words": words,
        "holder": name_of(grant.subject),
        "path": way(grant),
        "permissions": sorted(grant.role.codenames()),
        "may_revoke": grant.status in ("active", "scheduled", "suspended") and (own or giver),
        "changes": changes.offered(request.user, grant),
        "suspension": grant.suspensions.filter(closed_at=None).first(),
        "succession": queries.succession(request.user, grant),
        "sees_people": queries.sees_people(request.user),
        "events": history(request.user, grant, *grant.suspensions.all()),
        "breadcrumbs": [crumb("grants", "Grants")],
    }
    return render(request, "accounts/grant.html", context, status=422 if form.errors else 200)


def way(grant: Grant) -> list[dict[str, str]]:
    """From the holder over the role to the resource."""
    return [
        {
            "kind": subject_kind(grant.subject),
            "label": name_of(grant.subject),
            "url": subject_url(grant.subject),
        },
        {"kind": "role", "label": grant.role.name, "url": reverse("role", args=[grant.role.slug])},
        {"kind": grant.resource.kind, "label": grant.resource.address},
    ]
