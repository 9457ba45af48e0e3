"""One page for whatever is in the tree: what it is, its parts, who holds it, what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from access import queries as asking
from accounts import queries as people
from accounts.models import Resource, User
from accounts.models.vocabulary import Kind, State
from accounts.permissions import Permission
from accounts.purposes import Purpose
from accounts.queries import May
from accounts.rules import is_privacy_officer
from audit import queries as trail
from audit.actions.trail import view_trail
from audit.doors.ahead import is_ahead, nothing_yet
from audit.doors.page import page as paged
from audit.doors.web import press
from audit.search import Search
from registry import forms, queries, rules
from registry.actions import states
from registry.views import card
from registry.views.conditions import conditions, lacking

PARTS = {Kind.PROJECT: "Datasets and models", Kind.VERSION: "Files"}
VERBS = {
    State.PUBLISHED: ("Publish", "Everybody whose grants reach it can find and use it."),
    State.DEPRECATED: ("Deprecate", "It stays usable and is marked as outdated."),
    State.WITHDRAWN: ("Withdraw", "Nobody downloads or calls it from the next request on."),
    State.RETIRED: ("Retire", "It gives nothing any more and stays in the records."),
    State.ACTIVE: ("Reopen", "What lies in it can be used again."),
}


@require_safe
def page(request: HttpRequest, address: str) -> HttpResponse:
    tab = request.GET.get("tab", "overview")
    if tab == "activity" and is_ahead(request):
        return nothing_yet()
    return show(request, queries.by_address(signed_in(request), address), tab)


@require_POST
def set_state(request: HttpRequest, address: str) -> HttpResponse:
    user = signed_in(request)
    resource = queries.by_address(user, address)
    state, reason = request.POST.get("state", ""), request.POST.get("comment", "")
    press(
        request, f"{resource} is {state} now.", states.set_state, resource, state,
        reason=reason, by=user,
    )  # fmt: skip
    return redirect("resource", address)


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the sign-in wall stands before every page
    return request.user


def show(
    request: HttpRequest, resource: Any, tab: str, status: int = 200, **bound: Any
) -> HttpResponse:
    """`bound`: forms that came back with errors, under the names that the templates use."""
    user = signed_in(request)
    may = May(user, resource)
    if tab not in TABS or (tab == "activity" and not may[Permission.READ_TRAIL]):
        raise Http404
    context = {
        "resource": resource,
        "may": may,
        "title": title(resource),
        "breadcrumbs": breadcrumbs(resource, user),
        "tabs": tabs(resource, may, tab),
        "moves": moves(resource, may),
        **TABS[tab](request, resource, may),
        **bound,
    }
    return render(request, f"registry/{tab}.html", context, status=status)


def title(resource: Any) -> str:
    if resource.kind != Kind.VERSION:
        return str(resource.label)
    return f"{resource.parent.label}, version {resource.number}"


def breadcrumbs(resource: Resource, user: User) -> list[dict[str, str]]:
    """What lies above, as links where they lead somewhere: who holds some versions only may see
    no page of what they lie in."""
    crumbs = [{"url": reverse("catalogue"), "label": "Catalogue"}]
    above = resource.parent
    chain = [above.parent, above] if above and resource.kind == Kind.VERSION else [above]
    nodes = [node for node in chain if node is not None and node.kind != Kind.ROOT]
    return crumbs + [{"url": page_of(node, user), "label": node.label} for node in nodes]


def page_of(resource: Resource, user: User) -> str:
    """Its address, or nothing for whom it leads nowhere."""
    there = May(user, resource)[Permission.DISCOVER]
    return reverse("resource", args=[resource.address]) if there else ""


def tabs(resource: Resource, may: May, current: str) -> list[dict[str, Any]]:
    labels = {
        "overview": "Overview",
        "versions": PARTS.get(Kind(resource.kind), "Versions"),
        "access": "Access",
        "activity": "Activity",
    }
    if not may[Permission.READ_TRAIL]:
        del labels["activity"]
    here = reverse("resource", args=[resource.address])
    return [
        {
            "url": here if name == "overview" else f"{here}?tab={name}",
            "label": label,
            "current": name == current,
        }
        for name, label in labels.items()
    ]


def moves(resource: Resource, may: May) -> list[dict[str, str]]:
    """The states that come next, for whoever may choose one."""
    if resource.kind == Kind.VERSION:
        return []
    return [
        {"state": state, "label": VERBS[state][0], "question": VERBS[state][1]}
        for state in rules.next_states(resource)
        if may[rules.keeper(resource, state)]
        and (not rules.reopens(resource, state) or is_privacy_officer(may.user, resource))
    ]


def overview(request: HttpRequest, resource: Any, may: May) -> dict[str, Any]:
    user = signed_in(request)
    is_asset = resource.kind in (Kind.DATASET, Kind.MODEL)
    found: dict[str, Any] = {
        "permitted": labels(resource.permitted_purposes),
        "prohibited": labels(resource.prohibited_purposes),
        "is_asset": is_asset,
    }
    if resource.kind != Kind.PROJECT:
        found |= conditions(user, resource)
    if is_asset and may[Permission.READ]:
        found |= {"card": card.read(resource.card), "latest": queries.latest(user, resource)}
    if resource.kind == Kind.VERSION:
        found |= queries.lineage(user, resource)
        if may[Permission.EDIT]:
            found["lineage_form"] = forms.LineageForm(user=user)
    if resource.kind == Kind.PROJECT:
        found["assets"] = queries.assets(user, project=resource.slug)[:8]
    return found


def labels(purposes: list[str]) -> list[str]:
    return [str(Purpose(purpose).label) for purpose in purposes]


def versions(request: HttpRequest, resource: Any, may: May) -> dict[str, Any]:
    user = signed_in(request)
    if resource.kind == Kind.PROJECT:
        found = paged(queries.assets(user, project=resource.slug), request.GET)
        return {"page": found, "assets": found.rows}
    if not may[Permission.READ]:
        return {}
    if resource.kind == Kind.VERSION:
        return version_files(user, resource, may)
    return {
        "versions": queries.measured(user, resource)[:100],
        "version_form": forms.VersionForm() if may[Permission.UPLOAD] else None,
    }


def version_files(user: User, version: Any, may: May) -> dict[str, Any]:
    is_open = version.state == State.PENDING
    files = list(queries.files(user, version))
    return lacking(user, version) | {
        "files": files,
        "total": sum(file.size for file in files),
        "is_open": is_open,
        "may_download": may[Permission.DOWNLOAD],
        "upload_form": forms.UploadForm() if is_open and may[Permission.UPLOAD] else None,
        "refer_form": forms.ReferForm(prefix="refer"),
    }


def access(request: HttpRequest, resource: Any, may: May) -> dict[str, Any]:
    user = signed_in(request)
    holders = list(people.holders(user, resource)[:200])
    places = [grant.resource_id for grant in holders]
    return {
        "holders": holders,
        "seen": people.held_among(user, Permission.DISCOVER, places),
        "waiting": asking.on(user, resource),
    }


def activity(request: HttpRequest, resource: Any, may: May) -> dict[str, Any]:
    """Looking at the trail is itself recorded."""
    user = signed_in(request)
    filters = Search.of(resource=resource.address)
    view_trail(filters, by=user)
    found = paged(trail.events(user, filters), request.GET, size=25)
    return {"page": found, "events": trail.with_changes(found.rows)}


TABS: dict[str, Callable[[HttpRequest, Any, May], dict[str, Any]]] = {
    "overview": overview,
    "versions": versions,
    "access": access,
    "activity": activity,
}
