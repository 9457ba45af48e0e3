"""The pages of gateways: four short tables, each with a form to add and a way to remove."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries as people
from accounts.decision import allowed, site
from accounts.permissions import Permission
from audit.doors.page import page
from audit.doors.web import press, submit
from gateway import queries
from gateway.actions import aliases, properties, routes
from gateway.forms import AliasForm, ConditionForm, FactForm, RouteForm


@dataclass(frozen=True)
class Noun:
    """One table: what it is for, how a row reads, what adds and removes."""

    title: str
    one: str
    lede: str
    icon: str
    rows: Callable[[Any], QuerySet[Any]]
    form: Callable[..., BaseForm]
    add: Callable[..., Any]
    remove: Callable[..., Any]
    reads: Callable[[Any], tuple[str, str]]


NOUNS = {
    "routes": Noun(
        "Routes",
        "route",
        "Which request through a proxy needs which permission on what. All others are refused.",
        "globe",
        queries.routes,
        lambda data, user: RouteForm(data),
        routes.add,
        routes.remove,
        lambda row: (str(row), f"{row.permission} on {row.address}"),
    ),
    "aliases": Noun(
        "Aliases",
        "alias",
        "What the types and actions of other programs mean here.",
        "book-open",
        queries.aliases,
        lambda data, user: AliasForm(data),
        aliases.add,
        aliases.remove,
        lambda row: (str(row), f"{row.permission} on the {row.kind} {row.address}"),
    ),
    "conditions": Noun(
        "Conditions",
        "condition",
        "What properties must be besides a grant. They narrow; they never give.",
        "shield",
        queries.conditions,
        lambda data, user: ConditionForm(data),
        properties.add_condition,
        properties.remove_condition,
        lambda row: (f"{row.action} of {row.resource_type}", row.words),
    ),
    "properties": Noun(
        "Properties",
        "property",
        "What is known here of subjects and resources. It outweighs what a gateway sends.",
        "database",
        queries.facts,
        lambda data, user: FactForm(data, user=user),
        properties.add_fact,
        properties.remove_fact,
        lambda row: (str(row), json.dumps(row.value)),
    ),
}
COUNTS = "answers"


@require_safe
def table(request: HttpRequest, noun: str) -> HttpResponse:
    user: Any = request.user
    require_keeper(user)
    about = NOUNS[noun]
    listed = page(about.rows(user), request.GET)
    context = {
        "title": "Gateways",
        "lede": about.lede,
        "tabs": tabs(noun),
        "about": about,
        "rows": [row_of(noun, row) for row in listed.rows],
        "page": listed,
        "new_url": reverse(f"gateway_{noun}_new"),
        "may_manage": allowed(user, Permission.MANAGE_POLICIES, site()),
    }
    return render(request, "gateway/table.html", context)


@require_safe
def answers(request: HttpRequest) -> HttpResponse:
    """The counted yeses, to those who may read the trail of what they are about."""
    user: Any = request.user
    require_keeper(user)
    listed = page(queries.counts(user), request.GET)
    context = {
        "title": "Gateways",
        "lede": "How often gateways were told yes, by the minute. A no, and each yes about"
        " something restricted, is an event in the trail.",
        "tabs": tabs(COUNTS),
        "columns": ["Who", "May", "On", "Minute", "Times"],
        "cells": [
            [
                row.subject.username,
                row.permission,
                row.resource.address,
                f"{row.minute:%Y-%m-%d %H:%M}",
                {"num": row.count},
            ]
            for row in listed.rows
        ],
        "page": listed,
    }
    return render(request, "gateway/answers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, noun: str) -> HttpResponse:
    user: Any = request.user
    people.require(user, Permission.MANAGE_POLICIES)
    about = NOUNS[noun]
    form = about.form(request.POST or None, user)
    if (
        request.method == "POST"
        and form.is_valid()
        and submit(form, partial(about.add, by=user, **form.cleaned_data)) is not None
    ):
        messages.success(request, f"The {about.one} counts from now on.")
        return redirect(f"gateway_{noun}")
    context = {
        "title": f"New {about.one}",
        "lede": about.lede,
        "form": form,
        "submit": f"Add the {about.one}",
        "cancel": reverse(f"gateway_{noun}"),
        "breadcrumbs": [{"url": reverse(f"gateway_{noun}"), "label": "Gateways"}],
    }
    wrong = form.is_bound and form.errors
    template = "gateway/condition.html" if hasattr(form, "parts") else "accounts/form.html"
    return render(request, template, context, status=422 if wrong else 200)


@require_POST
def remove(request: HttpRequest, noun: str, pk: UUID) -> HttpResponse:
    user: Any = request.user
    about = NOUNS[noun]
    row = get_object_or_404(about.rows(user), pk=pk)
    press(request, f"The {about.one} is gone.", about.remove, row, by=user)
    return redirect(f"gateway_{noun}")


def require_keeper(user: Any) -> None:
    if not queries.keeps(user):
        people.require(user, Permission.MANAGE_POLICIES)
        raise Http404


def row_of(noun: str, row: Any) -> dict[str, str]:
    title, sub = NOUNS[noun].reads(row)
    return {"title": title, "sub": sub, "remove": reverse(f"gateway_{noun}_remove", args=[row.pk])}


def tabs(current: str) -> list[dict[str, Any]]:
    labels = {noun: about.title for noun, about in NOUNS.items()} | {COUNTS: "Answers"}
    return [
        {"url": reverse(f"gateway_{noun}"), "label": label, "current": noun == current}
        for noun, label in labels.items()
    ]
