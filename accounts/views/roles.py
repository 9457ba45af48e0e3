"""Roles: what each gives, who holds it, and roles of one's own."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.actions import roles as actions
from accounts.forms.grants import NewRoleForm, RoleForm
from accounts.models import Role
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, may
from audit.doors.web import press, submit

SHOWN = 50  # effects of a change, of all that are counted


@require_safe
def role_list(request: Request) -> HttpResponse:
    roles = queries.roles(request.user).prefetch_related("permissions")
    holds = [(role, held(role)) for role in roles]
    context = {
        "title": "Roles",
        "lede": "Named bundles of permissions. A grant gives one role on one part of the tree.",
        "roles": holds,
        "matrix": [(p, [p in codenames for _, codenames in holds]) for p in Permission],
        "may_manage": may(request, Permission.MANAGE_ROLES),
    }
    return render(request, "accounts/roles.html", context)


def held(role: Role) -> set[str]:
    return {row.codename for row in role.permissions.all() if row.closed_at is None}


@require_http_methods(["GET", "HEAD", "POST"])
def role_new(request: Request) -> HttpResponse:
    queries.require(request.user, Permission.MANAGE_ROLES)
    form = NewRoleForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and (role := submit(form, actions.create, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{role.name} can be granted now.")
        return redirect("role", role.slug)
    context = {
        "title": "New role",
        "submit": "Create the role",
        "breadcrumbs": [crumb("roles", "Roles")],
        "cancel": reverse("roles"),
    }
    return form_page(request, "accounts/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def role_page(request: Request, slug: str) -> HttpResponse:
    role = get_object_or_404(queries.roles(request.user), slug=slug)
    codenames = role.codenames()
    initial = {
        "name": role.name,
        "description": role.description,
        "permissions": sorted(codenames),
        "requestable": role.requestable,
    }
    form = RoleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and "confirmed" not in request.POST:
        wanted = frozenset(form.cleaned_data["permissions"])
        if wanted < codenames:
            return role_preview(request, role, form, wanted)
    if (
        request.method == "POST"
        and form.is_valid()
        and submit(form, actions.edit, role, by=request.user, **form.cleaned_data) is not None
    ):
        messages.success(request, "Saved: every grant of this role gives this from now on.")
        return redirect("role", slug)
    return role_answer(request, role, form)


def role_preview(request: Request, role: Role, form: Form, wanted: frozenset[str]) -> HttpResponse:
    """First what would happen, then the button that does it."""
    effects = queries.preview(request.user, role, wanted)
    context = {
        "title": f"Narrow {role.name}?",
        "role": role,
        "gone": [p for p in Permission if p in role.codenames() - wanted],
        "counts": queries.counted(effects),
        "effects": effects[:SHOWN],
        "more": max(0, len(effects) - SHOWN),
        "sent": [(name, value) for name, values in request.POST.lists() for value in values
                 if name in form.fields],
        "breadcrumbs": [crumb("roles", "Roles"), {"url": request.path, "label": role.name}],
    }  # fmt: skip
    return render(request, "accounts/role_preview.html", context)


def role_answer(request: Request, role: Role, form: Form) -> HttpResponse:
    codenames = role.codenames()
    grants = queries.search_grants(request.user, role=role.slug, status="active")
    context = {
        "title": role.name,
        "lede": role.description,
        "role": role,
        "matrix": [(p, p in codenames) for p in Permission],
        "given": len(codenames),
        "holders": grants.count(),
        "sees_all": queries.sees_people(request.user),
        "may_manage": may(request, Permission.MANAGE_ROLES),
        "breadcrumbs": [crumb("roles", "Roles")],
    }
    return form_page(request, "accounts/role.html", form, context)


@require_POST
def role_retire(request: Request, slug: str) -> HttpResponse:
    role = get_object_or_404(queries.roles(request.user), slug=slug)
    done = f"{role.name} can be given to nobody from now on."
    press(request, done, actions.retire, role, by=request.user)
    return redirect("role", slug)
