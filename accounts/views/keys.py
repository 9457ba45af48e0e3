"""Keys: mine and my services'; made once, shown once, revoked at once."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import queries
from accounts.actions import keys as actions
from accounts.actions.keys import Issued
from accounts.forms.keys import KeyForm
from accounts.models import ApiKey, User
from accounts.views.request import Request, crumb, form_page
from audit.doors.page import page
from audit.doors.web import press, submit
from audit.hidden import find


@require_safe
def key_list(request: Request) -> HttpResponse:
    ended = request.GET.get("status") == "ended"
    mine = queries.own_keys(request.user)
    listed = page(mine.ended() if ended else mine.live(), request.GET)
    context = {
        "title": "Keys",
        "lede": "For programs that act as you, or as a service you answer for.",
        "keys": listed.rows,
        "page": listed,
        "ended": ended,
        "services": queries.services(request.user).filter(owner=request.user),
    }
    return render(request, "accounts/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def key_new(request: Request) -> HttpResponse:
    """`?service=` names one of one's services; without it the key is one's own."""
    owner = owner_of(request)
    form = KeyForm(request.POST or None, user=request.user, initial={"owner": owner})
    if (
        request.method == "POST"
        and form.is_valid()
        and (issued := submit(form, actions.issue, owner, by=request.user, **form.cleaned_data))
    ):
        return secret_answer(request, issued)
    context = {
        "title": "New key" if owner == request.user else f"New key for {owner.label}",
        "submit": "Make the key",
        "breadcrumbs": [crumb("keys", "Keys")],
        "cancel": reverse("keys"),
    }
    return form_page(request, "accounts/form.html", form, context)


def owner_of(request: Request) -> User:
    name = request.GET.get("service", "")
    if not name:
        return request.user
    mine = queries.services(request.user).filter(owner=request.user)
    return find(request.user, mine, user__username=name).user


def secret_answer(request: Request, issued: Issued) -> HttpResponse:
    """The answer to the POST is the only place where the secret ever stands."""
    context = {
        "title": "Key made",
        "key": issued.key,
        "secret": issued.secret,
        "curl": curl(issued),
        "breadcrumbs": [crumb("keys", "Keys")],
    }
    response = render(request, "accounts/key_made.html", context, status=201)
    response["Cache-Control"] = "no-store"
    return response


def curl(issued: Issued) -> str:
    site = settings.PUBLIC_URL
    if issued.key.kind == ApiKey.Kind.CLIENT:
        name = issued.key.owner.username
        body = "-d grant_type=client_credentials"
        return f"curl -u {name}:{issued.secret} {body} {site}/api/v1/oauth/token"
    return f'curl -H "Authorization: Bearer {issued.secret}" {site}/api/v1/whoami'


@require_POST
def key_revoke(request: Request, pk: UUID) -> HttpResponse:
    key = find(request.user, queries.keys(request.user), pk=pk)
    done = f"{key.name} is revoked: it gives nothing from now on."
    press(request, done, actions.revoke, key, by=request.user)
    return redirect("keys" if key.owner == request.user else key.owner.service_account)
