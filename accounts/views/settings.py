"""What people set for themselves, and where they are signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import queries
from accounts.actions import people as actions
from accounts.forms.people import NameForm, PreferencesForm
from accounts.views.request import Request
from audit.doors.web import submit
from audit.queries import sign_ins


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: Request) -> HttpResponse:
    """Two forms, one address: the button says which one was sent."""
    user, sent = request.user, request.POST.get("do", "") if request.method == "POST" else ""
    name = NameForm(request.POST if sent == "name" else None, initial={"name": user.name})
    preferences = PreferencesForm(
        request.POST if sent == "preferences" else None,
        initial={"theme": user.theme, "shortcuts": user.shortcuts},
    )
    saved = save(request, name, actions.set_name) or save(
        request, preferences, actions.set_preferences
    )
    if saved:
        messages.success(request, "Saved.")
        return redirect("settings")
    context: dict[str, Any] = {
        "title": "Settings",
        "name_form": name,
        "preferences_form": preferences,
        "session_ends": request.session.get_expiry_date(),
        "sign_ins": sign_ins(user),
        "signatures": queries.signatures(user).filter(user=user)[:20],
    }
    wrong = name.errors or preferences.errors
    return render(request, "accounts/settings.html", context, status=422 if wrong else 200)


def save(request: Request, form: Form, action: Any) -> Any:
    """Nothing when this form was not sent or is not right."""
    if not form.is_bound or not form.is_valid():
        return None
    return submit(form, action, request.user, by=request.user, **form.cleaned_data)
