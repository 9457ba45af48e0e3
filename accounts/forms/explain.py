"""Questions about access: why, who, what; now or as it stood at another time."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts import queries
from accounts.forms.fields import SUGGESTED, MomentField, Suggest, UserForm
from accounts.models.vocabulary import Kind
from accounts.permissions import Permission
from accounts.purposes import Purpose
from audit.queries import as_path

KINDS = [(kind.value, kind.label) for kind in Kind if kind != Kind.ROOT]


def as_of() -> MomentField:
    return MomentField(
        label="As of (UTC)",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "now"}),
        help_text="As in 2026-05-03 10:00. Empty: now.",
    )


def subject() -> forms.CharField:
    return forms.CharField(
        label="Person or service",
        required=False,
        max_length=64,
        widget=Suggest,
        help_text="A user name. Empty: yourself.",
    )


def address() -> forms.CharField:
    return forms.CharField(
        label="Resource", max_length=500, widget=Suggest, help_text="As in oncology/ct-scans@v3."
    )


class AskForm(UserForm):
    def prepare(self) -> None:
        """Suggestions from what the person may name; anything else is looked up and decided."""
        suggestions: dict[str, Any] = {
            "subject": [(u.username, u.label) for u in queries.colleagues(self.user)[:SUGGESTED]],
            "resource": [(r.address, r.label) for r in queries.resources(self.user)[:SUGGESTED]],
        }
        for name in self.fields.keys() & suggestions.keys():
            self.fields[name].widget.suggestions = suggestions[name]

    def clean_resource(self) -> dict[str, Any]:
        address = self.cleaned_data["resource"]
        return {"path": "/" if address == "site" else as_path(address)}

    def question(self) -> dict[str, Any]:
        """What the query takes: the place by its path."""
        asked: dict[str, Any] = dict(self.cleaned_data)
        place: dict[str, Any] = asked.pop("resource", {})
        return asked | place


class WhyForm(AskForm):
    subject = subject()
    permission = forms.ChoiceField(choices=[(p.value, p.value) for p in Permission])
    resource = address()
    purpose = forms.ChoiceField(choices=[("", "Not stated"), *Purpose.choices], required=False)
    at = as_of()


class WhoForm(AskForm):
    permission = forms.ChoiceField(choices=[(p.value, p.value) for p in Permission])
    resource = address()
    at = as_of()


class WhatForm(AskForm):
    subject = subject()
    permission = forms.ChoiceField(choices=[(p.value, p.value) for p in Permission])
    kind = forms.ChoiceField(choices=[("", "Any kind"), *KINDS], required=False)
    at = as_of()
