"""Registering and describing projects, datasets and models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.queries import held_on, require, require_on
from audit.doors.web import submit
from registry import forms, queries
from registry.actions import assets, projects
from registry.actions.assets import DESCRIPTION
from registry.views.resources import breadcrumbs, signed_in

CATALOGUE = [{"url": "/catalogue/", "label": "Catalogue"}]


def new_project(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    require(user, Permission.MANAGE_POLICIES)
    form = forms.ProjectForm(request.POST or None, user=user)
    if sent(form):
        project = submit(form, projects.register, by=user, **form.cleaned_data)
        if project is not None:
            messages.success(request, f"{project} is open, and {project.owner} is its steward.")
            return redirect("resource", project.address)
    context = {
        "title": "Open a project",
        "lede": "A place for datasets and models, and for whoever answers for them.",
        "breadcrumbs": CATALOGUE,
        "form": form,
        "submit": "Open the project",
        "cancel": reverse("catalogue"),
    }
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)


def new(request: HttpRequest, project: str, kind: str) -> HttpResponse:
    user = signed_in(request)
    if kind not in (Kind.DATASET, Kind.MODEL):
        raise Http404
    parent = queries.by_address(user, project)
    require_on(user, Permission.EDIT, parent)
    form = forms.asset_form(kind, request.POST or None, user=user)
    if sent(form):
        asset = submit(form, assets.register, parent, kind, by=user, **form.cleaned_data)
        if asset is not None:
            messages.success(request, f"{asset} is a draft that only its stewards see.")
            return redirect("resource", asset.address)
    return described(
        request,
        form,
        f"Register a {kind}",
        "Register as a draft",
        breadcrumbs_to(parent, user),
        parent,
    )


def edit(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    resource = queries.by_address(user, address)
    require_on(user, Permission.EDIT, resource)
    if resource.kind == Kind.VERSION:
        raise Http404
    if resource.kind == Kind.PROJECT:
        return edit_project(request, resource)
    initial = {name: getattr(resource, name) for name in (*DESCRIPTION, "task", "framework")
               if hasattr(resource, name)}  # fmt: skip
    form = forms.asset_form(
        resource.kind, request.POST or None, user=user, asset=resource, initial=initial
    )
    if sent(form) and saved(form, assets.edit, resource, by=user):
        messages.success(request, f"{resource} is saved.")
        return redirect("resource", address)
    title = f"Edit {resource.label}"
    return described(request, form, title, "Save", breadcrumbs_to(resource, user), resource)


def edit_project(request: HttpRequest, project: Any) -> HttpResponse:
    user = signed_in(request)
    form = forms.ProjectEditForm(request.POST or None, initial=forms.project_facts(project))
    if sent(form) and saved(form, projects.edit, project, by=user):
        messages.success(request, f"{project} is saved.")
        return redirect("resource", project.address)
    context = {
        "title": f"Edit {project.label}",
        "breadcrumbs": breadcrumbs_to(project, user),
        "form": form,
        "submit": "Save",
        "cancel": reverse("resource", args=[project.address]),
    }
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)


def hand_over(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    resource = queries.by_address(user, address)
    require_on(user, Permission.GRANT, resource)
    if resource.kind not in (Kind.DATASET, Kind.MODEL):
        raise Http404
    form = forms.OwnerForm(request.POST or None, user=user)
    if sent(form):
        owner = form.cleaned_data["owner"]
        if submit(form, assets.hand_over, resource, owner, by=user):
            messages.success(request, f"{owner.label} answers for {resource} now.")
            return redirect("resource", address)
    context = {
        "title": f"Hand over {resource.label}",
        "lede": f"{resource.owner.label} answers for it now.",
        "breadcrumbs": breadcrumbs_to(resource, user),
        "form": form,
        "submit": "Hand over",
        "cancel": reverse("resource", args=[address]),
    }
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)


def move(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    resource = queries.by_address(user, address)
    require_on(user, Permission.GRANT, resource)
    if resource.kind not in (Kind.DATASET, Kind.MODEL):
        raise Http404
    form = forms.MoveForm(request.POST or None, user=user)
    if sent(form):
        moved = submit(form, assets.move, resource, form.cleaned_data["project"], by=user)
        if moved is not None:
            messages.success(request, f"It lies in {moved.parent} now, with all its versions.")
            return redirect("resource", moved.address)
    context = {
        "title": f"Move {resource.label}",
        "lede": "At once: whoever holds a grant on the other project gains what it gives, and what"
        " that project asks counts too. The address changes, and the old one no longer leads here:"
        " a gateway route that names the old project reaches it no more, so change that too.",
        "breadcrumbs": breadcrumbs_to(resource, user),
        "left": resource.parent,
        "losing": held_on(user, resource.parent),
        "form": form,
        "submit": "Move",
        "cancel": reverse("resource", args=[address]),
    }
    return render(request, "registry/move.html", context, status=422 if form.errors else 200)


def sent(form: BaseForm) -> bool:
    return form.is_bound and form.is_valid()


def saved(form: BaseForm, action: Callable[..., Any], target: Any, *, by: User) -> bool:
    return submit(form, action, target, by=by, **form.cleaned_data) is not None


def breadcrumbs_to(resource: Any, user: User) -> list[dict[str, str]]:
    here = {"url": reverse("resource", args=[resource.address]), "label": resource.label}
    return [*breadcrumbs(resource, user), here]


def described(
    request: HttpRequest, form: Any, title: str, label: str, crumbs: list[Any], back: Any
) -> HttpResponse:
    context = {
        "title": title,
        "breadcrumbs": crumbs,
        "form": form,
        "submit": label,
        "cancel": reverse("resource", args=[back.address]),
    }
    return render(request, "registry/describe.html", context, status=422 if form.errors else 200)
