"""A request of somebody signed in, and what every page here asks of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import on_site


class Request(HttpRequest):
    """The sign-in middleware lets nobody else through."""

    user: User


def may(request: Request, permission: Permission) -> bool:
    """On the whole site; for showing a button, never for deciding."""
    return on_site(request.user, permission)


def form_page(
    request: HttpRequest, template: str, form: BaseForm, context: dict[str, Any]
) -> HttpResponse:
    """A page around one form; 422 when what was sent has to be corrected."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def crumb(name: str, label: str) -> dict[str, str]:
    return {"url": reverse(name), "label": label}


def subject_url(subject: User | Group) -> str:
    if isinstance(subject, Group):
        return reverse("group", args=[subject.pk])
    if subject.kind == User.Kind.SERVICE:
        return reverse("service", args=[subject.pk])
    return reverse("person", args=[subject.pk]) if subject.is_human else ""


def subject_kind(subject: User | Group) -> str:
    if isinstance(subject, Group):
        return "group"
    return "service" if subject.kind == User.Kind.SERVICE else "user"


def name_of(subject: User | Group) -> str:
    return subject.label if isinstance(subject, User) else subject.name
