"""Groups: who is in them, who was, and what they hold."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.actions import groups as actions
from accounts.forms.people import GroupForm, MemberForm
from accounts.permissions import Permission
from accounts.views.request import Request, crumb, form_page, may
from audit.doors.page import page
from audit.doors.web import submit
from audit.hidden import find


@require_http_methods(["GET", "HEAD", "POST"])
def group_list(request: Request) -> HttpResponse:
    form = GroupForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and (group := submit(form, actions.create, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, f"{group.name} is there: add its first members.")
        return redirect("group", group.pk)
    listed = page(queries.groups(request.user), request.GET)
    context = {
        "title": "Groups",
        "lede": "What a group holds, each of its members holds, as long as they are in it.",
        "rows": [group_row(request, group) for group in listed.rows],
        "page": listed,
        "may_manage": may(request, Permission.MANAGE_PEOPLE),
    }
    return form_page(request, "accounts/groups.html", form, context)


def group_row(request: Request, group: Group) -> dict[str, Any]:
    count = queries.members(request.user, group).count()
    return {
        "id": group.pk,
        "url": reverse("group", args=[group.pk]),
        "name": group.name,
        "kind": "group",
        "title": group.name,
        "note": f"{count} member{'' if count == 1 else 's'}",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def group_page(request: Request, pk: int) -> HttpResponse:
    group = find(request.user, queries.groups(request.user), pk=pk)
    add, rename = forms(request, group)
    if request.method == "POST" and change(request, group, add, rename):
        return redirect("group", pk)
    past = queries.memberships(request.user).filter(group=group, closed_at__isnull=False)
    context = {
        "title": group.name,
        "group": group,
        "add": add,
        "rename": rename,
        "members": queries.members(request.user, group),
        "past": past.order_by("-closed_at")[:50],
        "grants": queries.search_grants(
            request.user, subject=f"group:{group.name}", status="active"
        ),
        "may_manage": may(request, Permission.MANAGE_PEOPLE),
        "may_give": queries.givable(request.user).exists(),
        "sees_people": queries.sees_people(request.user),
        "breadcrumbs": [crumb("groups", "Groups")],
    }
    wrong = add.errors or rename.errors
    return render(request, "accounts/group.html", context, status=422 if wrong else 200)


def forms(request: Request, group: Group) -> tuple[MemberForm, GroupForm]:
    """Two forms share the address; the button says which one was sent."""
    sent = request.POST.get("do") if request.method == "POST" else ""
    add = MemberForm(request.POST if sent != "rename" and sent else None, user=request.user)
    data = request.POST if sent == "rename" else None
    return add, GroupForm(data, initial={"name": group.name})


def change(request: Request, group: Group, add: MemberForm, rename: GroupForm) -> Any:
    by, sent = request.user, request.POST.get("do")
    if sent == "rename":
        return rename.is_valid() and submit(
            rename, actions.rename, group, by=by, **rename.cleaned_data
        )
    if not add.is_valid():
        return None
    action = actions.remove_member if sent == "remove" else actions.add_member
    return submit(add, action, group, add.cleaned_data["user_name"], by=by)
