"""A grant changes: suspended, resumed, narrowed, extended; each a small form of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.actions import grants as actions
from accounts.forms import grants as forms
from accounts.models import Grant, User
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, name_of
from audit.doors.web import submit


@dataclass(frozen=True)
class Change:
    """One verb: how it is called, what it asks, which action does it."""

    label: str
    icon: str
    lede: str
    done: str
    form: type[Form]
    action: Callable[..., Any]


CHANGES = {
    "suspend": Change(
        "Suspend",
        "ban",
        "It gives nothing until somebody resumes it. Its end stays where it is.",
        "Suspended: the next request is refused.",
        forms.SuspendForm,
        actions.suspend,
    ),
    "resume": Change(
        "Resume",
        "undo-2",
        "It gives again what it gave, from the next request on.",
        "Resumed: it gives again.",
        forms.ResumeForm,
        actions.resume,
    ),
    "narrow": Change(
        "Narrow",
        "minus",
        "An earlier end, one purpose or fewer versions. What is empty stays as it is.",
        "Narrowed: this is the grant that holds now.",
        forms.NarrowForm,
        actions.narrow,
    ),
    "extend": Change(
        "Extend",
        "calendar",
        "A later end or more versions. For an earlier end or fewer versions, narrow it.",
        "Extended: this is the grant that holds now.",
        forms.ExtendForm,
        actions.extend,
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, pk: UUID, verb: str) -> HttpResponse:
    grant = get_object_or_404(queries.grants(request.user), pk=pk)
    asked = CHANGES[verb]
    if verb != "narrow" or grant.user_id != request.user.pk:
        queries.require_on(request.user, Permission.GRANT, grant.resource)
    form = asked.form(
        request.POST if request.method == "POST" else None, initial=initial(grant, verb)
    )
    if form.is_bound and form.is_valid():
        told = {name: form.cleaned_data[name] for name in TAKEN[verb]}
        if changed := submit(form, asked.action, grant, by=request.user, **told):
            messages.success(request, asked.done)
            return redirect("grant", changed.pk)
    held = f"{name_of(grant.subject)}, {grant.role.name} on {grant.resource.address}"
    here = {"url": reverse("grant", args=[pk]), "label": held}
    context = {
        "title": f"{asked.label}: {held}",
        "lede": f"{asked.lede} {stands(grant)}" if verb in ("narrow", "extend") else asked.lede,
        "submit": asked.label,
        "breadcrumbs": [crumb("grants", "Grants"), here],
        "cancel": here["url"],
    }
    return form_page(request, "accounts/form.html", form, context)


TAKEN = {
    "suspend": ("reason",),
    "resume": ("reason",),
    "narrow": ("expires_at", "purpose", "reach", "reason"),
    "extend": ("expires_at", "reach", "reason"),
}


def initial(grant: Grant, verb: str) -> dict[str, Any]:
    if verb != "extend":
        return {}
    return {
        "expires_at": grant.expires_at,
        "first_version": grant.first_version,
        "last_version": grant.last_version,
        "new_versions": grant.new_versions,
    }


def stands(grant: Grant) -> str:
    """What a change starts from."""
    end = f"until {grant.expires_at:%-d %b %Y, %H:%M} UTC" if grant.expires_at else "without an end"
    purpose = grant.get_purpose_display().lower() or "any purpose"
    return f"Now it stands {end}, for {purpose}{f', {grant.versions}' if grant.versions else ''}."


def offered(user: User, grant: Grant) -> list[dict[str, str]]:
    """The buttons that a person has on the page of a grant."""
    return [
        {"url": reverse(f"grant_{verb}", args=[grant.pk]), "label": one.label, "icon": one.icon}
        for verb, one in CHANGES.items()
        if verb in queries.grant_changes(user, grant)
    ]
