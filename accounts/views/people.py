"""People: who is here, what each holds and through what; inviting and deactivating."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.actions import people as actions
from accounts.forms.people import InviteForm
from accounts.models import User
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, may
from audit.doors.page import page, show
from audit.doors.web import submit
from audit.hidden import find


@require_safe
def person_list(request: Request) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "status")}
    found = queries.search_people(request.user, text=asked["q"], status=asked["status"])
    listed = page(found, request.GET)
    context = {
        "title": "People",
        "lede": "Everybody who can sign in. People are deactivated, never deleted.",
        "rows": [person_row(person) for person in listed.rows],
        "page": listed,
        "asked": asked,
        "facets": [
            {
                "name": "status",
                "label": "Status",
                "value": asked["status"],
                "options": [
                    {"value": "active", "label": "Active"},
                    {"value": "deactivated", "label": "Deactivated"},
                ],
            }
        ],
        "may_manage": may(request, Permission.MANAGE_PEOPLE),
    }
    return show(request, "accounts/people.html", context)


def person_row(person: User) -> dict[str, Any]:
    return {
        "id": person.pk,
        "url": reverse("person", args=[person.pk]),
        "name": person.label,
        "title": person.label,
        "sub": f"{person.username} · {person.email}" if person.email else person.username,
        "tags": [] if person.is_active else ["deactivated"],
        "note": f"joined {person.date_joined:%-d %b %Y}",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def person_invite(request: Request) -> HttpResponse:
    queries.require(request.user, Permission.MANAGE_PEOPLE)
    form = InviteForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and (person := submit(form, actions.invite, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"Invited: a mail with a link is on its way to {person.email}.")
        return redirect("person", person.pk)
    context = {
        "title": "Invite a person",
        "lede": "They get a mail with a link that sets their password. It is good for three days.",
        "submit": "Send the invitation",
        "breadcrumbs": [crumb("people", "People")],
        "cancel": reverse("people"),
    }
    return form_page(request, "accounts/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def person_page(request: Request, pk: UUID) -> HttpResponse:
    person = find(request.user, queries.people(request.user), pk=pk, kind=User.Kind.HUMAN)
    form = Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and change(request, form, person):
        return redirect("person", pk)
    context = {
        "title": person.label,
        "person": person,
        "form": form,
        "grants": queries.held(request.user, person),
        "memberships": queries.current_memberships(request.user, person),
        "services": queries.services(request.user).filter(owner=person),
        "keys": queries.live_keys(request.user, person),
        "may_give": queries.givable(request.user).exists() and person != request.user,
        "may_manage": may(request, Permission.MANAGE_PEOPLE) and person != request.user,
        "reads_trail": may(request, Permission.READ_TRAIL),
        "breadcrumbs": [crumb("people", "People")],
    }
    return render(request, "accounts/person.html", context, status=422 if form.errors else 200)


def change(request: Request, form: Form, person: User) -> User | None:
    """Deactivate, or bring back; which of the two stands in the button that was pressed."""
    if request.POST.get("do") == "reactivate":
        return submit(form, actions.reactivate, person, by=request.user)
    reason = request.POST.get("comment", "").strip()
    return submit(form, actions.deactivate, person, reason=reason, by=request.user)
